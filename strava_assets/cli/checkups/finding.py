"""What one look found: its subject, how it is, what was seen and what to do.

How it is printed is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from strava_assets.errors import StravaAssetsError


class State(StrEnum):
    """How a subject is. Only `broken` makes the exit status 1."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's.

    Args:
        about: the subject, a word or two.
        state: how it is.
        said: what was seen, never a secret.
        cure: what to do; empty where nothing is.
    """

    about: str
    state: State
    said: str
    cure: str = ""


def ok(about: str, said: str, cure: str = "") -> Finding:
    """All is well; there may be something to do all the same."""
    return Finding(about, State.OK, said, cure)


def warning(about: str, said: str, cure: str = "") -> Finding:
    """Something a person should know, while everything works."""
    return Finding(about, State.WARNING, said, cure)


def broken(about: str, said: str, cure: str) -> Finding:
    """Something does not work until a person acts."""
    return Finding(about, State.BROKEN, said, cure)


def failed(about: str, error: StravaAssetsError, state: State = State.BROKEN) -> Finding:
    """An error of ours, with its own cure."""
    return Finding(about, state, error.happened, error.remedy)


def spoken(age: timedelta) -> str:
    """A span as a person says it, e.g. `3 h 20 min`."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
