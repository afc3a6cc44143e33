"""Weekly averages with watts progression: the week, four and twelve weeks rolling, hours below."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import (
    bars,
    days,
    dots,
    labels,
    line,
    overview,
    plot,
    span,
    tooltip,
    values,
    week_ends,
)
from strava_assets.report.number_format import (
    NBSP,
    compact_hours,
    compared,
    day,
    hours,
    number,
    quantity,
    rounded,
)
from strava_assets.report.section import (
    Chart,
    Points,
    Section,
    Table,
    numbers,
    ride_link,
    table_of,
    week_of,
    without_nulls,
)
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Weekly averages with watts progression"
_SHORTEST = timedelta(weeks=12)
_WORTH_ZOOMING = 26
_CROWDED = 320
_YEAR_WEEKS = 52
_WHOLE_WEEKS = 12
_NOTE = (
    "A week's watts are the measured work of all its rides over their seconds, so a ride without a power "
    "meter never dilutes them, and estimates never enter. Rolling values are made from the sums of their "
    "weeks. A gap is a week without measured power, an outline the running week; a best week has three hours "
    "of measured power or more."
)


def build(figures: Figures, units: Units) -> Section:
    """The section from `weekly_watts`."""
    weeks = figures.rows("weekly_watts")
    if not any(week["rides"] for week in weeks):
        return Section("weekly", _TOPIC, "There is no ride yet; weeks appear with the first one.")
    powered = any(week["average_watts"] is not None for week in weeks)
    best = next((week for week in reversed(weeks) if week["is_best_week"]), None)
    finding = _finding(weeks, best)
    points = [_point(week, week is best, units) for week in weeks]
    entries = _tooltip(powered)
    ends = span(min(weeks[0]["week"], weeks[-1]["week"] - _SHORTEST), weeks[-1]["week"])
    period = f"{day(weeks[0]['week'])} to {day(weeks[-1]['week'])}"
    x = days(ends, zooms=True)
    charts = [
        Chart(
            "weekly-hours",
            "Riding time, hours a week",
            f"Hours of riding by week, {period}.",
            plot(
                "weeks",
                x,
                values(lines=3),
                bars("h", "bar", where="!p"),
                bars("h", "bar", where="p", outlined=True),
                height=84 if powered else 200,
                tooltip=entries,
                hover=7,
                transform=week_ends(),
            ),
            days=7,
        )
    ]
    if powered:
        watts = Chart(
            "weekly-watts",
            "Average power, W",
            f"Average power by week, {period}: the week, four and twelve weeks rolling. {finding}",
            _watts(points, x, entries),
            legend=(("Week", "soft"), ("4 weeks", "accent"), ("12 weeks", "second"), ("Best week", "warm")),
            days=7,
        )
        charts.insert(0, watts)
    if len(weeks) > _WORTH_ZOOMING:
        small = overview("weeks", days(ends), "f" if powered else "h")
        charts.append(
            Chart("weekly-overview", "Drag to zoom", "The whole history, small.", small, zooms=True)
        )
    return Section(
        "weekly",
        _TOPIC,
        finding,
        charts,
        {"weeks": points},
        [_table(weeks, units)],
        _NOTE if powered else "",
        short="Weeks",
    )


def _finding(weeks: list[Row], best: Row | None) -> str:
    powered = next((week for week in reversed(weeks) if week["average_watts"] is not None), None)
    if powered is None:
        return (
            f"{_usual_hours(weeks)}; none of the rides has measured power, so there is no progression of "
            "watts to show."
        )
    now = weeks[-1]["average_watts_4w"]
    if now is None:
        return (
            f"No measured power since the week of {day(powered['week'])}; the four weeks to it averaged "
            f"{quantity(powered['average_watts_4w'], 'W')}."
        )
    text = f"The last four weeks averaged {quantity(now, 'W')}"
    year_ago = weeks[-1 - _YEAR_WEEKS]["average_watts_4w"] if len(weeks) > _YEAR_WEEKS else None
    if year_ago is not None:
        change = now - year_ago
        text += f", {compared(change, quantity(abs(change), 'W'), than='a year ago')}"
    if best is not None:
        text += f"; the best week, {day(best['week'])}, stands at {quantity(best['average_watts'], 'W')}"
    return text + "."


def _usual_hours(weeks: list[Row]) -> str:
    """The mean hours of the last whole weeks; in the first week those so far."""
    whole = weeks[:-1][-_WHOLE_WEEKS:]
    if not whole:
        return f"{compact_hours(weeks[-1]['moving_time_s'])} this week"
    mean = compact_hours(sum(week["moving_time_s"] for week in whole) / len(whole))
    last = "last whole week" if len(whole) == 1 else f"last {len(whole)} whole weeks"
    return f"{mean} a week over the {last}"


def _point(week: Row, is_best: bool, units: Units) -> dict[str, Any]:
    return without_nulls(
        {
            "w": str(week["week"]),
            "a": rounded(week["average_watts"]),
            "f": rounded(week["average_watts_4w"]),
            "t": rounded(week["average_watts_12w"]),
            "n": rounded(week["weighted_average_watts"], 0),
            "h": rounded(hours(week["moving_time_s"]), 2),
            "d": rounded(units.far(week["distance_m"]), 0),
            "r": week["rides"],
            "p": "running" if week["is_partial"] else None,
            "b": f"best week {number(week['average_watts'])}{NBSP}W" if is_best else None,
        }
    )


def _tooltip(powered: bool) -> list[Spec]:
    watts = (
        ("a", "Average W", ".0f"),
        ("n", "Weighted W", ".0f"),
        ("f", "4 weeks W", ".0f"),
        ("t", "12 weeks W", ".0f"),
    )
    return tooltip(
        ("w", "Week of", "%-d %b %Y"),
        *(watts if powered else ()),
        ("h", "Hours", ".1f"),
        ("d", "Distance", ",.0f"),
        ("r", "Rides"),
        ("p", "State"),
    )


def _watts(points: Points, x: Spec, entries: list[Spec]) -> Spec:
    # In a long history the dots would hide the lines.
    week_dots = {"filled": True, "size": 16, "color": color("soft")}
    is_late = next((index for index, point in enumerate(points) if "b" in point), 0) > len(points) / 2
    return plot(
        "weeks",
        x,
        values(zero=False),
        line("a", "soft", 1, point=week_dots if len(points) < _CROWDED else False),
        line("t", "second", 1.75),
        line("f", "accent", 2.75),
        dots("a", "card", 34, where="p", outline="soft"),
        dots("a", "warm", 90, where="b"),
        # The label stands beside the point, on the side that has room.
        labels("b", "a", "warm", where="b", dx=-9 if is_late else 9, align="right" if is_late else "left"),
        height=270,
        tooltip=entries,
        hover=7,
    )


def _table(weeks: list[Row], units: Units) -> Table:
    return table_of(
        "Weeks, the latest first",
        reversed(weeks),
        {
            "Week of": week_of,
            "Rides": numbers("rides"),
            "Hours": numbers("moving_time_s", 1, hours),
            f"Distance {units.distance}": numbers("distance_m", unit=units.far),
            f"Climbing {units.climb}": numbers("climb_m", unit=units.high),
            "Average W": numbers("average_watts"),
            "4 weeks W": numbers("average_watts_4w"),
            "12 weeks W": numbers("average_watts_12w"),
            "Weighted W": numbers("weighted_average_watts"),
            "Best ride W": lambda week: ride_link(
                week["best_ride_id"], number(week["best_ride_weighted_watts"])
            ),
        },
    )
