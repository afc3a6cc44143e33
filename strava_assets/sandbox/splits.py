"""The splits of an activity, per kilometer and per mile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.sections import every

if TYPE_CHECKING:
    from strava_assets.sandbox.recording import RecordedSamples

KILOMETER_M = 1_000.0
MILE_M = 1_609.344


def splits_of(samples: RecordedSamples | None, length_m: float) -> list[dict[str, Any]]:
    """The splits in order; none without a recorded distance.

    Args:
        samples: The recording.
        length_m: The length of a split in meters; the last one is shorter.
    """
    if samples is None or samples.distance_m is None:
        return []
    return [
        {
            "distance": section.distance_m,
            "elapsed_time": section.elapsed_s,
            "elevation_difference": section.height_difference_m,
            "moving_time": section.moving_s,
            "split": number,
            "average_speed": section.speed_mps,
            "pace_zone": 0,
        }
        | _heartrate(section.mean(samples.heartrate_bpm))
        for number, section in enumerate(every(samples, length_m), start=1)
    ]


def _heartrate(mean_bpm: float | None) -> dict[str, float]:
    return {} if mean_bpm is None else {"average_heartrate": mean_bpm}
