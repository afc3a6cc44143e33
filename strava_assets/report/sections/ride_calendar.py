"""The calendar: every day of the last years, darker the more work was done."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import color_scale, nominal, plot, tooltip
from strava_assets.report.number_format import compact_hours, day, hours, month, number, quantity
from strava_assets.report.section import Chart, Points, Section, Table, table_of

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Legend

_TOPIC = "Calendar"
_YEARS = 3
_CLASSES = 4


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - work and hours have no length
    """The section from the days with a ride."""
    rows = figures.ride_days
    if not rows:
        return Section("calendar", _TOPIC, "There is no ride yet; each will darken its day.")
    today = max(figures.today or rows[-1]["activity_date"], rows[-1]["activity_date"])
    first = max(rows[0]["activity_date"].year, today.year - _YEARS + 1)
    years = range(today.year, first - 1, -1)
    # A day of riding without a power meter is pale, and its tooltip shows the hours.
    by_work = any(row["work_kj"] for row in rows)
    field = "work_kj" if by_work else "moving_time_s"
    ridden = {row["activity_date"]: row for row in rows if row["activity_date"].year >= first}
    limits = _limits([row[field] for row in ridden.values() if row[field]])
    shift = int(figures.sunday_first)
    return Section(
        "calendar",
        _TOPIC,
        _finding(rows, today),
        [
            Chart(
                f"calendar-{year}",
                str(year),
                f"{'Measured work' if by_work else 'Riding time'} of every day of {year}; "
                f"rides on {number(sum(row['activity_date'].year == year for row in rows))} days.",
                _heat_map(year, shift),
            )
            for year in years
        ],
        {f"calendar-{year}": _points(year, today, ridden, field, limits, shift) for year in years},
        [_table(rows)],
        (
            "Days are colored by quarters of the days with measured work; the palest also stands for rides "
            "without a power meter."
            if by_work
            else "Days are colored by quarters of the days with a ride."
        ),
        legend=_legend(limits, by_work=by_work),
    )


def _limits(amounts: list[float]) -> list[float]:
    # Few or equal days have no quarters.
    return sorted(set(statistics.quantiles(amounts, n=_CLASSES))) if len(set(amounts)) > _CLASSES else []


def _legend(limits: list[float], *, by_work: bool) -> Legend:
    if not limits:
        return (("no ride", "heat0"), ("ride", "heat1"))
    names = [number(limit) if by_work else number(limit / 3600, 1) for limit in limits]
    between = [f"{low} to {high}" for low, high in pairwise(names)]
    texts = ["no ride", f"up to {names[0]}", *between, f"over {names[-1]} {'kJ' if by_work else 'h'}"]
    return tuple((text, f"heat{rank}") for rank, text in enumerate(texts))


def _finding(rows: list[Row], today: date) -> str:
    recent = sum(today - timedelta(days=365) < row["activity_date"] <= today for row in rows)
    best = max(rows, key=lambda row: (row["moving_time_s"], row["activity_date"]))
    return (
        f"Rides on {number(recent)} of the last 365 days; the longest day ever, "
        f"{day(best['activity_date'])}, had {compact_hours(best['moving_time_s'])}."
    )


def _points(
    year: int, today: date, ridden: dict[date, Row], field: str, limits: list[float], shift: int
) -> Points:
    start, end = date(year, 1, 1), min(date(year, 12, 31), today)
    points: Points = []
    for offset in range((end - start).days + 1):
        this = start + timedelta(days=offset)
        place = {"x": (offset + _weekday(start, shift)) // 7, "y": _weekday(this, shift)}
        point: dict[str, Any] = place | {"t": day(this), "c": 0}
        if row := ridden.get(this):
            point |= {
                "c": 1 + sum((row[field] or 0) > limit for limit in limits),
                "h": round(hours(row["moving_time_s"]) or 0, 1),
                "k": round(row["work_kj"] or 0),
            }
        points.append(point)
    # Days of one shade follow each other, so that a drawing needs one path for them.
    return sorted(points, key=lambda point: point["c"])


def _weekday(this: date, shift: int) -> int:
    """The day's place in its week, which begins on Monday or, shifted by one, on Sunday."""
    return (this.weekday() + shift) % 7


def _heat_map(year: int, shift: int) -> Spec:
    first = date(year, 1, 1)
    starts = [date(year, month, 1) for month in range(1, 13)]
    months = {((start - first).days + _weekday(first, shift)) // 7: f"{start:%b}" for start in starts}
    names = "{" + ",".join(f"'{week}':'{name}'" for week, name in months.items()) + "}[datum.value]"
    weekdays = f"{{'{shift}':'Mon','{shift + 2}':'Wed','{shift + 4}':'Fri'}}[datum.value]"
    gaps = {"paddingInner": 0.16, "paddingOuter": 0}
    shades = [f"heat{rank}" for rank in range(_CLASSES + 1)]
    scale = color_scale(shades, shades) | {"domain": list(range(_CLASSES + 1))}
    return plot(
        f"calendar-{year}",
        {
            "field": "x",
            "type": "ordinal",
            "scale": {"domain": list(range(54))} | gaps,
            "axis": {
                "title": None,
                "orient": "top",
                "values": list(months),
                "labelExpr": f"width < 500 ? slice({names}, 0, 1) : {names}",
                "labelAlign": "left",
                "bandPosition": 0,
                "labelAngle": 0,
                "labelOverlap": "greedy",
                "labelPadding": 4,
            },
        },
        {
            "field": "y",
            "type": "ordinal",
            "scale": {"domain": list(range(7))} | gaps,
            "axis": {
                "title": None,
                "values": [shift, shift + 2, shift + 4],
                "labelExpr": weekdays,
                "minExtent": 34,
                "maxExtent": 34,
                "grid": False,
            },
        },
        {"mark": {"type": "rect"}, "encoding": {"color": nominal("c", scale) | {"type": "ordinal"}}},
        height=112,
        tooltip=tooltip(("t", "Day"), ("h", "Hours", ",~f"), ("k", "Work kJ", ",~f")),
    )


def _table(rows: list[Row]) -> Table:
    months = [list(days) for _, days in groupby(rows, lambda row: row["activity_date"].replace(day=1))]
    return table_of(
        "Months, the latest first",
        reversed(months),
        {
            "Month": lambda days: month(days[0]["activity_date"]),
            "Days with a ride": lambda days: number(len(days)),
            "Hours": lambda days: number(hours(sum(row["moving_time_s"] for row in days)), 1),
            "Work MJ": lambda days: number(sum(row["work_kj"] or 0 for row in days) / 1000, 1),
            "Longest day": lambda days: quantity(hours(max(row["moving_time_s"] for row in days)), "h", 1),
        },
    )
