"""Bikes and shoes: what the profile says of them, and the distance of their activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.sandbox import sample_profile

if TYPE_CHECKING:
    from strava_assets.sandbox.history import Entry
    from strava_assets.sandbox.state import Sandbox

# Strava's frame types: 1 mountain bike, 2 cross, 3 road, 4 time trial, 5 gravel.
_FRAME_TYPES = {"MountainBikeRide": 1, "EMountainBikeRide": 1, "GravelRide": 5}
_ROAD_FRAME = 3


class Use(NamedTuple):
    """What the activities say of a bike or a pair of shoes: meters, and the sport of the latest one."""

    distance_m: float = 0.0
    sport_type: str = ""


def summary(sandbox: Sandbox, gear_id: str) -> dict[str, Any]:
    """The summary of a bike or a pair of shoes, as in the profile and in an activity's detail."""
    used = sandbox.history.derive(_use_by_gear).get(gear_id, Use())
    distance_m = round(used.distance_m, 1)
    return _described(sandbox, gear_id) | {
        "distance": distance_m,
        "converted_distance": round(distance_m / 1000, 1),
    }


def detail(sandbox: Sandbox, gear_id: str) -> dict[str, Any] | None:
    """The detailed representation; None if neither the profile nor an activity names this gear."""
    used = sandbox.history.derive(_use_by_gear).get(gear_id)
    if used is None and gear_id not in _of_profile(sandbox):
        return None
    document = summary(sandbox, gear_id)
    details = {
        "resource_state": 3,
        "brand_name": None,
        "model_name": None,
        "description": None,
        "notification_distance": 0,
    }
    return document | details | ({"frame_type": _frame_type(used)} if gear_id.startswith("b") else {})


def _use_by_gear(entries: list[Entry]) -> dict[str, Use]:
    used: dict[str, Use] = {}
    for record in (entry.record() for entry in entries):
        if gear_id := record.get("gear_id"):
            distance_m = record.get("distance")
            before = used.get(str(gear_id), Use()).distance_m
            more = distance_m if isinstance(distance_m, int | float) else 0.0
            used[str(gear_id)] = Use(before + more, str(record.get("sport_type")))
    return used


def _described(sandbox: Sandbox, gear_id: str) -> dict[str, Any]:
    return _of_profile(sandbox).get(gear_id) or sample_profile.gear(gear_id)


def _of_profile(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for name in ("bikes", "shoes") for item in sandbox.athlete.get(name, [])}


def _frame_type(used: Use | None) -> int:
    """The frame that suits the sport of its latest activity."""
    return _FRAME_TYPES.get(used.sport_type, _ROAD_FRAME) if used else _ROAD_FRAME
