"""The calendar: every day of the last years, darker the more work was done."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import compact_hours, day, hours, number, quantity
from strava_assets.report.sections.drawing import WIDTHS, named_rows, spec
from strava_assets.report.sections.parts import Chart, Points, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Calendar"
_YEARS = 3
_CLASSES = 4


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - work and hours have no length
    """The section from the days with a ride."""
    days = figures.ride_days
    if not days:
        return Section("calendar", _TOPIC, "There is no ride yet; each will darken its day.")
    today = max(figures.today or days[-1]["activity_date"], days[-1]["activity_date"])
    first = max(days[0]["activity_date"].year, today.year - _YEARS + 1)
    years = range(today.year, first - 1, -1)
    # A day of riding without a power meter is pale, and its tooltip tells the hours.
    work = any(row["work_kj"] for row in days)
    measure = "Measured work" if work else "Riding time"
    shown = {row["activity_date"]: row for row in days if row["activity_date"].year >= first}
    shift = int(figures.sunday_first)
    limits = _limits([_amount(row, work=work) for row in shown.values()])
    return Section(
        "calendar",
        _TOPIC,
        _finding(days, today),
        [
            Chart(
                f"calendar-{year}",
                str(year),
                f"{measure} of every day of {year}; {_days_ridden(days, year)}.",
                spec(_drawn(f"calendar-{year}", year, shift)),
            )
            for year in years
        ],
        {f"calendar-{year}": _points(year, today, shown, limits, shift, work=work) for year in years},
        [_table(days)],
        (
            "Days are coloured by quarters of the days with measured work; the palest also stands for rides "
            "without a power meter."
            if work
            else "Days are coloured by quarters of the days with a ride."
        ),
        legend=_legend(limits, work=work),
    )


def _amount(row: Row, *, work: bool) -> float:
    return float((row["work_kj"] if work else row["moving_time_s"]) or 0)


def _limits(amounts: list[float]) -> list[float]:
    known = [amount for amount in amounts if amount > 0]
    # Few or equal days have no quarters worth telling apart.
    return sorted(set(statistics.quantiles(known, n=_CLASSES))) if len(set(known)) > _CLASSES else []


def _legend(limits: list[float], *, work: bool) -> tuple[tuple[str, str], ...]:
    def told(limit: float) -> str:
        return number(limit) if work else number(limit / 3600, 1)

    unit = "kJ" if work else "h"
    if not limits:
        return (("no ride", "heat0"), ("ride", "heat1"))
    between = [f"{told(low)} to {told(high)}" for low, high in pairwise(limits)]
    texts = ["no ride", f"up to {told(limits[0])}", *between, f"over {told(limits[-1])} {unit}"]
    return tuple((text, f"heat{rank}") for rank, text in enumerate(texts))


def _days_ridden(days: list[Row], year: int) -> str:
    return f"rides on {number(sum(row['activity_date'].year == year for row in days))} days"


def _finding(days: list[Row], today: date) -> str:
    ridden = {row["activity_date"] for row in days}
    last_year = sum(today - timedelta(days=365) < found <= today for found in ridden)
    best = max(days, key=lambda row: (row["moving_time_s"], row["activity_date"]))
    return (
        f"Rides on {number(last_year)} of the last 365 days; the longest day ever, "
        f"{day(best['activity_date'])}, had {compact_hours(best['moving_time_s'])}."
    )


def _points(
    year: int, today: date, shown: dict[date, Row], limits: list[float], shift: int, *, work: bool
) -> Points:
    start, end = date(year, 1, 1), min(date(year, 12, 31), today)
    points: Points = []
    for offset in range((end - start).days + 1):
        found = start + timedelta(days=offset)
        across, down = (offset + _weekday(start, shift)) // 7, _weekday(found, shift)
        point: dict[str, Any] = {"x": across, "y": down, "t": day(found)}
        if found in shown:
            row = shown[found]
            amount = _amount(row, work=work)
            point |= {
                "c": 1 + sum(amount > limit for limit in limits),
                "h": round(hours(row["moving_time_s"]) or 0, 1),
                "k": round(row["work_kj"] or 0),
            }
        else:
            point["c"] = 0
        points.append(point)
    # Days of one shade follow each other, so that a still drawing needs one path for them.
    return sorted(points, key=lambda point: point["c"])


def _weekday(found: date, shift: int) -> int:
    """The day's place in its week, which begins on Monday or, shifted by one, on Sunday."""
    return (found.weekday() + shift) % 7


def _drawn(name: str, year: int, shift: int) -> Any:
    import altair as alt

    first = date(year, 1, 1)
    months = {
        (date(year, month, 1) - first).days + _weekday(first, shift): f"{date(year, month, 1):%b}"
        for month in range(1, 13)
    }
    at = {days // 7: label for days, label in months.items()}
    labels = "{" + ",".join(f"'{week}':'{label}'" for week, label in at.items()) + "}[datum.value]"
    labels = f"width < 500 ? slice({labels}, 0, 1) : {labels}"
    return (
        alt.Chart(named_rows(name))
        .mark_rect()
        .encode(
            alt.X(
                "x:O",
                scale=alt.Scale(domain=list(range(54)), paddingInner=0.16, paddingOuter=0),
                axis=alt.Axis(
                    title=None,
                    orient="top",
                    values=list(at),
                    labelExpr=labels,
                    labelAlign="left",
                    bandPosition=0,
                    labelAngle=0,
                    labelOverlap="greedy",
                    labelPadding=4,
                ),
            ),
            alt.Y(
                "y:O",
                scale=alt.Scale(domain=list(range(7)), paddingInner=0.16, paddingOuter=0),
                axis=alt.Axis(
                    title=None,
                    values=[shift, shift + 2, shift + 4],
                    labelExpr=f"{{'{shift}':'Mon','{shift + 2}':'Wed','{shift + 4}':'Fri'}}[datum.value]",
                    minExtent=34,
                    maxExtent=34,
                    grid=False,
                ),
            ),
            alt.Color(
                "c:O",
                scale=alt.Scale(domain=list(range(5)), range=[ink(f"heat{n}") for n in range(5)]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("t:N", title="Day"),
                alt.Tooltip("h:Q", title="Hours"),
                alt.Tooltip("k:Q", title="Work kJ"),
            ],
        )
        .properties(width=WIDTHS["full"], height=112)
    )


def _table(days: list[Row]) -> Table:
    months: dict[tuple[int, int], list[Row]] = {}
    for row in days:
        months.setdefault((row["activity_date"].year, row["activity_date"].month), []).append(row)
    return Table(
        "Months, the latest first",
        ("Month", "Days with a ride", "Hours", "Work MJ", "Longest day"),
        [
            (
                f"{rows[0]['activity_date']:%b %Y}",
                number(len(rows)),
                number(hours(sum(row["moving_time_s"] for row in rows)), 1),
                number(sum(row["work_kj"] or 0 for row in rows) / 1000, 1),
                quantity(hours(max(row["moving_time_s"] for row in rows)), "h", 1),
            )
            for _, rows in sorted(months.items(), reverse=True)
        ],
    )
