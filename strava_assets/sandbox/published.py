"""What Strava makes of an uploaded activity in its summary: the form of manual entries, and the counters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strava_assets.sandbox.history import Record

_OLDER_FORM_ONE_IN = 4


def published(summary: Record) -> Record:
    """The summary as the list endpoint gives it; a pure function of the summary."""
    digest = hashlib.sha256(f"{summary['id']}:published".encode()).digest()
    return _manual_form(summary, digest) | _counters(summary, digest)


def _manual_form(summary: Record, digest: bytes) -> Record:
    """Without a recording, there is no speed to have a maximum, and no place.

    Today Strava says so with empty values. Some entries have the older form, with nulls.
    """
    if not summary["manual"]:
        return summary
    older = digest[0] % _OLDER_FORM_ONE_IN == 0
    nowhere: list[float] | None = None if older else []
    return summary | {
        "max_speed": 0.0,
        "start_latlng": nowhere,
        "end_latlng": nowhere,
        "map": summary["map"] | {"summary_polyline": None if older else ""},
    }


def _counters(summary: Record, digest: bytes) -> Record:
    """Comments, photos and achievements that do not follow from the kudos or from each other.

    Every personal record is an achievement; there are others.
    """
    return {
        "achievement_count": summary["pr_count"] + (digest[1] % 5 if summary["pr_count"] else 0),
        "comment_count": max(0, digest[2] % 8 - 4),
        "total_photo_count": max(0, digest[3] % 9 - 5),
    }
