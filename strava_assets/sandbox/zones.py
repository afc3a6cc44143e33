"""Zones: the athlete's, from the figures of a day, and the time that an activity spent in each.

Heart rate zones are Strava's default shares of the maximum; power zones are those of Andrew Coggan, shares of
FTP. An activity's power is counted in Strava's steps of 50 W.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.sandbox.athlete_figures import AthleteFigures, DayFigures
    from strava_assets.sandbox.recording import Floats, Record, RecordedSamples

_SHARES_OF_MAX_HEARTRATE = (0.59, 0.78, 0.87, 0.97)
_SHARES_OF_FTP = (0.55, 0.75, 0.90, 1.05, 1.20, 1.50)
_POWER_STEPS_W = range(0, 500, 50)
_NO_LIMIT = -1

Zone = dict[str, int]


def athlete_zones(figures: DayFigures) -> dict[str, Any]:
    """The zones of a day; those without a figure are left out."""
    zones: dict[str, Any] = {}
    if figures.max_heartrate_bpm:
        zones["heart_rate"] = {"custom_zones": False, "zones": heartrate_zones(figures.max_heartrate_bpm)}
    if figures.ftp_w:
        zones["power"] = {"zones": _power_zones(figures.ftp_w)}
    return zones


def heartrate_zones(max_heartrate_bpm: float) -> list[Zone]:
    """Five zones; the upper bound of each is the lower one of the next."""
    bounds = [0, *(round(share * max_heartrate_bpm) for share in _SHARES_OF_MAX_HEARTRATE), _NO_LIMIT]
    return [{"min": low, "max": high} for low, high in pairwise(bounds)]


def activity_zones(
    record: Record, samples: RecordedSamples | None, figures: AthleteFigures
) -> list[dict[str, Any]]:
    """The time in each heart rate zone of the activity's day, and in each step of power.

    Only what was measured is listed.
    """
    if samples is None:
        return []
    zones = []
    max_heartrate_bpm = figures.on(date.fromisoformat(record["start_date_local"][:10])).max_heartrate_bpm
    if samples.heartrate_bpm is not None and max_heartrate_bpm:
        buckets = _timed(heartrate_zones(max_heartrate_bpm), samples.heartrate_bpm)
        # A whole number here, unlike in the summary.
        score = record.get("suffer_score")
        zones.append(_distribution("heartrate", buckets) | {"score": None if score is None else round(score)})
    if samples.watts is not None:
        zones.append(_distribution("power", _timed(_power_steps(), samples.watts)))
    return zones


def _power_zones(ftp_w: float) -> list[Zone]:
    """Seven zones in whole watts, bounds included."""
    tops = [round(share * ftp_w) for share in _SHARES_OF_FTP]
    lows = [0, *(top + 1 for top in tops)]
    return [{"min": low, "max": high} for low, high in zip(lows, [*tops, _NO_LIMIT], strict=True)]


def _power_steps() -> list[Zone]:
    """Zero watts by themselves, then steps of 50 W; the last has no limit."""
    tops = [*_POWER_STEPS_W[1:], _NO_LIMIT]
    return [
        {"min": 0, "max": 0},
        *({"min": low, "max": top} for low, top in zip(_POWER_STEPS_W, tops, strict=True)),
    ]


def _timed(zones: Sequence[Zone], values: Floats) -> list[Zone]:
    """Each zone with its seconds. A value counts in the first zone that holds it, a dropout in none."""
    left = values[~np.isnan(values)]
    timed = []
    for zone in zones:
        low, high = zone["min"], zone["max"]
        if high == _NO_LIMIT:
            inside = left >= low
        elif high == low:
            inside = left == low
        else:
            inside = (left >= low) & (left < high)
        timed.append(zone | {"time": int(inside.sum())})
        left = left[~inside]
    return timed


def _distribution(kind: str, buckets: list[Zone]) -> dict[str, Any]:
    return {
        "type": kind,
        "resource_state": 3,
        "sensor_based": True,
        "custom_zones": False,
        "distribution_buckets": buckets,
    }
