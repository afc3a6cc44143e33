"""Quarterly overview: the years side by side for watts, hours, distance, climbing and work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.report.figures import without_nulls
from strava_assets.report.numbers import compact_hours, hours, number, quantity, rounded
from strava_assets.report.sections.drawing import WIDTHS, colours, named_rows, spec, value_axis
from strava_assets.report.sections.parts import Chart, Section, Table, ride_link
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Quarterly overview"
_YEARS = 5


def build(figures: Figures, units: Units) -> Section:
    """The section from `quarterly_overview`."""
    quarters = figures.rows("quarterly_overview")
    if not any(quarter["rides"] for quarter in quarters):
        return Section("quarterly", _TOPIC, "There is no ride yet; quarters appear with the first one.")
    shown = sorted({quarter["year"] for quarter in quarters}, reverse=True)[:_YEARS]
    points = [_point(quarter, units) for quarter in quarters if quarter["year"] in shown]
    legend = tuple((str(year), f"year{rank}") for rank, year in reversed(list(enumerate(shown, start=1))))
    measures = [
        ("watts", "Average power, W", "a", True),
        ("hours", "Riding time, hours", "h", False),
        ("distance", f"Distance, {units.distance}", "d", False),
        ("climbing", f"Climbing on the road, {units.climb}", "c", False),
        ("work", "Measured work, MJ", "k", False),
        ("weighted", "Weighted power, W", "n", True),
    ]
    finding = _finding(quarters, units)
    return Section(
        "quarterly",
        _TOPIC,
        finding,
        [
            Chart(
                f"quarterly-{name}",
                title,
                f"{title} by quarter, {shown[-1]} to {shown[0]} side by side. The numbers are in the table.",
                spec(_drawn(field, title, [str(year) for year in reversed(shown)], dots=dots)),
                share="third",
            )
            for name, title, field, dots in measures
            if any(field in point for point in points)
        ],
        {"quarters": points},
        [_table(quarters, units)],
        "The outlined quarter is the running one; comparisons with it are against as many days of the other. "
        + (f"Charts show the last {_YEARS} years, the table all." if quarters[0]["year"] < shown[-1] else ""),
        legend=legend,
        short="Quarters",
    )


def _finding(quarters: list[Row], units: Units) -> str:
    now = quarters[-1]
    name = f"Q{now['quarter_of_year']} {now['year']}"
    text = f"{name} so far: " if now["is_partial"] else f"{name}: "
    text += (
        f"{quantity(units.far(now['distance_m']), units.distance)} in {compact_hours(now['moving_time_s'])}"
    )
    change = now["distance_year_ago_change_pct"]
    if change is not None:
        until = "the same days of" if now["is_partial"] else "the same quarter of"
        direction = "more" if change > 0 else "less"
        text += (
            f", about as far as in {until} {now['year'] - 1}"
            if abs(change) < 0.5
            else f", {quantity(abs(change), '%')} {direction} distance than in {until} {now['year'] - 1}"
        )
    watts, before = now["average_watts"], now["average_watts_year_ago"]
    if watts is not None and before is not None:
        text += f", at {quantity(watts, 'W')} against {quantity(before, 'W')}"
    elif watts is not None:
        text += f", at {quantity(watts, 'W')}"
    return text + "."


def _point(quarter: Row, units: Units) -> dict[str, Any]:
    return without_nulls(
        {
            "q": f"Q{quarter['quarter_of_year']}",
            "y": str(quarter["year"]),
            "p": "so far" if quarter["is_partial"] else "",
            "a": rounded(quarter["average_watts"]),
            "n": rounded(quarter["weighted_average_watts"]),
            "h": rounded(hours(quarter["moving_time_s"])),
            "d": rounded(units.far(quarter["distance_m"]), 0),
            "c": rounded(units.high(quarter["climb_m"]), 0),
            "k": rounded(quarter["work_kj"] / 1000, 1) if quarter["work_kj"] else None,
        }
    )


def _drawn(field: str, title: str, years: list[str], *, dots: bool) -> alt.TopLevelMixin:
    import altair as alt

    palette = [f"year{rank}" for rank in range(len(years), 0, -1)]
    shade = alt.Color("y:N", scale=colours(years, palette), legend=None)
    told = [
        alt.Tooltip("q:N", title="Quarter"),
        alt.Tooltip("y:N", title="Year"),
        alt.Tooltip("p:N", title="State"),
        alt.Tooltip(f"{field}:Q", title=title, format=",.0f"),
    ]
    base = alt.Chart(named_rows("quarters")).encode(
        alt.X(
            "q:N",
            axis=alt.Axis(title=None, labelAngle=0),
            scale=alt.Scale(domain=["Q1", "Q2", "Q3", "Q4"], paddingInner=0.25, paddingOuter=0.1),
        ),
        alt.XOffset("y:N", scale=alt.Scale(domain=years, paddingInner=0.08)),
        alt.Y(
            f"{field}:Q", stack=False, axis=value_axis(tickCount=4), scale=alt.Scale(zero=not dots, nice=True)
        ),
        tooltip=told,
    )
    over = base.transform_filter("datum.p == ''")
    running = base.transform_filter("datum.p != ''")
    if dots:
        return alt.layer(
            over.mark_point(filled=True, size=70, opacity=1).encode(shade),
            running.mark_point(filled=True, size=70, opacity=1, fill=ink("card"), strokeWidth=2).encode(
                stroke=alt.Stroke("y:N", scale=colours(years, palette), legend=None)
            ),
        ).properties(width=WIDTHS["third"], height=170)
    return alt.layer(
        over.mark_bar(cornerRadiusEnd=2).encode(shade),
        running.mark_bar(cornerRadiusEnd=2, fill=ink("card"), strokeWidth=1.75).encode(
            stroke=alt.Stroke("y:N", scale=colours(years, palette), legend=None)
        ),
    ).properties(width=WIDTHS["third"], height=170)


def _table(quarters: list[Row], units: Units) -> Table:
    return Table(
        "Quarters, the latest first",
        (
            "Quarter",
            "Rides",
            "Hours",
            f"Distance {units.distance}",
            f"Climbing {units.climb}",
            "Work MJ",
            "Average W",
            "Weighted W",
            "Best ride W",
            f"Longest {units.distance}",
        ),
        [
            (
                f"{quarter['year']} Q{quarter['quarter_of_year']}"
                + (" (running)" if quarter["is_partial"] else ""),
                number(quarter["rides"]),
                number(hours(quarter["moving_time_s"])),
                number(units.far(quarter["distance_m"])),
                number(units.high(quarter["climb_m"])),
                number(quarter["work_kj"] / 1000 if quarter["work_kj"] else None, 1),
                number(quarter["average_watts"]),
                number(quarter["weighted_average_watts"]),
                ride_link(quarter["best_ride_id"], number(quarter["best_ride_weighted_watts"])),
                ride_link(
                    quarter["longest_ride_by_distance_id"], number(units.far(quarter["longest_ride_m"]))
                ),
            )
            for quarter in reversed(quarters)
        ],
    )
