"""The result of one check of the doctor: its subject, its state, a message and a remedy.

`doctor.py` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from strava_assets.errors import StravaAssetsError


class State(StrEnum):
    """The state of a subject. Only `broken` makes the exit status 1."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's output.

    Args:
        about: The subject in one or two words.
        state: The state of the subject.
        message: The result of the check. It never contains a secret.
        remedy: What the user should do, in full sentences; empty if there is nothing to do.
    """

    about: str
    state: State
    message: str
    remedy: str = ""


def ok(about: str, message: str, remedy: str = "") -> Finding:
    """The subject works. A remedy is a suggestion."""
    return Finding(about, State.OK, message, remedy)


def warning(about: str, message: str, remedy: str = "") -> Finding:
    """Everything works, but the user should know this."""
    return Finding(about, State.WARNING, message, remedy)


def broken(about: str, message: str, remedy: str) -> Finding:
    """Something does not work until the user acts."""
    return Finding(about, State.BROKEN, message, remedy)


def failed(about: str, error: StravaAssetsError, state: State = State.BROKEN) -> Finding:
    """An error of this project with its own remedy."""
    return Finding(about, state, error.happened, error.remedy)


def spoken(age: timedelta) -> str:
    """A duration in words, e.g. `3 h 20 min`."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
