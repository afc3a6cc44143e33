"""The headline tiles: this week, watts, the quarter, fitness, recent bests.

Each is one number, a comparison, and a small line of the values before it. Add a tile only for what a rider
looks at every week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.report.fitness_before import fitness_before
from strava_assets.report.number_format import compact_hours, compared, counted, hours, number, quantity
from strava_assets.report.usual_week import usual_week

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_YEAR_WEEKS = 52


@dataclass(frozen=True)
class Tile:
    """One headline number.

    Args:
        label: what it is.
        value: the number.
        unit: its unit.
        comparison: what it is compared with, in words.
        direction: up, down or level in that comparison; empty where there is none.
        trail: the values up to it, oldest first, for the small line; None is a gap.
    """

    label: str
    value: str
    unit: str
    comparison: str
    direction: str = ""
    trail: Sequence[float | None] = ()


def build_tiles(figures: Figures, units: Units) -> list[Tile]:
    """The tiles there are numbers for."""
    weeks, quarters = figures.rows("weekly_watts"), figures.rows("quarterly_overview")
    if not any(week["rides"] for week in weeks):
        return []
    tiles = [
        _week(figures, weeks),
        _watts(weeks),
        _quarter(quarters, units) if quarters else None,
        _fitness(figures.rows("daily_load")) or _work(weeks),
        *_efforts(figures),
    ]
    return [tile for tile in tiles if tile is not None]


def _week(figures: Figures, weeks: list[Row]) -> Tile:
    now = weeks[-1]
    week = usual_week(figures)
    trail = [hours(week["moving_time_s"]) for week in weeks[-26:]]
    label = "This week" if now["days_elapsed"] == 7 else f"This week, {now['days_elapsed']} of 7 days"
    value = hours(now["moving_time_s"]) or 0
    if week is None:
        return Tile(label, number(value, 1), "h", counted(now["rides"], "ride"), trail=trail)
    # The usual week counts the same number of days, else every Monday would look lazy.
    usual = week.usual_by_today_s / 3600
    usual_by = "usual by this day" if now["is_partial"] and now["days_elapsed"] < 7 else "usual week"
    text = f"{usual_by}: {quantity(usual, 'h', 1)} · last week {compact_hours(weeks[-2]['moving_time_s'])}"
    return Tile(label, number(value, 1), "h", text, _direction(value - usual, 0.25), trail)


def _watts(weeks: list[Row]) -> Tile | None:
    now, trail = weeks[-1], [week["average_watts_4w"] for week in weeks[-_YEAR_WEEKS - 1 :]]
    watts = now["average_watts_4w"]
    if watts is None:
        return None
    before = weeks[-1 - _YEAR_WEEKS]["average_watts_4w"] if len(weeks) > _YEAR_WEEKS else None
    if before is None:
        return Tile(
            "Power, last 4 weeks", number(watts), "W", "no value of a year ago to compare with", trail=trail
        )
    change = watts - before
    return Tile(
        "Power, last 4 weeks",
        number(watts),
        "W",
        compared(change, quantity(abs(change), "W"), than="a year ago"),
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
        else compared(change, quantity(abs(change), "%"), than=f"the same days of {now['year'] - 1}"),
        "" if change is None else _direction(change, 0.5),
        [units.far(quarter["distance_m"]) for quarter in quarters[-8:]],
    )


def _fitness(days: list[Row]) -> Tile | None:
    if not days or not any(day["training_load"] for day in days[-180:]):
        return None
    now, before = days[-1], fitness_before(days)
    change = now["fitness_ctl"] - before["fitness_ctl"] if before else 0
    compared_words = (
        compared(change, number(abs(change), 1), than="four weeks ago", level=0.05)
        if before
        else "the first weeks still settle"
    )
    return Tile(
        "Fitness (CTL)",
        number(now["fitness_ctl"]),
        "pts/day",
        f"{compared_words}, form {number(now['form_tsb'])}",
        _direction(change, 0.05) if before else "",
        [day["fitness_ctl"] for day in days[-182::7]],
    )


def _work(weeks: list[Row]) -> Tile | None:
    """The work of four weeks, in place of fitness while no load is known."""
    trail = [
        sum(week["work_kj"] for week in weeks[max(0, end - 4) : end]) / 1000
        for end in range(4, len(weeks) + 1)
    ]
    if not trail or not trail[-1]:
        return None
    year = trail[-_YEAR_WEEKS - 1 :]
    usual = sum(year) / len(year)
    text = f"usual in four weeks: {quantity(usual, 'MJ', 1)}"
    return Tile(
        "Work, last 4 weeks", number(year[-1], 1), "MJ", text, _direction(year[-1] - usual, 0.05), year
    )


def _efforts(figures: Figures) -> list[Tile]:
    """The best twenty and five minutes of the last 90 days against last year's; none unless both exist."""
    bests = {(row["period"], row["duration_s"]): row["watts"] for row in figures.rows("power_curve")}
    year = figures.today.year - 1 if figures.today else 0
    weeks = figures.rows("power_profile_progress")[-_YEAR_WEEKS - 1 :]
    tiles = []
    for seconds, name in ((1200, "20 minutes"), (300, "5 minutes")):
        watts, before = bests.get(("last_90_days", seconds)), bests.get((str(year), seconds))
        if watts is None:
            return []
        if figures.rides_so_far:
            before = None
        change = watts - before if before is not None else 0
        tiles.append(
            Tile(
                f"Best {name}, last 90 days",
                number(watts),
                "W",
                f"no best of {year} to compare with"
                if before is None
                else compared(change, quantity(abs(change), "W"), than=f"the best of {year}"),
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
    return tiles


def _direction(change: float, level: float) -> str:
    if abs(change) < level:
        return "level"
    return "up" if change > 0 else "down"
