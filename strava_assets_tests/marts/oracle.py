"""`weekly_watts` and `quarterly_overview` once more in plain Python: the witness the SQL is held against.

It is written from the definitions and shares no code with the project.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets_tests.marts.judged import (
    Ride,
    Settings,
    active,
    percent,
    period,
    ratio,
    rides_by_athlete,
    sum_of_known,
    watts,
    weighted_watts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Row = dict[str, Any]


class Periods:
    """One athlete's rides by period, from the first to the running one."""

    def __init__(
        self, rides: Iterable[Ride], starts: list[date], start_of: Callable[[date], date], today: date
    ) -> None:
        self.starts = starts
        self.days = (today - starts[-1]).days + 1
        self.by_start: dict[date, list[Ride]] = {start: [] for start in starts}
        for ride in rides:
            self.by_start[start_of(ride.day)].append(ride)

    def __iter__(self) -> Iterator[tuple[int, date, list[Ride]]]:
        for number, start in enumerate(self.starts):
            yield number, start, self.by_start[start]

    def is_running(self, number: int) -> bool:
        """Whether the period contains today."""
        return number == len(self.starts) - 1

    def ago(self, number: int, count: int) -> list[Ride] | None:
        """The rides of the period so many before, cut to the running one's days where that is compared."""
        if number < count:
            return None
        start = self.starts[number - count]
        return [
            r for r in self.by_start[start] if not self.is_running(number) or (r.day - start).days < self.days
        ]

    def back(self, number: int, first: int, last: int = 0) -> list[Ride]:
        """The rides of the periods from `first` to `last` before."""
        chosen = self.starts[max(0, number - first) : number - last + 1]
        return [ride for start in chosen for ride in self.by_start[start]]

    def best(self, number: int, seconds: int) -> float | None:
        """The highest watts up to this period, of periods with so many measured seconds."""
        so_far = (self.by_start[start] for start in self.starts[: max(0, number + 1)])
        return max((watts(rides) or 0 for rides in so_far if measured_s(rides) >= seconds), default=None)


def weekly(
    history: Sequence[Row],
    settings: Settings,
    figures: Sequence[Row],
    week_of: Callable[[date], date],
    power: Sequence[Row] = (),
    zones: Sequence[Row] = (),
) -> dict[tuple[str, date], Row]:
    """`weekly_watts` by athlete and week."""
    answer: dict[tuple[str, date], Row] = {}
    for athlete, rides in rides_by_athlete(history, settings, figures, power, zones).items():
        first, today = _span(history, athlete, settings)
        count = (week_of(today) - week_of(first)).days // 7 + 1
        weeks = Periods(rides, [week_of(first) + timedelta(weeks=n) for n in range(count)], week_of, today)
        for number, week, own in weeks:
            now = period(own)
            thursday = next(d for d in (week + timedelta(n) for n in range(7)) if d.weekday() == 3)
            earlier = [w for w in weeks.starts[:number] if watts(weeks.by_start[w])]
            fourth = weeks.ago(number, 4)
            before = None if fourth is None else weeks.back(number, 7, 5) + fourth
            answer[athlete, week] = now | {
                "iso_year": thursday.isocalendar().year,
                "iso_week": thursday.isocalendar().week,
                "is_partial": weeks.is_running(number),
                "days_elapsed": weeks.days if weeks.is_running(number) else 7,
                **_against(now, weeks.ago(number, 1), weeks.ago(number, 52)),
                "weeks_since_power": (week - earlier[-1]).days // 7 if earlier else None,
                "average_watts_4w": watts(weeks.back(number, 3)),
                "weighted_average_watts_4w": weighted_watts(weeks.back(number, 3)),
                "moving_time_4w_s": sum(r.seconds for r in weeks.back(number, 3) if not r.ebike),
                "average_watts_4w_change_pct": percent(watts(weeks.back(number, 3)), watts(before or [])),
                "average_watts_12w": watts(weeks.back(number, 11)),
                "weighted_average_watts_12w": weighted_watts(weeks.back(number, 11)),
                "trend_12w_watts_per_week": _slope(
                    [weeks.back(number, n, n) for n in range(min(12, number + 1))]
                ),
                "best_average_watts_so_far": weeks.best(number, 10_800),
                "is_best_week": measured_s(own) >= 10_800
                and (watts(own) or 0) > (weeks.best(number - 1, 10_800) or 0),
            }
    return answer


def quarterly(
    history: Sequence[Row],
    settings: Settings,
    figures: Sequence[Row],
    week_of: Callable[[date], date],
    power: Sequence[Row] = (),
    zones: Sequence[Row] = (),
) -> dict[tuple[str, date], Row]:
    """`quarterly_overview` by athlete and quarter."""
    answer: dict[tuple[str, date], Row] = {}
    for athlete, rides in rides_by_athlete(history, settings, figures, power, zones).items():
        first, today = _span(history, athlete, settings)
        starts = [_quarter(first)]
        while _next_quarter(starts[-1]) <= today:
            starts.append(_next_quarter(starts[-1]))
        quarters = Periods(rides, starts, _quarter, today)
        for number, quarter, own in quarters:
            now = period(own)
            end = _next_quarter(quarter) - timedelta(days=1)
            more = ("weighted_average_watts", "watts_per_heartbeat", "climb_m")
            answer[athlete, quarter] = {
                **now,
                "quarter_end": end,
                "year": quarter.year,
                "quarter_of_year": (quarter.month + 2) // 3,
                "is_partial": quarters.is_running(number),
                "days_elapsed": (min(end, today) - quarter).days + 1,
                "best_average_watts_so_far": quarters.best(number, 36_000),
                **_regularity(own, quarter, end, min(end, today), week_of),
                **_longest(own),
                **_zone_shares(own),
                **_against(now, quarters.ago(number, 1), quarters.ago(number, 4), *more),
            }
    return answer


