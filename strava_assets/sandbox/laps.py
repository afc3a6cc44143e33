"""The laps of an activity, as a device with automatic laps records them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.sections import Section, activity_and_athlete, every, whole
from strava_assets.sandbox.sports import RIDES, RUNS

if TYPE_CHECKING:
    from strava_assets.sandbox.recording import Record, RecordedSamples

_RUN_LAP_M = 1_000.0
_RIDE_LAP_M = 10_000.0
_IDS_AN_ACTIVITY = 1_000


def laps_of(record: Record, samples: RecordedSamples | None) -> list[dict[str, Any]]:
    """The laps in order; none without a recording.

    Runs have a lap per kilometer, rides outdoors one per 10 km, everything else a single one.
    """
    if samples is None:
        return []
    length_m = _lap_length_m(record)
    sections = every(samples, length_m) if length_m else [whole(samples)]
    return [_lap(record, section, index) for index, section in enumerate(sections, start=1)]


def _lap_length_m(record: Record) -> float | None:
    if record.get("sport_type") in RUNS:
        return _RUN_LAP_M
    return _RIDE_LAP_M if record.get("sport_type") in RIDES and not record.get("trainer") else None


def _lap(record: Record, section: Section, index: int) -> dict[str, Any]:
    samples = section.samples
    lap = {
        "id": record["id"] * _IDS_AN_ACTIVITY + index,
        "resource_state": 2,
        "name": f"Lap {index}",
        **activity_and_athlete(record),
        "elapsed_time": section.elapsed_s,
        "moving_time": section.moving_s,
        **section.starts(record),
        "distance": section.distance_m,
        "average_speed": section.speed_mps,
        "max_speed": section.highest(samples.speed_mps) or 0.0,
        "lap_index": index,
        "split": index,
        "start_index": section.first,
        "end_index": section.end - 1,
        "total_elevation_gain": section.climb_m,
        "device_watts": samples.watts is not None,
    }
    measured = {
        "average_cadence": section.mean(samples.cadence_rpm),
        "average_watts": section.mean(samples.watts),
        "average_heartrate": section.mean(samples.heartrate_bpm),
        "max_heartrate": section.highest(samples.heartrate_bpm),
    }
    return lap | {name: value for name, value in measured.items() if value is not None}
