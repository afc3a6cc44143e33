"""The chart of each mart for its own page in a UI: one look at what the table holds."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import UNITS, hours
from strava_assets.report.plain import Axis, Mark, Panel, along_days, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_YEAR = timedelta(days=365)
_YEARS = 5
_SPORTS = 4
_PIECES_OF_GEAR = 9
_CURVE_LABELS = {
    1: "1 s",
    5: "5 s",
    15: "15 s",
    60: "1 min",
    300: "5 min",
    1200: "20 min",
    3600: "1 h",
    14400: "4 h",
}


def chart_svg(mart: str, figures: Figures, units: Literal["metric", "imperial"] = "metric") -> str:
    """A mart's chart as an SVG on white; empty where it has none or nothing to show.

    Args:
        mart: its name.
        figures: what was read; the mart's own rows are enough.
        units: kilometres or miles.
    """
    rows = figures.rows(mart)
    return _DRAWN[mart](rows, UNITS[units]) if rows and mart in _DRAWN else ""


def _weekly(weeks: list[Row], units: Units) -> str:  # noqa: ARG001 - watts and hours have no length
    best = next((week for week in reversed(weeks) if week["is_best_week"]), None)
    return draw(
        [
            Panel(
                "Average power, W",
                [
                    Mark("line", "soft", _by_day(weeks, "week", "average_watts"), 1, "Week"),
                    Mark("line", "second", _by_day(weeks, "week", "average_watts_12w"), 1.5, "12 weeks"),
                    Mark("line", "accent", _by_day(weeks, "week", "average_watts_4w"), 2.5, "4 weeks"),
                    Mark(
                        "dot",
                        "gold",
                        _by_day([best] if best else [], "week", "average_watts"),
                        4,
                        "Best week",
                    ),
                ],
            ),
            Panel(
                "Riding time, hours",
                [Mark("bar", "bar", _by_day(weeks, "week", "moving_time_s", hours), 6)],
                height=80,
                from_zero=True,
            ),
        ],
        along_days((week["week"] for week in weeks), room=4),
    )


def _quarterly(quarters: list[Row], units: Units) -> str:
    watts = _by_day(quarters, "quarter", "average_watts")
    far = _by_day(quarters, "quarter", "distance_m", units.far)
    over = len(far) - quarters[-1]["is_partial"]
    middle = 45
    return draw(
        [
            Panel(
                "Average power, W",
                [Mark("line", "soft", watts, 1), Mark("dot", "accent", watts, 4)],
                height=150,
            ),
            Panel(
                f"Distance, {units.distance}; the running quarter outlined",
                [Mark("bar", "bar", far[:over], 74), Mark("bar", "bar", far[over:], 74, hollow=True)],
                height=120,
                from_zero=True,
            ),
        ],
        along_days((quarter["quarter"] for quarter in quarters), room=middle),
    )


def _load(days: list[Row], units: Units) -> str:  # noqa: ARG001 - load has no length
    shown = [row for row in days if row["day"] > days[-1]["day"] - _YEAR]
    if not any(row["training_load"] for row in shown):
        return ""
    form = _by_day(shown, "day", "form_tsb")
    return draw(
        [
            Panel(
                "Fitness and fatigue, points a day",
                [
                    Mark("line", "second", _by_day(shown, "day", "fatigue_atl"), 1, "Fatigue, 7 days"),
                    Mark("line", "accent", _by_day(shown, "day", "fitness_ctl"), 2.5, "Fitness, 42 days"),
                ],
                from_zero=True,
            ),
            Panel(
                "Form, points",
                [
                    Mark("bar", "accent", [point for point in form if (point[1] or 0) >= 0], 1, "Fresh"),
                    Mark("bar", "second", [point for point in form if (point[1] or 0) < 0], 1, "Tired"),
                ],
                height=100,
                from_zero=True,
            ),
        ],
        along_days(row["day"] for row in shown),
    )


def _years(days: list[Row], units: Units) -> str:
    years = sorted({row["year"] for row in days})[-_YEARS:]
    lines = []
    for rank, year in enumerate(reversed(years), 1):
        own = [row for row in days if row["year"] == year]
        points = _by_day(own, "common_day", "distance_so_far_m", units.far)
        lines.append(Mark("step", f"year{rank}", _moves(points), 2.5 if rank == 1 else 1.5, str(year)))
    axis = along_days(row["common_day"] for row in days)
    title = f"Distance since January, {units.distance}"
    # The years share a leap year of their own, whose number says nothing.
    labels = [(place, "Jan" if label.isdigit() else label) for place, label in axis.labels]
    return draw([Panel(title, lines[::-1], from_zero=True)], Axis(axis.low, axis.high, labels))


def _sports(weeks: list[Row], units: Units) -> str:  # noqa: ARG001 - hours have no length
    shown = [row for row in weeks if row["week"] > weeks[-1]["week"] - _YEAR]
    spent: Counter[str] = Counter()
    for row in shown:
        spent[row["family"]] += row["moving_time_s"]
    marks, heights = [], Counter[int]()
    families = [family for family, _ in spent.most_common()]
    for rank, names in enumerate([*([family] for family in families[:_SPORTS]), families[_SPORTS:]], 1):
        sums: Counter[int] = Counter()
        for row in shown:
            if row["family"] in names:
                sums[row["week"].toordinal()] += row["moving_time_s"]
        floors = [heights[week] / 3600 for week in sums]
        heights.update(sums)
        points = [(week, heights[week] / 3600) for week in sums]
        name = names[0].capitalize() if len(names) == 1 else "Other"
        marks.append(Mark("bar", f"sport{rank}", points, 6, name if names else "", floors))
    axis = along_days((row["week"] for row in shown), room=4)
    return draw([Panel("Time in motion, hours a week", marks, from_zero=True)], axis)


def _gear(gear: list[Row], units: Units) -> str:
    pieces = [row for row in gear if row["kind"] != "none"][:_PIECES_OF_GEAR]

    def bars(field: str) -> list[tuple[float, float | None]]:
        return [(place, units.far(row[field])) for place, row in enumerate(pieces)]

    marks = [
        Mark("bar", "bar", bars("distance_m"), 0.6, "All time"),
        Mark("bar", "accent", bars("distance_90d_m"), 0.6, "Last 90 days"),
    ]
    axis = Axis(-0.5, len(pieces) - 0.5, [(place, row["gear_id"][:12]) for place, row in enumerate(pieces)])
    return draw([Panel(f"Distance by piece of gear, {units.distance}", marks, from_zero=True)], axis)


def _eddington(numbers: list[Row], units: Units) -> str:
    reached = [row for row in numbers if row["unit"] == units.distance and row["reached_on"]]
    if not reached:
        return ""
    reached.sort(key=lambda row: (row["reached_on"], row["number"]))
    points = _by_day(reached, "reached_on", "number")
    panel = Panel(f"Eddington number, {units.distance}", [Mark("step", "accent", points, 2)], from_zero=True)
    return draw([panel], along_days(row["reached_on"] for row in reached))


def _curve(bests: list[Row], units: Units) -> str:  # noqa: ARG001 - watts have no length
    """Each best at its duration, on a logarithmic axis; lines join what was measured."""
    marks = []
    for period, colour, size, name in (
        ("all_time", "soft", 1.5, "All time"),
        ("last_90_days", "accent", 2.5, "Last 90 days"),
    ):
        own = [row for row in bests if row["period"] == period]
        marks.append(
            Mark("line", colour, [(math.log(row["duration_s"]), row["watts"]) for row in own], size, name)
        )
    known = [row["duration_s"] for row in bests]
    low, high = min(known), max(known)
    labels = [(math.log(at), label) for at, label in _CURVE_LABELS.items() if low <= at <= high]
    panel = Panel("Highest mean power by duration, W", marks, from_zero=True)
    return draw([panel], Axis(math.log(low), math.log(high), labels))


def _progress(weeks: list[Row], units: Units) -> str:  # noqa: ARG001 - watts have no length
    return draw(
        [
            Panel(
                "Threshold by the best efforts, W",
                [
                    Mark(
                        "line", "second", _by_day(weeks, "week", "critical_power_w"), 1.75, "Critical power"
                    ),
                    Mark("line", "accent", _by_day(weeks, "week", "estimated_ftp_w"), 2.5, "Estimated FTP"),
                ],
            ),
            Panel(
                "Best 20 minutes of the week, W",
                [Mark("dot", "bar", _by_day(weeks, "week", "best_1200s_w"), 2.5)],
            ),
        ],
        along_days((week["week"] for week in weeks), room=4),
    )


def _by_day(
    rows: Iterable[Row], day: str, field: str, told: Callable[[Any], float | None] = lambda value: value
) -> list[tuple[float, float | None]]:
    return [(row[day].toordinal(), told(row[field])) for row in rows]


def _moves(points: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    """The points at which a step line moves, and its end."""
    last = len(points) - 1
    return [point for at, point in enumerate(points) if at in (0, last) or point[1] != points[at - 1][1]]


_DRAWN: dict[str, Callable[[list[Row], Units], str]] = {
    "weekly_watts": _weekly,
    "quarterly_overview": _quarterly,
    "daily_load": _load,
    "year_on_year": _years,
    "sport_overview": _sports,
    "gear_use": _gear,
    "eddington": _eddington,
    "power_curve": _curve,
    "power_profile_progress": _progress,
}
