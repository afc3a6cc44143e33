"""Rate limits: the values of the headers, and when the next call may be sent.

The client calls the pacer before each request and after each response; this module sends nothing.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.errors import QuotaExhaustedError, TurnOverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from strava_assets.strava.errors import Window

QUARTER = timedelta(minutes=15)
# Windows follow Strava's clock; a call sent in the first second by ours may still count for the old window.
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
    """One limit of one window: calls allowed and calls used, `None` if the headers lack them."""

    limit: int | None = None
    usage: int | None = None

    @property
    def left(self) -> int | None:
        """Calls left in this window, never negative."""
        return None if self.limit is None or self.usage is None else max(0, self.limit - self.usage)

    @property
    def used_up(self) -> bool:
        """Whether the headers report that no call is left."""
        return self.left == 0

    def beside(self, reserve_calls: int) -> int | None:
        """The calls of a whole window beside the reserve.

        At most half of a limit is reserved, so that a small limit does not stop everything.
        """
        return None if self.limit is None else self.limit - min(reserve_calls, self.limit // 2)


@dataclass(frozen=True)
class Quota:
    """The application's rate limits according to the headers of one response (calls, not seconds)."""

    seen_at: datetime
    overall_15min: Allowance = Allowance()
    overall_daily: Allowance = Allowance()
    read_15min: Allowance = Allowance()
    read_daily: Allowance = Allowance()

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], seen_at: datetime) -> Quota | None:
        """Read both header pairs; `None` if they contain no figure.

        Case and whitespace are ignored; an empty, absent or unreadable figure is unknown.
        """
        lowercase = {name.lower(): value for name, value in headers.items()}

        def pair(name: str) -> tuple[Allowance, Allowance]:
            limits = _figures(lowercase.get(f"{name}-limit", ""))
            usages = _figures(lowercase.get(f"{name}-usage", ""))
            return Allowance(limits[0], usages[0]), Allowance(limits[1], usages[1])

        quota = cls(seen_at, *pair("x-ratelimit"), *pair("x-readratelimit"))
        return None if quota == cls(seen_at) else quota

    def window(self, window: Window) -> dict[str, Allowance]:
        """The allowances of one window by bucket name."""
        if window == "daily":
            return {"overall": self.overall_daily, "read": self.read_daily}
        return {"overall": self.overall_15min, "read": self.read_15min}

    def is_over(self, window: Window, now: datetime) -> bool:
        """Whether the window of these headers has ended, so that their usage does not apply any more."""
        turn = next_midnight if window == "daily" else next_quarter
        return turn(self.seen_at) != turn(now)

    def capacity(self, window: Window, reserve_calls: int) -> int | None:
        """The calls of a whole window beside the reserve; `None` if the headers lack the limits."""
        limits = [allowance.beside(reserve_calls) for allowance in self.window(window).values()]
        return min((limit for limit in limits if limit is not None), default=None)

    def calls_left(self, window: Window, now: datetime, reserve_calls: int) -> int | None:
        """The calls that may still be sent beside the reserve; `None` if the headers lack the figures."""
        if self.is_over(window, now):
            return self.capacity(window, reserve_calls)
        left = [
            max(0, limit - allowance.usage)
            for allowance in self.window(window).values()
            if (limit := allowance.beside(reserve_calls)) is not None and allowance.usage is not None
        ]
        return min(left, default=None)

    def as_metadata(self) -> dict[str, int | str]:
        """Calls left by bucket and window, for plotting, and all limits in words; without what is unknown."""
        figures: dict[str, int | str] = {}
        sentences = []
        windows: tuple[tuple[Window, str], ...] = (("15min", "quarter hour"), ("daily", "day"))
        for window, words in windows:
            for bucket, allowance in self.window(window).items():
                if allowance.left is not None:
                    figures[f"{bucket} calls left this {words}"] = allowance.left
                    sentences.append(f"{bucket} {allowance.usage:,} of {allowance.limit:,} a {words}")
        if sentences:
            figures["calls used"] = "; ".join(sentences)
        return figures


