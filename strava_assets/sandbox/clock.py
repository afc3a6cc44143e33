"""The sandbox's time: real, or whatever a test says it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the aware UTC time."""


def real_time() -> datetime:
    """The present."""
    return datetime.now(UTC)
