"""Quarterly overview: the years side by side for watts, hours, distance, climbing and work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import color_scale, having, nominal, plot, tooltip, values
from strava_assets.report.number_format import compact_hours, counted, hours, number, quantity, rounded
from strava_assets.report.section import (
    Cell,
    Chart,
    Section,
    Table,
    numbers,
    ride_link,
    table_of,
    without_nulls,
)
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Quarterly overview"
_YEARS = 5
_FEWEST_DAYS = 14


def build(figures: Figures, units: Units) -> Section:
    """The section from `quarterly_overview`."""
    quarters = figures.rows("quarterly_overview")
    if not any(quarter["rides"] for quarter in quarters):
        return Section("quarterly", _TOPIC, "There is no ride yet; quarters appear with the first one.")
    years = sorted({quarter["year"] for quarter in quarters})[-_YEARS:]
    points = [_point(quarter, units) for quarter in quarters if quarter["year"] in years]
    legend = tuple((str(year), f"year{len(years) - rank}") for rank, year in enumerate(years))
    measures = [
        ("watts", "Average power, W", "a", True),
        ("hours", "Riding time, hours", "h", False),
        ("distance", f"Distance, {units.distance}", "d", False),
        ("climbing", f"Climbing on the road, {units.climb}", "c", False),
        ("work", "Measured work, MJ", "k", False),
        ("efficiency", "Weighted power by heart rate, W/bpm", "e", True),
    ]
    return Section(
        "quarterly",
        _TOPIC,
        _finding(quarters, units),
        [
            Chart(
                f"quarterly-{name}",
                title,
                f"{title} by quarter, {years[0]} to {years[-1]} side by side. The numbers are in the table.",
                _by_quarter(field, title, legend, as_dots=as_dots, form=".2f" if field == "e" else ",.0f"),
                share="third",
            )
            for name, title, field, as_dots in measures
            if any(field in point for point in points)
        ],
        {"quarters": points},
        [_table(quarters, units)],
        "The outlined quarter is the running one; it is compared with the same number of days."
        f"{_projection(quarters[-1], units)} "
        + (f"Charts show the last {_YEARS} years, the table all." if quarters[0]["year"] < years[0] else ""),
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
    if watts is not None:
        text += f", at {quantity(watts, 'W')}"
        text += f" against {quantity(before, 'W')}" if before is not None else ""
    return text + "."


def _projection(now: Row, units: Units) -> str:
    """Where the running quarter ends if its days to come are like those so far."""
    days = (now["quarter_end"] - now["quarter"]).days + 1
    if not now["is_partial"] or now["days_elapsed"] < _FEWEST_DAYS:
        return ""
    grown = days / now["days_elapsed"]
    distance = quantity(units.far(grown * now["distance_m"]), units.distance)
    time = compact_hours(grown * now["moving_time_s"])
    return (
        f" At the rate of its first {counted(now['days_elapsed'], 'day')} it ends at {distance} and {time}."
    )


def _point(quarter: Row, units: Units) -> dict[str, Any]:
    return without_nulls(
        {
            "q": f"Q{quarter['quarter_of_year']}",
            "y": str(quarter["year"]),
            "p": "so far" if quarter["is_partial"] else None,
            "a": rounded(quarter["average_watts"]),
            "e": rounded(quarter["watts_per_heartbeat"], 2),
            "h": rounded(hours(quarter["moving_time_s"])),
            "d": rounded(units.far(quarter["distance_m"]), 0),
            "c": rounded(units.high(quarter["climb_m"]), 0),
            "k": rounded(quarter["work_kj"] / 1000, 1) if quarter["work_kj"] else None,
        }
    )


def _by_quarter(
    field: str, title: str, legend: tuple[tuple[str, str], ...], *, as_dots: bool, form: str
) -> Spec:
    years, palette = zip(*legend, strict=True)
    shade = nominal("y", color_scale(years, palette))
    mark = (
        {"type": "point", "filled": True, "size": 70, "opacity": 1}
        if as_dots
        else {"type": "bar", "cornerRadiusEnd": 2}
    )
    outlined = mark | {"fill": color("card"), "strokeWidth": 2 if as_dots else 1.75}
    grouped = {"xOffset": {"field": "y", "type": "nominal", "scale": {"domain": years, "paddingInner": 0.08}}}
    return plot(
        "quarters",
        {
            "field": "q",
            "type": "nominal",
            "scale": {"domain": ["Q1", "Q2", "Q3", "Q4"], "paddingInner": 0.25, "paddingOuter": 0.1},
            "axis": {"title": None, "labelAngle": 0},
        },
        values(zero=not as_dots, lines=4) | {"field": field, "stack": False},
        having("!p", {"mark": mark, "encoding": grouped | {"color": shade}}),
        having("p", {"mark": outlined, "encoding": grouped | {"stroke": shade}}),
        height=170,
        tooltip=tooltip(("q", "Quarter"), ("y", "Year"), ("p", "State"), (field, title, form)),
    )


def _table(quarters: list[Row], units: Units) -> Table:
    def name(quarter: Row) -> Cell:
        running = " (running)" if quarter["is_partial"] else ""
        return f"{quarter['year']} Q{quarter['quarter_of_year']}{running}"

    return table_of(
        "Quarters, the latest first",
        reversed(quarters),
        {
            "Quarter": name,
            "Rides": numbers("rides"),
            "Hours": numbers("moving_time_s", unit=hours),
            f"Distance {units.distance}": numbers("distance_m", unit=units.far),
            f"Climbing {units.climb}": numbers("climb_m", unit=units.high),
            "Work MJ": lambda row: number(row["work_kj"] / 1000 if row["work_kj"] else None, 1),
            "Average W": numbers("average_watts"),
            "Weighted W": numbers("weighted_average_watts"),
            "Best ride W": lambda row: ride_link(
                row["best_ride_id"], number(row["best_ride_weighted_watts"])
            ),
            f"Longest {units.distance}": lambda row: ride_link(
                row["longest_ride_by_distance_id"], number(units.far(row["longest_ride_m"]))
            ),
        },
    )
