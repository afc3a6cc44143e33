"""The fields that GET /activities/{id} adds to the summary: calories, device, gear, laps, splits and others.

They are derived from the summary and the recording, so edits of an activity are reflected.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.best_efforts import best_efforts_of
from strava_assets.sandbox.laps import laps_of
from strava_assets.sandbox.splits import KILOMETER_M, MILE_M, splits_of

if TYPE_CHECKING:
    from strava_assets.sandbox.recording import RecordedSamples

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


def detail_of(
    record: dict[str, Any], samples: RecordedSamples | None, gear: dict[str, Any] | None
) -> dict[str, Any]:
    """The detailed representation of a summary.

    Args:
        record: The summary.
        samples: Its recording, if it has one.
        gear: The summary of its bike or shoes.
    """
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
            "splits_metric": splits_of(samples, KILOMETER_M),
            "splits_standard": splits_of(samples, MILE_M),
            "laps": laps_of(record, samples),
            "best_efforts": best_efforts_of(record, samples),
            "photos": {"primary": None, "count": record.get("total_photo_count") or 0},
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
        | ({"gear": gear} if gear else {})
    )


def _calories(record: dict[str, Any]) -> float:
    if record.get("kilojoules"):
        return round(float(record["kilojoules"]) * _KILOCALORIES_PER_KILOJOULE, 1)
    per_hour = 620 if record.get("type") == "Run" else 380
    return round(per_hour * int(record.get("moving_time") or 0) / 3600, 1)


def _device_name(record: dict[str, Any]) -> str | None:
    if record.get("manual"):
        return None
    if record.get("sport_type") == "VirtualRide":
        return "Zwift"
    if record.get("device_watts"):
        return "Garmin Edge 840"
    if record.get("average_temp") is None:
        return "Strava iPhone App"
    return "Garmin Forerunner 255"
