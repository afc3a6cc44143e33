"""This week, day by day: bars by power zone, the usual week as dashed outlines, the running total."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.report.charts import color_scale, having, nominal, plot, tooltip, values
from strava_assets.report.number_format import (
    NOTHING,
    compact_hours,
    counted,
    day,
    duration,
    hours,
    rounded,
)
from strava_assets.report.section import Chart, Days, Section, Table, short_name, table_of, without_nulls
from strava_assets.report.theme import color
from strava_assets.report.usual_week import usual_week
from strava_assets.report.zones import POWER_PALETTE, POWER_ZONES

if TYPE_CHECKING:
    from datetime import date

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Points
    from strava_assets.report.usual_week import UsualWeek

_TOPIC = "This week, day by day"
_UNZONED = "no zone"
"""Riding without power from seconds, or without an FTP."""
_WORTH_DRAWING_S = 60


class _Day(NamedTuple):
    date: date
    place: int
    rides: list[Row]
    has_begun: bool

    @property
    def name(self) -> str:
        return f"{self.date:%a} {self.date.day}"


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - time has no length
    """The section from the rides of the running week; None before there is a week to compare with."""
    week = usual_week(figures)
    if week is None:
        return None
    days = _days(figures, week)
    finding = _finding(week)
    points = _points(days, week)
    zones = [point["z"] for point in points if "z" in point]
    legend = [
        (name, shade)
        for name, shade in (*zip(POWER_ZONES, POWER_PALETTE, strict=True), (_UNZONED, "bar"))
        if name in zones
    ]
    return Section(
        "week",
        _TOPIC,
        finding,
        [
            Chart(
                "week-days",
                "Riding time by day, hours",
                f"Hours of each day of the week of {day(week.first)} by power zone. {finding}",
                _bars([each.name for each in days]),
                legend=(*legend, ("dashed: a usual day", "card")),
                days=1,
            ),
            Chart(
                "week-total",
                "Running total, hours",
                f"The week's hours added up by day, beside the median of {counted(week.weeks, 'week')}.",
                _totals([each.name for each in days]),
                legend=(("This week", "accent"), ("Usual week", "faint")),
            ),
        ],
        {"week": points},
        [_table(days, week)],
        f"A usual day and a usual total are medians of the {counted(week.weeks, 'whole week')} before.",
        short="This week",
        width="narrow",
    )


def _days(figures: Figures, week: UsualWeek) -> list[_Day]:
    dates = [week.first + timedelta(days=offset) for offset in range(len(week.ridden_s))]
    return [
        _Day(
            date,
            place,
            [row for row in figures.activities if row["activity_date"] == date and row["is_ride"]],
            place < week.days_elapsed,
        )
        for place, date in enumerate(dates)
    ]


def _finding(week: UsualWeek) -> str:
    so_far, usual = week.so_far_s, week.usual_by_today_s
    rest = week.usual_so_far_s[-1]
    if week.days_elapsed == len(week.ridden_s):
        return f"{compact_hours(so_far)} this week; a usual week has {compact_hours(rest)}."
    if not so_far and not usual:
        return f"No ride yet this week; a usual week has {compact_hours(rest)}."
    if not so_far:
        return f"No ride yet this week; by this day it is usually {compact_hours(usual)}."
    return (
        f"{compact_hours(so_far)} so far; by this day it is usually {compact_hours(usual)}, "
        f"and {compact_hours(rest)} in the whole week."
    )


def _points(days: list[_Day], week: UsualWeek) -> Points:
    """For each day its hours by zone, the usual hours, and both running totals."""
    points: Points = []
    for each in days:
        zones = _zone_seconds(each.rides)
        own = {"n": each.name, "w": str(each.date)}
        points += [
            own | {"z": zone, "o": place, "h": rounded(hours(seconds), 3)}
            for place, (zone, seconds) in enumerate(zones.items())
            if seconds
        ]
        so_far = sum(week.ridden_s[: each.place + 1])
        spent = week.ridden_s[each.place]
        points.append(
            own
            | without_nulls(
                {
                    "u": rounded(hours(week.usual_s[each.place]), 3) or None,
                    "t": rounded(hours(so_far), 2) if each.has_begun else None,
                    "m": rounded(hours(week.usual_so_far_s[each.place]), 2),
                    "s": rounded(hours(spent), 3) if spent else None,
                    "l": duration(spent).removesuffix("\u00a0h") if spent else None,
                    "r": ", ".join(map(short_name, each.rides)) or None,
                }
            )
        )
    return points


def _zone_seconds(rides: list[Row]) -> dict[str, int]:
    seconds = dict.fromkeys((*POWER_ZONES, _UNZONED), 0)
    for ride in rides:
        zoned = [ride[f"power_zone_{zone}_s"] or 0 for zone in range(1, len(POWER_ZONES) + 1)]
        unzoned_s = ride["moving_time_s"] - sum(zoned)
        # Recorded stops are zeros of the lowest zone and no riding time.
        zoned[0] = max(zoned[0] + min(unzoned_s, 0), 0)
        for name, spent in zip(POWER_ZONES, zoned, strict=True):
            seconds[name] += spent
        # Without zones all of the ride. Both times differ by some seconds in nearly every ride.
        least_s = _WORTH_DRAWING_S if any(zoned) else 0
        seconds[_UNZONED] += unzoned_s if unzoned_s >= least_s else 0
    return seconds


def _axis(names: list[str]) -> Spec:
    return {
        "field": "n",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": names, "paddingInner": 0.35, "paddingOuter": 0.2},
        "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy"},
    }


def _bars(names: list[str]) -> Spec:
    stack = {"stack": "h", "groupby": ["n"], "sort": [{"field": "o"}], "as": ["low", "high"]}
    shades = nominal("z", color_scale((*POWER_ZONES, _UNZONED), (*POWER_PALETTE, "bar")))
    ends: dict[str, Any] = {"y": {"field": "low"}, "y2": {"field": "high"}, "color": shades}
    dashed = {"type": "bar", "fill": None, "stroke": color("faint"), "strokeDash": [3, 3]}
    words = {"type": "text", "dy": -8, "fontWeight": "bold", "color": color("text")}
    hours_drawn = tooltip(("n", "Day"), ("z", "Zone"), ("h", "Hours", ".2f"))
    usual = tooltip(("n", "Day"), ("r", "Rides"), ("l", "Hours"), ("u", "Usually, hours", ".2f"))
    return plot(
        "week",
        _axis(names),
        values(lines=4),
        {
            "mark": {"type": "bar"},
            "encoding": ends | {"tooltip": hours_drawn},
            "transform": [{"filter": "isValid(datum['z'])"}, stack],
        },
        having("u", {"mark": dashed, "encoding": {"y": {"field": "u"}, "tooltip": usual}}),
        having(
            "s",
            {"mark": words, "encoding": {"y": {"field": "s"}, "text": {"field": "l"}, "tooltip": usual}},
        ),
        height=190,
    )


def _totals(names: list[str]) -> Spec:
    def total(field: str, shade: str, **mark: Any) -> Spec:
        style = {"type": "line", "color": color(shade), "strokeWidth": 2.5, "interpolate": "monotone"}
        return having(field, {"mark": style | mark, "encoding": {"y": {"field": field}}})

    newest = {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": color("accent")}
    entries = tooltip(("n", "Day"), ("t", "This week, hours", ".1f"), ("m", "Usual week, hours", ".1f"))
    return plot(
        "week",
        _axis(names),
        values(lines=3),
        total("m", "faint", strokeDash=[4, 4], strokeWidth=1.75),
        total("t", "accent"),
        having("t", {"mark": newest, "encoding": {"y": {"field": "t"}}}),
        height=90,
        tooltip=entries,
    )


def _table(days: list[_Day], week: UsualWeek) -> Table:
    def sums(seconds: tuple[float, ...], each: _Day) -> str:
        return duration(sum(seconds[: each.place + 1])) if each.has_begun else NOTHING

    table = table_of(
        "Days of this week",
        days,
        {
            "Day": lambda each: Days(f"{each.date:%A}, {day(each.date)}", each.date, each.date),
            "Rides": lambda each: ", ".join(map(short_name, each.rides)) or NOTHING,
            "Time": lambda each: duration(week.ridden_s[each.place]) if each.rides else NOTHING,
            "Usual day": lambda each: duration(week.usual_s[each.place]),
            "Running total": lambda each: sums(week.ridden_s, each),
            "Usual total": lambda each: duration(week.usual_so_far_s[each.place]),
        },
    )
    return Table(table.caption, table.columns, table.rows, words=frozenset({0, 1}))
