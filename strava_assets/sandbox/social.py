"""Kudos and comments of an activity; their numbers are those of its summary."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.invented_activity import iso_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.sandbox.history import Record

DEFAULT_PAGE_SIZE = 30

_FIRST_NAMES = ("Alex", "Bo", "Charlie", "Dana", "Eli", "Finn", "Gaby", "Hilary", "Iman", "Jo", "Kim")
_INITIALS = ("A.", "C.", "F.", "H.", "K.", "M.", "P.", "R.", "T.")
_TEXTS = (
    "Strong!",
    "Next time I am coming along.",
    "What a view \U0001f304",
    'Was that "easy"?',
    "Chapeau.",
    "Legs of steel.\nAnd of iron.",
    "Which way did you go?",
)
_IDS_AN_ACTIVITY = 100


def kudos_of(record: Record) -> list[dict[str, Any]]:
    """The athletes who gave kudos."""
    return [_athlete(record, "kudos", number) for number in range(_count(record, "kudos_count"))]


def comments_of(record: Record) -> list[dict[str, Any]]:
    """The comments, oldest first."""
    ended_at = datetime.fromisoformat(record["start_date"]).astimezone(UTC) + timedelta(
        seconds=record["elapsed_time"]
    )
    return [
        {
            "id": record["id"] * _IDS_AN_ACTIVITY + number,
            "activity_id": record["id"],
            "post_id": None,
            "resource_state": 2,
            "text": _TEXTS[_draw(record, "text", number) % len(_TEXTS)],
            "mentions_metadata": None,
            "created_at": iso_utc(ended_at + timedelta(minutes=4 * (number + 1))),
            "athlete": _athlete(record, "comment", number),
            "cursor": f"{record['id']}-{number}",
            "reaction_count": 0,
            "has_reacted": False,
        }
        for number in range(_count(record, "comment_count"))
    ]


def position_after(comments: Sequence[dict[str, Any]], cursor: str) -> int:
    """The position after the comment with this cursor: 0 without a cursor, the end if no comment has it."""
    if not cursor:
        return 0
    positions = (index for index, comment in enumerate(comments, start=1) if comment["cursor"] == cursor)
    return next(positions, len(comments))


def _count(record: Record, field: str) -> int:
    value = record.get(field)
    return value if isinstance(value, int) else 0


def _athlete(record: Record, kind: str, number: int) -> dict[str, Any]:
    drawn = _draw(record, kind, number)
    return {
        "resource_state": 2,
        "firstname": _FIRST_NAMES[drawn % len(_FIRST_NAMES)],
        "lastname": _INITIALS[drawn // 16 % len(_INITIALS)],
    }


def _draw(record: Record, kind: str, number: int) -> int:
    """A number from 0 to 65,535 that is always the same for this item."""
    return int.from_bytes(hashlib.sha256(f"{record['id']}:{kind}:{number}".encode()).digest()[:2])
