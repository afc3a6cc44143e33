"""Strava's rate limits: two buckets, each with a 15-minute and a daily limit.

api.py makes the response headers and the 429 from them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

Pair = tuple[int, int]
"""(15 minutes, day), as in Strava's headers."""


@dataclass
class RateLimits:
    """Limits and usage, each as (15 minutes, day).

    Windows start at :00, :15, :30 and :45 and at midnight UTC. Rejected calls count.

    Attributes:
        overall: The limit of all calls.
        read: The limit of calls that read: GET and HEAD.
        overall_usage: Calls in the current windows; can be set.
        read_usage: The same for read calls.
    """

    overall: Pair = (200, 2000)
    read: Pair = (100, 1000)
    overall_usage: Pair = (0, 0)
    read_usage: Pair = (0, 0)
    _windows: tuple[int, int] | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, now: datetime, *, reads: bool = True) -> bool:
        """Count one call at `now` (aware, UTC) and return whether it is within its limits."""
        with self._lock:
            self._roll(now)
            self.overall_usage = (self.overall_usage[0] + 1, self.overall_usage[1] + 1)
            applying = [(self.overall_usage, self.overall)]
            if reads:
                self.read_usage = (self.read_usage[0] + 1, self.read_usage[1] + 1)
                applying.append((self.read_usage, self.read))
            return not any(
                used > allowed
                for usage, limit in applying
                for used, allowed in zip(usage, limit, strict=True)
            )

    def headers(self) -> dict[str, str]:
        """The rate limit headers after the last call."""
        return {
            "X-RateLimit-Limit": _csv(self.overall),
            "X-RateLimit-Usage": _csv(self.overall_usage),
            "X-ReadRateLimit-Limit": _csv(self.read),
            "X-ReadRateLimit-Usage": _csv(self.read_usage),
        }

    def used_up(self, window: int) -> dict[str, str]:
        """The headers of a 429 with the read limit exceeded: window 0 is 15 minutes, 1 is the day."""
        usage = list(self.read_usage)
        usage[window] = max(usage[window], self.read[window] + 1)
        return self.headers() | {"X-ReadRateLimit-Usage": _csv((usage[0], usage[1]))}

    def _roll(self, now: datetime) -> None:
        minute = int(now.timestamp()) // 60
        windows = (minute // 15, minute // 1440)
        if self._windows is not None:
            is_same = [before == after for before, after in zip(self._windows, windows, strict=True)]
            self.overall_usage = _reset_ended(self.overall_usage, is_same)
            self.read_usage = _reset_ended(self.read_usage, is_same)
        self._windows = windows


def _reset_ended(usage: Pair, is_same: list[bool]) -> Pair:
    return (usage[0] if is_same[0] else 0, usage[1] if is_same[1] else 0)


def _csv(pair: Pair) -> str:
    return f"{pair[0]},{pair[1]}"