def measured_s(rides: Iterable[Ride]) -> int:
    """Seconds that carry measured power."""
    return sum(ride.measured_s for ride in rides if ride.measured)


def _regularity(
    rides: list[Ride], start: date, end: date, until: date, week_of: Callable[[date], date]
) -> Row:
    rides = [r for r in rides if not r.ebike]
    active = len({week_of(r.day) for r in rides})
    weeks, so_far = (
        len({week_of(start + timedelta(n)) for n in range((last - start).days + 1)}) for last in (end, until)
    )
    by_week: dict[date, list[Ride]] = defaultdict(list)
    for ride in rides:
        by_week[week_of(ride.day)].append(ride)
    strong = {w: watts(r) or 0 for w, r in by_week.items() if measured_s(r) >= 10_800}
    return {
        "active_weeks": active,
        "weeks_in_quarter": weeks,
        "consistency": active / so_far,
        "moving_time_per_active_week_s": ratio(sum(r.seconds for r in rides), active),
        "best_week_average_watts": max(strong.values(), default=None),
        "best_week": min(strong, key=lambda w: (-strong[w], w), default=None),
    }


def _longest(rides: list[Ride]) -> Row:
    rides = [r for r in rides if not r.ebike]
    outside = [r for r in rides if not r.indoor]
    meters, seconds = math.fsum(r.meters for r in outside), sum(r.seconds for r in outside)
    climb = math.fsum(r.climb for r in outside)
    answer: Row = {
        "outdoor_distance_m": meters,
        "outdoor_time_s": seconds,
        "outdoor_speed_m_per_s": ratio(meters, seconds),
        "climb_m_per_km": ratio(climb, meters / 1000),
        "climb_m_per_h": ratio(climb, seconds / 3600),
        "commute_distance_m": math.fsum(r.meters for r in rides if r.commute),
    }
    records: list[tuple[str, str, Callable[[Ride], float], list[Ride]]] = [
        ("longest_ride_m", "longest_ride_by_distance_id", lambda r: r.meters, outside),
        ("longest_ride_s", "longest_ride_by_time_id", lambda r: r.seconds, rides),
        ("most_climbing_ride_m", "most_climbing_ride_id", lambda r: r.climb, outside),
    ]
    for value, name, of, pool in records:
        best = min(
            (r for r in pool if of(r) > 0 and not r.flagged and not r.manual),
            key=lambda r: (-of(r), r.day, r.id),
            default=None,
        )
        answer |= {value: best and of(best), name: best and best.id}
    by_gear: dict[str, float] = defaultdict(float)
    for ride in rides:
        if ride.gear:
            by_gear[ride.gear] += ride.meters
    top = min(by_gear, key=lambda g: (-by_gear[g], g), default=None)
    return answer | {"top_gear_id": top, "top_gear_distance_m": None if top is None else by_gear[top]}


def _zone_shares(rides: list[Ride]) -> Row:
    seconds = {n: sum_of_known(r.zones[f"power_zone_{n}_s"] for r in rides) for n in range(1, 8)}
    return {f"power_zone_{n}_share": ratio(own, sum_of_known(seconds.values())) for n, own in seconds.items()}


def _against(now: Row, previous: list[Ride] | None, year_ago: list[Ride] | None, *more: str) -> Row:
    answer: Row = {}
    for suffix, others in (("", previous), ("_year_ago", year_ago)):
        then = period(others) if others is not None else defaultdict(lambda: None)
        answer["average_watts_previous" if not suffix else "average_watts_year_ago"] = then["average_watts"]
        both = now["average_watts"] is not None and then["average_watts"] is not None
        answer[f"average_watts{suffix}_change_w"] = (
            now["average_watts"] - then["average_watts"] if both else None
        )
        for name in ("average_watts", "moving_time_s", "distance_m", *more):
            column = name.removesuffix("_s").removesuffix("_m")
            answer[f"{column}{suffix}_change_pct"] = percent(now[name], then[name])
        answer[f"weighted_average_watts{suffix or '_previous'}"] = then["weighted_average_watts"]
    return answer


def _slope(newest_first: list[list[Ride]]) -> float | None:
    points = [(-n, watts(r) or 0.0, measured_s(r)) for n, r in enumerate(newest_first) if watts(r)]
    if len(points) < 4:
        return None
    mass = math.fsum(w for _, _, w in points)
    x_mean = math.fsum(w * x for x, _, w in points) / mass
    y_mean = math.fsum(w * y for _, y, w in points) / mass
    spread = math.fsum(w * (x - x_mean) ** 2 for x, _, w in points)
    return math.fsum(w * (x - x_mean) * (y - y_mean) for x, y, w in points) / spread


def _span(history: Iterable[Row], athlete: str, settings: Settings) -> tuple[date, date]:
    days = [r["activity_date"] for r in active(history, settings) if r["athlete_id"] == athlete]
    return min(days), max(*days, settings.as_of)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _next_quarter(quarter: date) -> date:
    return _quarter(quarter + timedelta(days=93))
