"""Rows of the tables made from seconds: of rides and their bests, and of all recordings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from strava_assets.power.measure import RidePower
from strava_assets.power.recording import Efficiency, RecordingFigures
from strava_assets.power.zones import three_zones
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import BEST_EFFORTS_S, RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.history.recording_inputs import RecordingInputs
    from strava_assets.power.bests import Bests
    from strava_assets.schema import Table
    from strava_assets.streams import Key

Row = dict[str, Any]


@dataclass(frozen=True)
class MeasuredRecording:
    """A recording's figures and what they are made of.

    Args:
        key: the activity.
        source: where the recording came from.
        digest: of what the figures are made of.
        inputs: what they depend on besides the samples.
        figures: of the recording.
        power: of a ride with power; None for all others.
    """

    key: Key
    source: str
    digest: str
    inputs: RecordingInputs
    figures: RecordingFigures
    power: RidePower | None


def _common_fields(table: Table, *kinds: type) -> tuple[str, ...]:
    """The fields of the dataclasses that are columns of the table by the same name."""
    columns = {column.name for column in table.columns}
    return tuple(field.name for kind in kinds for field in fields(kind) if field.name in columns)


_OF_RIDE = _common_fields(RIDE_POWER, RidePower)
_OF_RECORDING = _common_fields(RECORDING_ZONES, RecordingFigures)
_OF_EFFICIENCY = _common_fields(RECORDING_ZONES, Efficiency)
_THRESHOLDS = {
    "threshold_power_w": "power_w",
    "threshold_heartrate_bpm": "heartrate_bpm",
    "threshold_speed_mps": "speed_mps",
}
_THREE = ("low", "moderate", "high")


def _identity(recording: MeasuredRecording) -> Row:
    athlete_id, activity_id = recording.key
    return {
        "athlete_id": athlete_id,
        "activity_id": activity_id,
        "source": recording.source,
        "inputs_digest": recording.digest,
    }


def _zones(name: str, seconds: tuple[int, ...] | None) -> Row:
    """Seconds by zone, under names made with the number of the zone."""
    return {name.format(zone): spent for zone, spent in enumerate(seconds or (), 1)}


def ride_row(recording: MeasuredRecording, power: RidePower) -> Row:
    """The row of `ride_power`, without the time of its computation."""
    row = _identity(recording) | {name: getattr(power, name) for name in _OF_RIDE}
    row |= {f"best_{seconds}s_w": power.bests.watts_over(seconds) for seconds in BEST_EFFORTS_S}
    row |= _zones("power_zone_{}_s", power.power_zones_s)
    return row | _zones("heartrate_zone_{}_s", power.heartrate_zones_s)


def recording_row(recording: MeasuredRecording) -> Row:
    """The row of `recording_zones`, without the time of its computation."""
    figures, thresholds = recording.figures, recording.inputs.thresholds
    row = _identity(recording) | {"family": recording.inputs.family}
    row |= {name: getattr(figures, name) for name in _OF_RECORDING}
    row |= {name: getattr(figures.efficiency, name) for name in _OF_EFFICIENCY}
    row |= {column: getattr(thresholds, name) for column, name in _THRESHOLDS.items()}
    for kind, name, seven in (
        ("power", "power_zone_{}_s", figures.power_zones_s),
        ("heartrate", "heartrate_zone_{}_of_7_s", figures.heartrate_zones_s),
    ):
        row |= _zones(name, seven)
        if seven:
            row |= {f"{kind}_{low}_s": s for low, s in zip(_THREE, three_zones(seven), strict=True)}
    return row


def best_rows(rides: Sequence[tuple[Key, RidePower]]) -> pa.RecordBatch:
    """Rows of `ride_bests`."""
    return _rows_of_bests(RIDE_BESTS, [(key, (), power.bests) for key, power in rides])


def after_work_rows(rides: Sequence[tuple[Key, RidePower]]) -> pa.RecordBatch:
    """Rows of `ride_bests_after_work`."""
    return _rows_of_bests(
        RIDE_BESTS_AFTER_WORK,
        [
            (key, (after.basis, after.level), after.bests)
            for key, power in rides
            for after in power.after_work
        ],
    )


def _rows_of_bests(table: Table, groups: Sequence[tuple[Key, tuple[Any, ...], Bests]]) -> pa.RecordBatch:
    """One row a duration; the columns of the key before the duration are repeated for each of a group."""
    schema = arrow_schema(table.columns)
    if not groups:
        return pa.RecordBatch.from_pylist([], schema=schema)
    counts = [len(bests.duration_s) for *_, bests in groups]
    leading = zip(*((*key, *more) for key, more, _ in groups), strict=True)
    columns: dict[str, Any] = {
        name: np.repeat(np.array(values, object), counts)
        for name, values in zip(table.key[:-1], leading, strict=True)
    }
    for name in ("duration_s", "energy_j", "watts", "begins_at_s"):
        columns[name] = np.concatenate([getattr(bests, name) for *_, bests in groups])
    return pa.RecordBatch.from_pydict(columns, schema=schema)