class Pacer:
    """Keeps calls within the rate limits.

    Before each call it returns, waits for the next natural quarter hour, or raises. After a 429 no call is
    allowed before the next quarter hour. The limits are the application's, so the clients of all athletes
    share one pacer, one after another in one thread.

    Args:
        clock: returns the current aware UTC time.
        sleep: waits the given number of seconds.
        reserve_calls: calls of every limit that are left for other uses of the application
            (`Allowance.beside`).
        max_wait_s: longest single wait, in seconds; a longer one ends the run. The default allows a quarter
            hour; with zero it never waits.
        max_waits: number of waits allowed in all, so that a run does not occupy its pool for half a day.
        on_wait: called with `(seconds, until, reason)` before each wait.
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
        self._sent_since_quota = 0
        self._turn: _Turn | None = None
        self._blocked: tuple[Window, datetime, str] | None = None
        self.quota: Quota | None = None

    def before_call(self) -> None:
        """Wait until the next call may be sent.

        Raises:
            QuotaExhaustedError: the calls of the day are used up, or the wait would exceed its bounds.
            TurnOverError: the calls of this turn are sent.
        """
        if self._turn and self._turn.sent >= self._turn.calls:
            raise TurnOverError(self._turn.calls, next_quarter(self._clock()))
        while (hold := self._hold(self._clock())) is not None:
            window, until, reason = hold
            seconds = (until + GRACE - self._clock()).total_seconds()
            if window == "daily" or seconds > self._max_wait_s or self._waits_left <= 0:
                raise QuotaExhaustedError(window, until, reason)
            self._waits_left -= 1
            if self._on_wait:
                self._on_wait(seconds, until, reason)
            self._sleep(seconds)
        self._sent_since_quota += 1
        if self._turn:
            self._turn.sent += 1

    @contextmanager
    def turn(self, calls: int | None) -> Iterator[None]:
        """Allow at most so many calls inside the block, retries included; `None` allows any number."""
        self._turn = None if calls is None else _Turn(calls)
        try:
            yield
        finally:
            self._turn = None

    def after_answer(self, status: int, headers: Mapping[str, str]) -> None:
        """Record the headers of a response, and a 429."""
        now = self._clock()
        quota = Quota.from_headers(headers, now)
        if quota:
            self.quota = quota
            self._sent_since_quota = 0
        if status == 429:
            day_over = quota is not None and any(a.used_up for a in quota.window("daily").values())
            reason = "Strava answered 429"
            self._blocked = (
                ("daily", next_midnight(now), reason) if day_over else ("15min", next_quarter(now), reason)
            )

    def _hold(self, now: datetime) -> tuple[Window, datetime, str] | None:
        """Why no call may be sent at `now`, and until when; `None` if one may be sent."""
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
        if quota is None or quota.is_over(window, now):
            return None
        for bucket, allowance in quota.window(window).items():
            limit = allowance.beside(self._reserve_calls)
            if allowance.limit is None or limit is None or allowance.usage is None:
                continue
            used = allowance.usage + self._sent_since_quota
            if used >= limit:
                reserve = allowance.limit - limit
                in_reserve = f", {reserve} kept in reserve" if reserve else ""
                return window, turn(now), f"{bucket}: {used} of {allowance.limit} calls used{in_reserve}"
        return None


@dataclass
class _Turn:
    """The calls that one turn may send, and those it has sent."""

    calls: int
    sent: int = 0


def _figures(value: str) -> tuple[int | None, int | None]:
    """Read `"15min,daily"`; a part that is not a plain number is unknown."""
    figures = [*value.split(","), "", ""][:2]
    matches = [FIGURE.fullmatch(part) for part in figures]
    first, second = (int(match[1]) if match else None for match in matches)
    return first, second
