"""The scopes that are asked for, what each is for, and what will be missing without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Scope:
    """One scope as Strava names it, with the reason it is asked for."""

    name: str
    purpose: str
    without: str


SCOPES = (
    Scope("read", "your public profile", "nothing can be read"),
    Scope(
        "activity:read_all",
        "your activities, private ones and hidden starts included",
        "activities set to `Only you` and the data inside privacy zones will be missing",
    ),
    Scope(
        "profile:read_all",
        "your weight, FTP and zones",
        "weight, FTP and zones, and with them watts per kilogram and training load",
    ),
)


def missing_scopes(granted: Iterable[str]) -> list[tuple[str, str]]:
    """Compare what was granted with what was asked for.

    Args:
        granted: scope names, as in the redirect's `scope`.

    Returns:
        `(scope, what data will be missing)` for each that was not granted.
    """
    have = set(granted)
    missing = [scope for scope in SCOPES if scope.name not in have]
    # Without even the narrower scope no activity is listed at all.
    no_activities = not have & {"activity:read", "activity:read_all"}
    return [
        (
            scope.name,
            "every activity will be missing" if no_activities and "activity" in scope.name else scope.without,
        )
        for scope in missing
    ]
