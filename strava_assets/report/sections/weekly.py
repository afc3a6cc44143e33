"""Weekly averages with watts progression: the week, four and twelve weeks rolling, hours below.

Dragging on the overview at the bottom zooms the others.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from strava_assets.report.figures import without_nulls
from strava_assets.report.numbers import (
    NBSP,
    compact_hours,
    day,
    hours,
    number,
    quantity,
    rounded,
)
from strava_assets.report.sections.drawing import (
    WIDTHS,
    named_rows,
    overview,
    span,
    spec,
    time_axis,
    value_axis,
    week_bars,
)
from strava_assets.report.sections.parts import Chart, Points, Section, Table, ride_link
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Weekly averages with watts progression"
_SHORTEST = timedelta(weeks=12)
_WORTH_ZOOMING = 26
_CROWDED = 320
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
    best = best_week(weeks)
    finding = _finding(weeks, best)
    points = [_point(week, week is best, units) for week in weeks]
    told = _tooltip(powered)
    ends = span(min(weeks[0]["week"], weeks[-1]["week"] - _SHORTEST), weeks[-1]["week"])
    period = f"{day(weeks[0]['week'])} to {day(weeks[-1]['week'])}"
    charts = [
        Chart(
            "weekly-hours",
            "Riding time, hours a week",
            f"Hours of riding by week, {period}.",
            spec(_hours(told, ends, height=84 if powered else 200)),
        )
    ]
    if powered:
        watts = Chart(
            "weekly-watts",
            "Average power, W",
            f"Average power by week, {period}: the week, four and twelve weeks rolling. {finding}",
            spec(_watts(points, told, ends)),
            legend=(("Week", "soft"), ("4 weeks", "accent"), ("12 weeks", "second"), ("Best week", "gold")),
        )
        charts.insert(0, watts)
    if len(weeks) > _WORTH_ZOOMING:
        small = _overview("f" if powered else "h", ends)
        charts.append(
            Chart("weekly-overview", "Drag to zoom", "The whole history, small.", spec(small), zooms=True)
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


def best_week(weeks: list[Row]) -> Row | None:
    """The latest week that set a best that still stands."""
    return next((week for week in reversed(weeks) if week["is_best_week"]), None)


def _finding(weeks: list[Row], best: Row | None) -> str:
    now = next((week for week in reversed(weeks) if week["average_watts_4w"] is not None), None)
    if now is None:
        recent = sum(week["moving_time_s"] for week in weeks[-13:-1]) / max(len(weeks[-13:-1]), 1)
        return (
            f"{compact_hours(recent)} a week over the last twelve; none of the rides has measured power, "
            "so there is no progression of watts to show."
        )
    index = weeks.index(now)
    if index < len(weeks) - 4:
        return (
            f"No measured power since the week of {day(now['week'])}; "
            f"the four weeks to it averaged {quantity(now['average_watts_4w'], 'W')}."
        )
    text = f"The last four weeks averaged {quantity(now['average_watts_4w'], 'W')}"
    year_ago = weeks[index - 52]["average_watts_4w"] if index >= 52 else None
    if year_ago is not None:
        text += f", {_against(now['average_watts_4w'] - year_ago)} a year ago"
    if best is not None:
        text += f"; the best week, {day(best['week'])}, stands at {quantity(best['average_watts'], 'W')}"
    return text + "."


def _against(change: float) -> str:
    if abs(change) < 0.5:
        return "the same as"
    return f"{quantity(abs(change), 'W')} {'above' if change > 0 else 'below'}"


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


def _tooltip(powered: bool) -> list[alt.Tooltip]:
    import altair as alt

    watts = [
        alt.Tooltip("a:Q", title="Average W", format=".0f"),
        alt.Tooltip("n:Q", title="Weighted W", format=".0f"),
        alt.Tooltip("f:Q", title="4 weeks W", format=".0f"),
        alt.Tooltip("t:Q", title="12 weeks W", format=".0f"),
    ]
    return [
        alt.Tooltip("w:T", title="Week of", format="%-d %b %Y"),
        *(watts if powered else []),
        alt.Tooltip("h:Q", title="Hours", format=".1f"),
        alt.Tooltip("d:Q", title="Distance", format=",.0f"),
        alt.Tooltip("r:Q", title="Rides"),
        alt.Tooltip("p:N", title="State"),
    ]


def _along(ends: list[alt.DateTime], field: str = "w") -> alt.X:
    import altair as alt

    scale = alt.Scale(domain=ends, domainRaw=alt.ExprRef("zoom"))
    return alt.X(f"{field}:T", scale=scale, axis=time_axis())


def _watts(points: Points, told: list[alt.Tooltip], ends: list[alt.DateTime]) -> alt.TopLevelMixin:
    import altair as alt

    base, x = alt.Chart(named_rows("weeks")), _along(ends)
    high = alt.Y("a:Q", scale=alt.Scale(zero=False, nice=True), axis=value_axis())
    line: dict[str, Any] = {"invalid": "break-paths-show-domains", "clip": True}
    # Of a long history the dots would be all one sees.
    dots = {"filled": True, "size": 16, "color": ink("soft")} if len(points) < _CROWDED else False
    best = base.transform_filter("isValid(datum.b)")
    running = base.transform_filter("isValid(datum.p)")
    return (
        alt.layer(
            base.mark_line(color=ink("soft"), strokeWidth=1, point=dots, **line).encode(x, high),
            base.mark_line(color=ink("second"), strokeWidth=1.75, **line).encode(x, y="t:Q"),
            base.mark_line(color=ink("accent"), strokeWidth=2.75, **line).encode(x, y="f:Q"),
            running.mark_point(
                filled=True,
                fill=ink("card"),
                stroke=ink("soft"),
                strokeWidth=1.5,
                size=34,
                opacity=1,
                clip=True,
            ).encode(x, high),
            best.mark_point(color=ink("gold"), filled=True, size=90, opacity=1, clip=True).encode(x, high),
            best.mark_text(color=ink("gold"), dy=-13, fontWeight="bold", align=_side(points)).encode(
                x, high, text="b:N"
            ),
            _hovered(base, x, told),
        )
        .add_params(alt.param(name="zoom", value=None))
        .properties(width=WIDTHS["full"], height=270)
    )


def _side(points: Points) -> Literal["left", "right"]:
    """To which side the best week's label has room."""
    at = next((index for index, point in enumerate(points) if "b" in point), 0)
    return "right" if at > len(points) / 2 else "left"


