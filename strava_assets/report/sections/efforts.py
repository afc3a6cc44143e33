"""Best efforts: the highest power over five seconds to an hour by week, and the rides that hold the bests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.figures import without_nulls
from strava_assets.report.numbers import NOTHING, counted, day, number, quantity, rounded, stretch
from strava_assets.report.sections.drawing import WIDTHS, named_rows, span, spec, time_axis, value_axis
from strava_assets.report.sections.parts import Cell, Chart, Points, Section, Table, ride_link, told_ride
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    from datetime import date

    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Best efforts"
_EFFORTS_S = (5, 60, 300, 1200, 3600)
_SHOWN = timedelta(weeks=104)
_ROLLING = timedelta(weeks=12)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - watts have no length
    """The section from `power_profile_progress` and `power_curve`; None where neither knows an effort."""
    weeks = figures.rows("power_profile_progress")
    held = {
        (row["period"], row["duration_s"]): row
        for row in figures.rows("power_curve")
        if row["duration_s"] in _EFFORTS_S
    }
    if not held or not figures.today:
        return None
    year = figures.today.year
    tables = [_bests(held, year)]
    charts: list[Chart] = []
    data: dict[str, Points] = {}
    if weeks:
        until = weeks[-1]["week"]
        data["efforts"] = _points(weeks, until - _SHOWN)
        charts = [_chart(seconds, until, weeks) for seconds in _EFFORTS_S]
        tables.append(
            _weekly([week for week in weeks if week["week"] > until - _SHOWN and week["stream_rides"]])
        )
    return Section(
        "efforts",
        _TOPIC,
        _finding(held, year, figures.rides_so_far),
        charts,
        data,
        tables,
        "A dot is the best of a week, the line the best of the twelve weeks up to it, where there is one.",
    )


def _finding(held: dict[tuple[str, int], Row], year: int, so_far: int | None) -> str:
    ever = {seconds: row for (period, seconds), row in held.items() if period == "all_time"}
    fresh = [seconds for seconds, row in ever.items() if row["activity_date"].year == year]
    latest = max(ever.values(), key=lambda row: (row["activity_date"], row["duration_s"]))
    newest = (
        f"the newest, {quantity(latest['watts'], 'W')} for {stretch(latest['duration_s'])}, "
        f"is of {day(latest['activity_date'])}"
    )
    if so_far:
        return f"The bests of the {counted(so_far, 'ride')} known so far; {newest}."
    if not fresh:
        return f"None of the {len(ever)} bests fell this year; {newest}."
    told = f"All {len(ever)}" if len(fresh) == len(ever) else f"{len(fresh)} of the {len(ever)}"
    return f"{told} bests fell this year; {newest}."


def _points(weeks: list[Row], since: date) -> Points:
    weeks = [week for week in weeks if week["week"] > since - _ROLLING]
    points: Points = []
    for week in weeks:
        if week["week"] <= since:
            continue
        point: dict[str, Any] = {"w": str(week["week"])}
        for seconds in _EFFORTS_S:
            field = f"best_{seconds}s_w"
            point[f"b{seconds}"] = rounded(week[field])
            lately = [
                other[field]
                for other in weeks
                if week["week"] - _ROLLING < other["week"] <= week["week"] and other[field] is not None
            ]
            point[f"r{seconds}"] = rounded(max(lately, default=None))
        points.append(without_nulls(point))
    return points


def _chart(seconds: int, until: date, weeks: list[Row]) -> Chart:
    lasted = stretch(seconds)
    field = f"best_{seconds}s_w"
    known = [week[field] for week in weeks if week[field] is not None and week["week"] > until - _SHOWN]
    best = f", {number(min(known))} to {number(max(known))} W" if known else ""
    return Chart(
        f"efforts-{seconds}",
        f"{lasted}, W",
        f"Best mean power over {lasted} of each week in the last two years{best}.",
        spec(_drawn(seconds, until)),
        share="fifth",
    )


def _drawn(seconds: int, until: date) -> alt.TopLevelMixin:
    import altair as alt

    base = alt.Chart(named_rows("efforts"))
    x = alt.X("w:T", scale=alt.Scale(domain=span(until - _SHOWN, until)), axis=time_axis(years=True))

    def high(key: str) -> alt.Y:
        return alt.Y(
            f"{key}{seconds}:Q", scale=alt.Scale(zero=False, nice=True), axis=value_axis(tickCount=4)
        )

    told = [
        alt.Tooltip("w:T", title="Week of", format="%-d %b %Y"),
        alt.Tooltip(f"b{seconds}:Q", title=f"Best {stretch(seconds)} W", format=".0f"),
        alt.Tooltip(f"r{seconds}:Q", title="Best of 12 weeks W", format=".0f"),
    ]
    return alt.layer(
        base.mark_point(filled=True, size=9, opacity=1, color=ink("soft")).encode(x, high("b")),
        base.mark_line(
            interpolate="step-after", color=ink("accent"), strokeWidth=2, invalid="break-paths-show-domains"
        ).encode(x, high("r")),
        base.mark_rule(strokeWidth=4, opacity=0).encode(x, tooltip=told),
    ).properties(width=WIDTHS["fifth"], height=120)


def _bests(held: dict[tuple[str, int], Row], year: int) -> Table:
    periods = [("all_time", "All time"), (str(year), str(year)), ("last_90_days", "Last 90 days")]
    shown = [(key, head) for key, head in periods if any(period == key for period, _ in held)]

    def cell(row: Row | None) -> Cell:
        if row is None:
            return NOTHING
        watts = quantity(row["watts"], "W")
        kg = row["watts_per_kg"]
        return told_ride(row, watts if kg is None else f"{watts} · {quantity(kg, 'W/kg', 1)}")

    return Table(
        "Best efforts and the rides that hold them",
        ("Held for", *(head for _, head in shown)),
        [
            (stretch(seconds), *(cell(held.get((key, seconds))) for key, _ in shown))
            for seconds in _EFFORTS_S
            if ("all_time", seconds) in held
        ],
        words=frozenset(range(4)),
        is_open=True,
    )


def _weekly(weeks: list[Row]) -> Table:
    return Table(
        "Best efforts of each week, the latest first",
        ("Week of", *(f"{stretch(seconds)} W" for seconds in _EFFORTS_S)),
        [
            (
                day(week["week"]) + (" (running)" if week["is_partial"] else ""),
                *(
                    ride_link(week[f"best_{seconds}s_ride_id"], number(week[f"best_{seconds}s_w"]))
                    for seconds in _EFFORTS_S
                ),
            )
            for week in reversed(weeks)
        ],
    )
