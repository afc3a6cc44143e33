"""Year on year: the distance and the riding time of each year up to each of its days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from strava_assets.report.charts import color_scale, days, having, nominal, plot, tooltip, values
from strava_assets.report.number_format import hours, number, quantity, rounded
from strava_assets.report.section import Chart, Points, Section, Table, numbers, table_of

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Legend

_TOPIC = "Year on year"
_YEARS = 5
_LABEL_ROOM = 0.07
"""Of the height of the chart."""
_AXIS = (date(2000, 1, 1), date(2001, 2, 5))
"""Common days lie in a leap year; behind its end is room for the names."""


def build(figures: Figures, units: Units) -> Section:
    """The section from `year_on_year`."""
    rows = figures.rows("year_on_year")
    if not any(row["rides_so_far"] for row in rows):
        return Section("years", _TOPIC, "There is no ride yet; the year's line begins with the first one.")
    latest = rows[-1]
    years = sorted({row["year"] for row in rows})[-_YEARS:]
    legend = tuple((str(year), f"year{len(years) - rank}") for rank, year in enumerate(years))
    names = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])
    return Section(
        "years",
        _TOPIC,
        _finding(latest, units),
        [
            Chart(
                f"years-{field}",
                title,
                f"{title}, from January up to each day of {names}. {_finding(latest, units)}",
                _lines(field, title, legend),
                share="half",
            )
            for field, title in (
                ("d", f"Distance since January, {units.distance}"),
                ("h", "Riding time since January, hours"),
            )
        ],
        {"years": _points(rows, years, units)},
        [_table(rows, latest, units)],
        short="Years",
    )


def _finding(latest: Row, units: Units) -> str:
    by = f"{latest['day'].day} {latest['day']:%B}"
    text = f"{quantity(units.far(latest['distance_so_far_m']), units.distance)} by {by}"
    before, change = latest["distance_year_before_m"], latest["distance_change_pct"]
    if before is None or change is None:
        return f"{text} of {latest['year']}."
    if abs(change) < 0.5:
        return f"{text}, level with the same day of {latest['year'] - 1}."
    word = "ahead of" if change > 0 else "behind"
    distance = quantity(units.far(before), units.distance)
    return f"{text}, {quantity(abs(change), '%')} {word} the same day of {latest['year'] - 1} ({distance})."


def _points(rows: list[Row], years: list[int], units: Units) -> Points:
    """A point where a line rises or ends; between them it is level, before the first ride unknown."""
    first = next(row["day"] for row in rows if row["rides_so_far"])
    points: Points = []
    for index, row in enumerate(rows):
        if row["year"] not in years or row["day"] < first:
            continue
        ends = index + 1 == len(rows) or rows[index + 1]["year"] != row["year"]
        begins = row["day"] == first or rows[index - 1]["year"] != row["year"]
        if begins or ends or row["rides_so_far"] != rows[index - 1]["rides_so_far"]:
            points.append(
                {
                    "w": str(row["common_day"]),
                    "y": str(row["year"]),
                    "d": rounded(units.far(row["distance_so_far_m"]), 0),
                    "h": rounded(hours(row["moving_time_so_far_s"])),
                }
            )
    _label(points)
    return points


def _label(points: Points) -> None:
    """Name each year at the end of its lines, as high as leaves the names room."""
    ends = list({point["y"]: point for point in points}.values())
    for field in ("d", "h"):
        least = _LABEL_ROOM * max(end[field] for end in ends)
        below = float("-inf")
        for end in sorted(ends, key=lambda end: (end[field], end["y"])):
            below = max(end[field], below + least)
            end[f"l{field}"] = rounded(below)


def _lines(field: str, title: str, legend: Legend) -> Spec:
    names, palette = zip(*legend, strict=True)
    # Only months are named: the axis is that of a leap year, which all years share.
    months = {
        "title": None,
        "labelExpr": "year(datum.value) > 2000 ? '' : timeFormat(datum.value, '%b')",
        "tickCount": {"expr": "ceil(width / 50)"},
    }
    width = {"condition": {"test": f"datum.y == '{names[-1]}'", "value": 3}, "value": 1.75}
    invisible = {"type": "point", "size": 60, "opacity": 0, "filled": True}
    entries = tooltip(("y", "Year"), ("w", "Day", "%-d %b"), (field, title, ",.0f"))
    return plot(
        "years",
        days(_AXIS) | {"axis": months},
        values() | {"field": field},
        {
            "mark": {"type": "line", "interpolate": "step-after"},
            "encoding": {"color": nominal("y", color_scale(names, palette)), "strokeWidth": width},
        },
        {"mark": invisible, "encoding": {"tooltip": entries}},
        having(
            f"l{field}",
            {
                "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": "bold"},
                "encoding": {
                    "y": {"field": f"l{field}"},
                    "text": {"field": "y", "type": "nominal"},
                    "color": nominal("y", color_scale(names, palette)),
                },
            },
        ),
        height=250,
    )


def _table(rows: list[Row], latest: Row, units: Units) -> Table:
    ends = {row["year"]: row for row in rows}
    same_day = {row["year"]: row for row in rows if row["common_day"] <= latest["common_day"]}
    return table_of(
        "Years, the latest first",
        [row for _, row in sorted(ends.items(), reverse=True)],
        {
            "Year": lambda row: f"{row['year']}{' (running)' if row['year'] == latest['year'] else ''}",
            "Rides": numbers("rides_so_far"),
            f"Distance {units.distance}": numbers("distance_so_far_m", unit=units.far),
            f"By this day {units.distance}": lambda row: number(
                units.far(same_day[row["year"]]["distance_so_far_m"])
            ),
            "Hours": numbers("moving_time_so_far_s", unit=hours),
            f"Climbing {units.climb}": numbers("climb_so_far_m", unit=units.high),
            "Work MJ": lambda row: number(row["work_so_far_kj"] / 1000, 1),
        },
    )