def _hours(told: list[alt.Tooltip], ends: list[alt.DateTime], height: int) -> alt.TopLevelMixin:
    import altair as alt

    base = alt.Chart(named_rows("weeks"))
    bars = week_bars(base).encode(
        _along(ends, "s"), alt.X2("e:T"), alt.Y("h:Q", axis=value_axis(tickCount=3)), alt.Y2(datum=0)
    )
    over = bars.transform_filter("!isValid(datum.p)").mark_bar(color=ink("bar"), clip=True)
    running = bars.transform_filter("isValid(datum.p)").mark_bar(
        fill=ink("card"), stroke=ink("bar"), strokeWidth=1.5, clip=True
    )
    return (
        alt.layer(over, running, _hovered(base, _along(ends), told))
        .add_params(alt.param(name="zoom", value=None))
        .properties(width=WIDTHS["full"], height=height)
    )


def _overview(field: str, ends: list[alt.DateTime]) -> alt.TopLevelMixin:
    import altair as alt

    return overview(
        alt.Chart(named_rows("weeks")).encode(
            alt.X("w:T", scale=alt.Scale(domain=ends), axis=time_axis()),
            alt.Y(f"{field}:Q", scale=alt.Scale(zero=False), axis=value_axis(labels=False, grid=False)),
        )
    )


def _hovered(base: alt.Chart, x: alt.X, told: list[alt.Tooltip]) -> Any:
    """An unseen rule over each week, so that the tooltip needs no aim."""
    return base.mark_rule(strokeWidth=7, opacity=0, clip=True).encode(x, tooltip=told)


def _table(weeks: list[Row], units: Units) -> Table:
    return Table(
        "Weeks, the latest first",
        (
            "Week of",
            "Rides",
            "Hours",
            f"Distance {units.distance}",
            f"Climbing {units.climb}",
            "Average W",
            "4 weeks W",
            "12 weeks W",
            "Weighted W",
            "Best ride W",
        ),
        [
            (
                day(week["week"]) + (" (running)" if week["is_partial"] else ""),
                number(week["rides"]),
                number(hours(week["moving_time_s"]), 1),
                number(units.far(week["distance_m"])),
                number(units.high(week["climb_m"])),
                number(week["average_watts"]),
                number(week["average_watts_4w"]),
                number(week["average_watts_12w"]),
                number(week["weighted_average_watts"]),
                ride_link(week["best_ride_id"], number(week["best_ride_weighted_watts"])),
            )
            for week in reversed(weeks)
        ],
    )
