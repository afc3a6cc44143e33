"""The sandbox's clock, which tests can replace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the aware UTC time."""


def real_time() -> datetime:
    """The current time."""
    return datetime.now(UTC)
