"""The requested scopes, the purpose of each, and the data that is missing without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Scope:
    """One scope as Strava names it, its purpose, and what is missing without it."""

    name: str
    purpose: str
    without: str


SCOPES = (
    Scope("read", "your public profile", "nothing can be read"),
    Scope(
        "activity:read_all",
        "your activities, private ones and hidden starts included",
        "activities set to `Only you` and data inside privacy zones will be missing",
    ),
    Scope(
        "profile:read_all",
        "your weight, FTP and zones",
        "weight, FTP and zones will be missing, and so will watts per kilogram and training load",
    ),
)


def missing_scopes(granted: Iterable[str]) -> list[tuple[str, str]]:
    """The requested scopes that were not granted, as `(scope, data that will be missing)`.

    Args:
        granted: scope names as in the `scope` of the redirect.
    """
    names = set(granted)
    missing = [scope for scope in SCOPES if scope.name not in names]
    # Without the narrower scope, too, Strava lists no activity at all.
    no_activities = not names & {"activity:read", "activity:read_all"}
    return [
        (
            scope.name,
            "every activity will be missing" if no_activities and "activity" in scope.name else scope.without,
        )
        for scope in missing
    ]
