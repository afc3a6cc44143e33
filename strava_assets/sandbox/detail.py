"""The fields that GET /activities/{id} adds to the summary: calories, device, description, gear.

They are derived from the summary, so edits of an activity are reflected.
"""

from __future__ import annotations

import hashlib
from typing import Any

from strava_assets.sandbox.sample_profile import gear

_DESCRIPTIONS = (
    None,
    None,
    "",
    "Legs were heavy at first, fine after the second climb.",
    "Headwind out, tailwind home.\nCoffee in between \u2615",
    'Planned "easy", was not.',
)
_KILOCALORIES_PER_KILOJOULE = 1.115
"""Energy per mechanical work at a gross efficiency of 21.4 %: 1 / (0.214 * 4.184)."""


def detail_of(record: dict[str, Any]) -> dict[str, Any]:
    """The detailed representation of a summary."""
    digest = hashlib.sha256(str(record["id"]).encode()).digest()
    track = record.get("map") or {}
    return (
        record
        | {
            "resource_state": 3,
            "map": track | {"polyline": track.get("summary_polyline"), "resource_state": 3},
            "description": _DESCRIPTIONS[digest[0] % len(_DESCRIPTIONS)],
            "calories": _calories(record),
            "perceived_exertion": digest[1] % 10 + 1 if digest[2] % 4 == 0 else None,
            "prefer_perceived_exertion": False,
            "segment_efforts": [],
            "splits_metric": [],
            "laps": [],
            "best_efforts": [],
            "photos": {"primary": None, "count": 0},
            "stats_visibility": [
                {"type": name, "visibility": "everyone"} for name in ("heart_rate", "pace", "power", "speed")
            ],
            "hide_from_home": bool(record.get("commute")),
            "device_name": _device_name(record),
            "embed_token": hashlib.sha256(digest).hexdigest()[:40],
            "similar_activities": None,
            "available_zones": [
                zone
                for zone, present in (
                    ("heartrate", record.get("has_heartrate")),
                    ("power", record.get("device_watts")),
                )
                if present
            ],
        }
        | ({"gear": gear(record["gear_id"])} if record.get("gear_id") else {})
    )


def _calories(record: dict[str, Any]) -> float:
    if record.get("kilojoules"):
        return round(float(record["kilojoules"]) * _KILOCALORIES_PER_KILOJOULE, 1)
    per_hour = 620 if record.get("type") == "Run" else 380
    return round(per_hour * int(record["moving_time"]) / 3600, 1)


def _device_name(record: dict[str, Any]) -> str | None:
    if record.get("manual"):
        return None
    if record["sport_type"] == "VirtualRide":
        return "Zwift"
    if record.get("device_watts"):
        return "Garmin Edge 840"
    if record.get("average_temp") is None:
        return "Strava iPhone App"
    return "Garmin Forerunner 255"
