"""The totals of GET /athletes/{id}/stats: the last four weeks, this year, and everything.

As at Strava, only activities that everyone may see count.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.sports import RIDES, RUNS, SWIMS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from strava_assets.sandbox.history import Entry, History, Record

_SPORTS = {"ride": RIDES, "run": RUNS, "swim": SWIMS}
_RECENT = timedelta(weeks=4)
_SUMS = {
    "distance": "distance",
    "moving_time": "moving_time",
    "elapsed_time": "elapsed_time",
    "elevation_gain": "total_elevation_gain",
}


def stats_of(history: History, now: datetime) -> dict[str, Any]:
    """The document of the endpoint.

    Args:
        history: The activities.
        now: Aware UTC.
    """
    records = history.derive(_counted)
    recent_since = (now - _RECENT).strftime("%Y-%m-%dT%H:%M:%SZ")
    periods = {
        "recent": [r for r in records if str(r.get("start_date")) >= recent_since],
        "ytd": [r for r in records if str(r.get("start_date_local"))[:4] == f"{now.year:04d}"],
        "all": records,
    }
    rides = [record for record in records if record.get("sport_type") in RIDES]
    return {
        "biggest_ride_distance": max((_number(ride, "distance") for ride in rides), default=None),
        "biggest_climb_elevation_gain": max(map(_biggest_climb_m, rides), default=None),
    } | {
        f"{period}_{sport}_totals": _totals(
            (record for record in chosen if record.get("sport_type") in sport_types),
            with_achievements=period == "recent",
        )
        for period, chosen in periods.items()
        for sport, sport_types in _SPORTS.items()
    }


def _counted(entries: list[Entry]) -> list[Record]:
    """The records that everyone may see."""
    records = (entry.record() for entry in entries)
    return [record for record in records if record.get("visibility") == "everyone"]


def _totals(records: Iterable[Record], *, with_achievements: bool) -> dict[str, Any]:
    counted = list(records)
    totals = {"count": len(counted)} | {
        total: round(sum(_number(record, field) for record in counted), 1) for total, field in _SUMS.items()
    }
    if with_achievements:
        totals["achievement_count"] = sum(int(_number(record, "achievement_count")) for record in counted)
    return totals


def _biggest_climb_m(ride: Record) -> float:
    """The bound that a summary gives: a climb exceeds neither the whole ascent nor the range of heights."""
    heights_m = _number(ride, "elev_high") - _number(ride, "elev_low")
    return round(min(_number(ride, "total_elevation_gain"), max(heights_m, 0.0)), 1)


def _number(record: Record, field: str) -> float:
    """A number of a record, or 0: replayed files may hold anything."""
    value = record.get(field)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
