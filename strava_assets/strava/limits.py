"""Rate limits: what the headers say, and whether the next call may go now, later or not today.

The client asks the pacer before each call and shows it each answer; nothing is sent from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.errors import QuotaExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strava_assets.strava.errors import Window

QUARTER = timedelta(minutes=15)
# Windows turn by Strava's clock; a call sent in the very second by ours may still fall into the old one.
GRACE = timedelta(seconds=2)
FIGURE = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)


def next_quarter(now: datetime) -> datetime:
    """The next natural quarter hour (:00, :15, :30, :45) after `now`, in UTC."""
    start = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    return start + QUARTER


def next_midnight(now: datetime) -> datetime:
    """The next midnight UTC after `now`."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@dataclass(frozen=True)
class Allowance:
    """One limit of one window: calls allowed and calls used, `None` where the headers did not say."""

    limit: int | None = None
    usage: int | None = None

    @property
    def left(self) -> int | None:
        """Calls left in this window, never negative."""
        return None if self.limit is None or self.usage is None else max(0, self.limit - self.usage)

    @property
    def used_up(self) -> bool:
        """Whether the headers themselves say that nothing is left."""
        return self.left == 0


@dataclass(frozen=True)
class Quota:
    """What one answer's headers say about the application's rate limits (calls, not seconds)."""

    seen_at: datetime
    overall_15min: Allowance = Allowance()
    overall_daily: Allowance = Allowance()
    read_15min: Allowance = Allowance()
    read_daily: Allowance = Allowance()

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], seen_at: datetime) -> Quota | None:
        """Read both header pairs; `None` when they hold no figure at all.

        Letter case and blanks are of no account; an empty, absent or unreadable figure is unknown.
        """
        folded = {name.lower(): value for name, value in headers.items()}

        def pair(name: str) -> tuple[Allowance, Allowance]:
            limits = _figures(folded.get(f"{name}-limit", ""))
            usages = _figures(folded.get(f"{name}-usage", ""))
            return Allowance(limits[0], usages[0]), Allowance(limits[1], usages[1])

        quota = cls(seen_at, *pair("x-ratelimit"), *pair("x-readratelimit"))
        return None if quota == cls(seen_at) else quota

    def window(self, window: Window) -> dict[str, Allowance]:
        """The allowances of one window by bucket name."""
        if window == "daily":
            return {"overall": self.overall_daily, "read": self.read_daily}
        return {"overall": self.overall_15min, "read": self.read_15min}

    def as_metadata(self) -> dict[str, int]:
        """Limit, used and left by bucket and window, for plotting; unknown figures are left out."""
        figures: dict[str, int] = {}
        for window in ("15min", "daily"):
            for bucket, allowance in self.window(window).items():
                named = {"limit": allowance.limit, "used": allowance.usage, "left": allowance.left}
                figures |= {f"quota_{bucket}_{window}_{n}": v for n, v in named.items() if v is not None}
        return figures


class Pacer:
    """Keeps the calls within the limits.

    Before each call it lets it pass, waits for the next natural quarter hour, or raises. After a 429
    nothing passes before the next quarter hour. One pacer serves one client in one thread.

    Args:
        clock: gives the aware UTC time.
        sleep: waits the given seconds.
        reserve_calls: calls of every limit that are left to the athlete's other uses of the application; at
            most half of a limit, so that a small one does not stop everything.
        max_wait_s: longest single wait; a longer one ends the run. A quarter hour fits, zero never waits.
        max_waits: waits for a window over this pacer's life; a run must not hold its place for half a day.
        on_wait: told `(seconds, until, reason)` before each wait.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        reserve_calls: int = 10,
        max_wait_s: float = 960,
        max_waits: int = 4,
        on_wait: Callable[[float, datetime, str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._reserve_calls = reserve_calls
        self._max_wait_s = max_wait_s
        self._waits_left = max_waits
        self._on_wait = on_wait
        self._sent_since = 0
        self._blocked: tuple[Window, datetime, str] | None = None
        self.quota: Quota | None = None

    def before_call(self) -> None:
        """Return when the next call may be sent.

        Raises:
            QuotaExhaustedError: the day's calls are used up, or waiting would go beyond its bounds.
        """
        while (hold := self._hold(self._clock())) is not None:
            window, until, reason = hold
            seconds = (until + GRACE - self._clock()).total_seconds()
            if window == "daily" or seconds > self._max_wait_s or self._waits_left <= 0:
                raise QuotaExhaustedError(window, until, reason)
            self._waits_left -= 1
            if self._on_wait:
                self._on_wait(seconds, until, reason)
            self._sleep(seconds)
        self._sent_since += 1

    def after_answer(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers, and of a 429."""
        now = self._clock()
        quota = Quota.from_headers(headers, now)
        if quota:
            self.quota = quota
            self._sent_since = 0
        if status == 429:
            day_over = quota is not None and any(a.used_up for a in quota.window("daily").values())
            reason = "Strava answered 429"
            self._blocked = (
                ("daily", next_midnight(now), reason) if day_over else ("15min", next_quarter(now), reason)
            )

    def _hold(self, now: datetime) -> tuple[Window, datetime, str] | None:
        """Why the next call may not be sent at `now`, and until when; `None` when it may."""
        if self._blocked:
            if now < self._blocked[1]:
                return self._blocked
            self._blocked = None
        if self.quota is None:
            return None
        return self._full("daily", next_midnight, now) or self._full("15min", next_quarter, now)

    def _full(
        self, window: Window, turn: Callable[[datetime], datetime], now: datetime
    ) -> tuple[Window, datetime, str] | None:
        quota = self.quota
        # Usage seen in an earlier window says nothing about this one.
        if quota is None or turn(quota.seen_at) != turn(now):
            return None
        for bucket, allowance in quota.window(window).items():
            if allowance.limit is None or allowance.usage is None:
                continue
            reserve = min(self._reserve_calls, allowance.limit // 2)
            used = allowance.usage + self._sent_since
            if used >= allowance.limit - reserve:
                in_reserve = f", {reserve} kept in reserve" if reserve else ""
                return window, turn(now), f"{bucket}: {used} of {allowance.limit} calls used{in_reserve}"
        return None


def _figures(value: str) -> tuple[int | None, int | None]:
    """Read `"15min,daily"`; whatever is not a plain figure is unknown."""
    figures = [*value.split(","), "", ""][:2]
    matches = [FIGURE.fullmatch(part) for part in figures]
    first, second = (int(match[1]) if match else None for match in matches)
    return first, second
