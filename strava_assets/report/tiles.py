"""The headline tiles: this week, watts, the quarter, fitness, the best of late.

Each is one number, what it is against, and a small line of how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.report.numbers import compact_hours, counted, hours, number, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_USUAL_WEEKS = 12
_YEAR_WEEKS = 52


@dataclass(frozen=True)
class Tile:
    """One headline number.

    Args:
        label: what it is.
        value: the number.
        unit: its unit.
        against: what it is compared with, in words.
        direction: up, down or level against it; empty where nothing compares.
        trail: the values that led here, oldest first, for the small line; None is a gap.
    """

    label: str
    value: str
    unit: str
    against: str
    direction: str = ""
    trail: Sequence[float | None] = ()


def build_tiles(figures: Figures, units: Units) -> list[Tile]:
    """The tiles there are numbers for."""
    weeks, quarters = figures.rows("weekly_watts"), figures.rows("quarterly_overview")
    if not any(week["rides"] for week in weeks):
        return []
    found = [_week(figures, weeks), _watts(weeks)]
    if quarters:
        found.append(_quarter(quarters, units))
    found.append(_fitness(figures.rows("daily_load")) or _work(weeks))
    found += _efforts(figures)
    return [tile for tile in found if tile is not None]


def _week(figures: Figures, weeks: list[Row]) -> Tile:
    now = weeks[-1]
    earlier = weeks[-1 - _USUAL_WEEKS : -1]
    trail = [hours(week["moving_time_s"]) for week in weeks[-26:]]
    label = "This week" if now["days_elapsed"] == 7 else f"This week, {now['days_elapsed']} of 7 days"
    value = hours(now["moving_time_s"]) or 0
    if not earlier:
        return Tile(label, number(value, 1), "h", counted(now["rides"], "ride"), trail=trail)
    # The usual week is cut to as many days, else Monday would always look lazy.
    ridden = {row["activity_date"]: row["moving_time_s"] for row in figures.ride_days}
    cut = sum(
        ridden.get(week["week"] + timedelta(days=offset), 0)
        for week in earlier
        for offset in range(now["days_elapsed"])
    )
    usual = cut / len(earlier) / 3600
    by = "by now" if now["is_partial"] and now["days_elapsed"] < 7 else "a week"
    text = f"usual {by}: {quantity(usual, 'h', 1)} · last week {compact_hours(weeks[-2]['moving_time_s'])}"
    return Tile(label, number(value, 1), "h", text, _direction(value - usual, 0.25), trail)


def _watts(weeks: list[Row]) -> Tile | None:
    now, trail = weeks[-1], [week["average_watts_4w"] for week in weeks[-_YEAR_WEEKS - 1 :]]
    watts = now["average_watts_4w"]
    if watts is None:
        return None
    before = weeks[-1 - _YEAR_WEEKS]["average_watts_4w"] if len(weeks) > _YEAR_WEEKS else None
    if before is None:
        return Tile(
            "Power, last 4 weeks", number(watts), "W", "nothing to compare with a year ago", trail=trail
        )
    change = watts - before
    return Tile(
        "Power, last 4 weeks",
        number(watts),
        "W",
        _changed(change, f"{quantity(abs(change), 'W')}", 0.5, "a year ago"),
        _direction(change, 0.5),
        trail,
    )


def _quarter(quarters: list[Row], units: Units) -> Tile:
    now = quarters[-1]
    change = now["distance_year_ago_change_pct"]
    label = (
        f"Q{now['quarter_of_year']} so far"
        if now["is_partial"]
        else f"Q{now['quarter_of_year']} {now['year']}"
    )
    return Tile(
        label,
        number(units.far(now["distance_m"])),
        units.distance,
        f"{compact_hours(now['moving_time_s'])} in {counted(now['rides'], 'ride')}"
        if change is None
        else _changed(change, quantity(abs(change), "%"), 0.5, f"the same days of {now['year'] - 1}"),
        "" if change is None else _direction(change, 0.5),
        [units.far(quarter["distance_m"]) for quarter in quarters[-8:]],
    )


def _fitness(days: list[Row]) -> Tile | None:
    if not days or not any(day["training_load"] for day in days[-180:]):
        return None
    now, change = days[-1], days[-1]["fitness_ctl"] - days[max(0, len(days) - 29)]["fitness_ctl"]
    return Tile(
        "Fitness (CTL)",
        number(now["fitness_ctl"]),
        "pts/day",
        f"{_changed(change, number(abs(change), 1), 0.05, 'four weeks ago')}, form {number(now['form_tsb'])}",
        _direction(change, 0.05),
        [day["fitness_ctl"] for day in days[-182::7]],
    )


def _work(weeks: list[Row]) -> Tile | None:
    """In place of fitness, while there is no load: the work of four weeks."""
    trail = [
        sum(week["work_kj"] for week in weeks[max(0, end - 4) : end]) / 1000
        for end in range(4, len(weeks) + 1)
    ]
    if not trail or not trail[-1]:
        return None
    year = trail[-_YEAR_WEEKS - 1 :]
    usual = sum(year) / len(year)
    against = f"usual in four weeks: {quantity(usual, 'MJ', 1)}"
    return Tile(
        "Work, last 4 weeks", number(year[-1], 1), "MJ", against, _direction(year[-1] - usual, 0.05), year
    )


def _efforts(figures: Figures) -> list[Tile]:
    """The best twenty and five minutes of the last 90 days, where both are known, against last year's."""
    bests = {(row["period"], row["duration_s"]): row["watts"] for row in figures.rows("power_curve")}
    year = figures.today.year - 1 if figures.today else 0
    weeks = figures.rows("power_profile_progress")[-_YEAR_WEEKS - 1 :]
    found = []
    for seconds, name in ((1200, "20 minutes"), (300, "5 minutes")):
        watts, before = bests.get(("last_90_days", seconds)), bests.get((str(year), seconds))
        if watts is None:
            return []
        if figures.rides_so_far:
            before = None
        change = watts - before if before is not None else 0
        found.append(
            Tile(
                f"Best {name}, last 90 days",
                number(watts),
                "W",
                f"nothing to compare in {year} yet"
                if before is None
                else _changed(change, quantity(abs(change), "W"), 0.5, f"the best of {year}"),
                "" if before is None else _direction(change, 0.5),
                [
                    max(
                        (week[f"best_{seconds}s_w"] or 0 for week in weeks[max(0, end - 13) : end]), default=0
                    )
                    or None
                    for end in range(13, len(weeks) + 1)
                ],
            )
        )
    return found


def _changed(change: float, amount: str, level: float, than: str) -> str:
    if abs(change) < level:
        return f"the same as {than}"
    return f"{amount} {'above' if change > 0 else 'below'} {than}"


def _direction(change: float, level: float) -> str:
    if abs(change) < level:
        return "level"
    return "up" if change > 0 else "down"
