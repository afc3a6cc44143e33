"""Best efforts: the highest power over five seconds to an hour by week, and the rides that hold the bests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import days, dots, line, plot, span, tooltip, values
from strava_assets.report.number_format import (
    NOTHING,
    counted,
    day,
    effort_duration,
    number,
    quantity,
    rounded,
)
from strava_assets.report.section import (
    Cell,
    Chart,
    Points,
    Section,
    Table,
    ride_cell,
    ride_link,
    table_of,
    week_of,
    without_nulls,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

    Bests = dict[tuple[str, int], Row]

_TOPIC = "Best efforts"
_EFFORTS_S = (5, 60, 300, 1200, 3600)
_CHART_SPAN = timedelta(weeks=104)
_ROLLING = timedelta(weeks=12)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - watts have no length
    """The section from `power_profile_progress` and `power_curve`; None where both lack an effort."""
    weeks = figures.rows("power_profile_progress")
    bests = {
        (row["period"], row["duration_s"]): row
        for row in figures.rows("power_curve")
        if row["duration_s"] in _EFFORTS_S
    }
    if not (bests or any(week[f"best_{seconds}s_w"] for week in weeks for seconds in _EFFORTS_S)):
        return None
    year = figures.today.year if figures.today else 0
    tables = [_holders(bests, year)] if bests else []
    charts: list[Chart] = []
    data: dict[str, Points] = {}
    if weeks:
        until = weeks[-1]["week"]
        recent = [week for week in weeks if week["week"] > until - _CHART_SPAN]
        data["efforts"] = _points(weeks, until - _CHART_SPAN)
        charts = [_chart(seconds, until, recent) for seconds in _EFFORTS_S]
        tables.append(_weekly([week for week in recent if week["stream_rides"]]))
    return Section(
        "efforts",
        _TOPIC,
        _finding(bests, year, figures.rides_so_far),
        charts,
        data,
        tables,
        "A dot is the best of a week, the line the best of the twelve weeks up to it, where there is one.",
    )


def _finding(bests: Bests, year: int, so_far: int | None) -> str:
    ever = {seconds: row for (period, seconds), row in bests.items() if period == "all_time"}
    if not ever:
        return "The best efforts of all time are not computed yet."
    latest = max(ever.values(), key=lambda row: (row["activity_date"], row["duration_s"]))
    newest = (
        f"the newest is {quantity(latest['watts'], 'W')} for {effort_duration(latest['duration_s'])} "
        f"on {day(latest['activity_date'])}"
    )
    if so_far:
        return f"The bests of the {counted(so_far, 'ride')} known so far; {newest}."
    fresh = sum(row["activity_date"].year == year for row in ever.values())
    if not fresh:
        return f"None of the {len(ever)} bests is from this year; {newest}."
    text = f"All {len(ever)} bests are" if fresh == len(ever) else f"{fresh} of the {len(ever)} bests are"
    return f"{text} from this year; {newest}."


def _points(weeks: list[Row], since: date) -> Points:
    points: Points = []
    for week in weeks:
        if week["week"] <= since:
            continue
        rolling = [other for other in weeks if week["week"] - _ROLLING < other["week"] <= week["week"]]
        point: dict[str, Any] = {"w": str(week["week"])}
        for seconds in _EFFORTS_S:
            field = f"best_{seconds}s_w"
            highest = max((other[field] for other in rolling if other[field] is not None), default=None)
            point |= {f"b{seconds}": rounded(week[field]), f"r{seconds}": rounded(highest)}
        points.append(without_nulls(point))
    return points


def _chart(seconds: int, until: date, weeks: list[Row]) -> Chart:
    duration = effort_duration(seconds)
    watts = [week[f"best_{seconds}s_w"] for week in weeks if week[f"best_{seconds}s_w"] is not None]
    best = f", {number(min(watts))} to {number(max(watts))} W" if watts else ""
    return Chart(
        f"efforts-{seconds}",
        f"{duration}, W",
        f"Best mean power over {duration} of each week in the last two years{best}.",
        plot(
            "efforts",
            days(span(until - _CHART_SPAN, until), years=True, zooms=True),
            values(zero=False, lines=4),
            dots(f"b{seconds}", "soft", 9),
            line(f"r{seconds}", "accent", 2, interpolate="step-after"),
            height=120,
            tooltip=tooltip(
                ("w", "Week of", "%-d %b %Y"),
                (f"b{seconds}", f"Best {duration} W", ".0f"),
                (f"r{seconds}", "Best of 12 weeks W", ".0f"),
            ),
            hover=4,
        ),
        days=7,
        share="fifth",
    )


def _holders(bests: Bests, year: int) -> Table:
    def of(period: str) -> Callable[[int], Cell]:
        def cell(seconds: int) -> Cell:
            row = bests.get((period, seconds))
            if row is None:
                return NOTHING
            by_weight = row["watts_per_kg"]
            watts = quantity(row["watts"], "W")
            return ride_cell(
                row, watts if by_weight is None else f"{watts} · {quantity(by_weight, 'W/kg', 1)}"
            )

        return cell

    periods = (("all_time", "All time"), (str(year), str(year)), ("last_90_days", "Last 90 days"))
    columns = {head: of(key) for key, head in periods if any(period == key for period, _ in bests)}
    table = table_of(
        "Best efforts and the rides that hold them",
        [seconds for seconds in _EFFORTS_S if ("all_time", seconds) in bests],
        {"Held for": effort_duration} | columns,
    )
    return replace(table, words=frozenset(range(4)), is_open=True)


def _weekly(weeks: list[Row]) -> Table:
    def of(seconds: int) -> Callable[[Row], Cell]:
        return lambda week: ride_link(week[f"best_{seconds}s_ride_id"], number(week[f"best_{seconds}s_w"]))

    return table_of(
        "Best efforts of each week, the latest first",
        # As far back as the charts.
        [week for week in reversed(weeks) if week["week"] >= weeks[-1]["week"] - _CHART_SPAN],
        {"Week of": week_of} | {f"{effort_duration(seconds)} W": of(seconds) for seconds in _EFFORTS_S},
    )
