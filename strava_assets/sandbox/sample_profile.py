"""The sample athlete's profile with gear and FTP, as GET /athlete returns it."""

from __future__ import annotations

from typing import Any

ATHLETE_ID = 5_150_001

ROAD_BIKE = "b11203377"
GRAVEL_BIKE = "b12518340"
MOUNTAIN_BIKE = "b9964121"
COMMUTER = "b9120485"
E_BIKE = "b13377002"
TRAINER_BIKE = "b11840266"
ROAD_SHOES = "g14880213"
TRAIL_SHOES = "g17311905"

_BIKES = {
    ROAD_BIKE: "Road, with a power meter",
    GRAVEL_BIKE: "Gravel",
    MOUNTAIN_BIKE: "Hardtail",
    COMMUTER: "Old steel commuter",
    E_BIKE: "Cargo e-bike",
    TRAINER_BIKE: "Smart trainer",
}
_FIRST_NAMES = ("Robin", "Alex", "Sam", "Kim", "Charlie", "Noa", "Sasha", "Jules", "Toni", "Andrea", "Luca")
_SHOES = {ROAD_SHOES: "Road shoes", TRAIL_SHOES: "Trail shoes"}


def profile(athlete_id: int = ATHLETE_ID) -> dict[str, Any]:
    """The detailed representation."""
    return {
        "id": athlete_id,
        "username": None,
        "resource_state": 3,
        "firstname": _FIRST_NAMES[(athlete_id - ATHLETE_ID) % len(_FIRST_NAMES)],
        "lastname": "Sample",
        "bio": "Does not exist.",
        "city": "",
        "state": "",
        "country": "",
        "sex": "F",
        "premium": True,
        "summit": True,
        "created_at": "2019-03-02T09:14:07Z",
        "updated_at": "2026-01-11T17:20:44Z",
        "badge_type_id": 1,
        "weight": 64.5,
        "profile_medium": "avatar/athlete/medium.png",
        "profile": "avatar/athlete/large.png",
        "friend": None,
        "follower": None,
        "blocked": False,
        "can_follow": False,
        "follower_count": 41,
        "friend_count": 38,
        "mutual_friend_count": 0,
        "athlete_type": 0,
        "date_preference": "%d/%m/%Y",
        "measurement_preference": "meters",
        "clubs": [],
        "ftp": 245,
        "bikes": [gear(gear_id) for gear_id in _BIKES],
        "shoes": [gear(gear_id) for gear_id in _SHOES],
    }


def summary_of(athlete: dict[str, Any]) -> dict[str, Any]:
    """The representation for a token without profile:read_all."""
    hidden = {
        "follower_count",
        "friend_count",
        "mutual_friend_count",
        "athlete_type",
        "date_preference",
        "measurement_preference",
        "clubs",
        "ftp",
        "bikes",
        "shoes",
    }
    return {name: value for name, value in athlete.items() if name not in hidden} | {"resource_state": 2}


def gear(gear_id: str) -> dict[str, Any]:
    """A bike or a pair of shoes without its distance; an unknown id gets a generic name."""
    name = _BIKES.get(gear_id) or _SHOES.get(gear_id) or "Gear"
    primary = gear_id in (ROAD_BIKE, ROAD_SHOES)
    return {
        "id": gear_id,
        "primary": primary,
        "name": name,
        "nickname": name,
        "resource_state": 2,
        "retired": False,
    }
