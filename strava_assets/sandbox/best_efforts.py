"""The best efforts of a run: the shortest elapsed time for each of Strava's distances within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.sandbox.sections import Section, activity_and_athlete
from strava_assets.sandbox.splits import MILE_M
from strava_assets.sandbox.sports import RUNS

if TYPE_CHECKING:
    from strava_assets.sandbox.recording import Record, RecordedSamples

DISTANCES_M = {
    "400m": 400.0,
    "1/2 mile": MILE_M / 2,
    "1K": 1_000.0,
    "1 mile": MILE_M,
    "2 mile": 2 * MILE_M,
    "5K": 5_000.0,
    "10K": 10_000.0,
    "15K": 15_000.0,
    "10 mile": 10 * MILE_M,
    "20K": 20_000.0,
    "Half-Marathon": 21_097.5,
    "30K": 30_000.0,
    "Marathon": 42_195.0,
    "50K": 50_000.0,
}
_IDS_AN_ACTIVITY = 1_000
# Laps of the same activity take the ids below.
_FIRST_ID = 900


def best_efforts_of(record: Record, samples: RecordedSamples | None) -> list[dict[str, Any]]:
    """The best efforts, shortest distance first; none for other sports and without a recorded distance."""
    if samples is None or samples.distance_m is None or record.get("sport_type") not in RUNS:
        return []
    efforts = ((name, length_m, _fastest(samples, length_m)) for name, length_m in DISTANCES_M.items())
    return [
        _effort(record, name, length_m, section, _FIRST_ID + number)
        for number, (name, length_m, section) in enumerate(efforts)
        if section is not None
    ]


def _fastest(samples: RecordedSamples, length_m: float) -> Section | None:
    """The section of at least this length with the shortest elapsed time; None if there is none."""
    if samples.distance_m is None or samples.distance_m[-1] < length_m:
        return None
    before_m = np.concatenate(([0.0], samples.distance_m[:-1]))
    last = np.searchsorted(samples.distance_m, before_m + length_m)
    last = last[last < len(samples)]
    elapsed_s = samples.time_s[last] + 1 - samples.time_s[: len(last)]
    first = int(np.argmin(elapsed_s))
    return Section(samples, first, int(last[first]) + 1)


def _effort(record: Record, name: str, length_m: float, section: Section, number: int) -> dict[str, Any]:
    # Not the section's elapsed time: a pause after its last sample is not part of the effort.
    time_s = section.samples.time_s
    return {
        "id": record["id"] * _IDS_AN_ACTIVITY + number,
        "resource_state": 2,
        "name": name,
        **activity_and_athlete(record),
        "elapsed_time": int(time_s[section.end - 1] + 1 - time_s[section.first]),
        "moving_time": section.moving_s,
        **section.starts(record),
        "distance": round(length_m, 1),
        "start_index": section.first,
        "end_index": section.end - 1,
        "pr_rank": None,
        "achievements": [],
    }
