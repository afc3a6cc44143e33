"""The calendar: a row a year, darker the longer the day; at what hours of the week; streaks of weeks."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from strava_assets.report.activity_list import sport_choices
from strava_assets.report.charts import ALL_SPORTS, for_sport, plot, tooltip
from strava_assets.report.number_format import compact_hours, counted, day, hours, month, number, rounded
from strava_assets.report.section import Chart, Days, Points, Section, Table, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Cell, Legend

_TOPIC = "Calendar"
_YEARS = 6
_CLASSES = 4
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - hours have no length
    """The section from the activities, day by day."""
    rows = figures.ride_days
    if not rows:
        return Section("calendar", _TOPIC, "There is no ride yet; each will darken its day.")
    today = max(figures.today or rows[-1]["activity_date"], rows[-1]["activity_date"])
    oldest = figures.activities[0]["activity_date"].year
    first = max(oldest, today.year - _YEARS + 1)
    years = range(today.year, first - 1, -1)
    by_day = _by_day(figures)
    limits = _limits([row[ALL_SPORTS] for each, row in by_day.items() if each.year >= first])
    shift = int(figures.sunday_first)
    charts = [
        Chart(
            f"calendar-{year}",
            str(year),
            f"Time in motion on every day of {year}; "
            f"rides on {number(sum(row['activity_date'].year == year for row in rows))} days.",
            _heat_map(year, today, limits, shift),
            days=1,
        )
        for year in years
    ]
    data = {f"calendar-{year}": _points(by_day, year) for year in years}
    if figures.start_hours:
        charts.append(
            Chart(
                "calendar-hours",
                "When you ride: rides by weekday and hour of the start",
                f"Rides by weekday and hour of the start. {_busiest(figures.start_hours)}",
                _clock(shift),
            )
        )
        data["calendar-hours"] = _starts(figures.start_hours)
    return Section(
        "calendar",
        _TOPIC,
        _finding(figures, today),
        charts,
        data,
        [_table(rows), *([_hours_table(figures.start_hours)] if figures.start_hours else [])],
        "Days are colored by quarters of the days with an activity."
        + (f" Years before {first} are in the table." if oldest < first else ""),
        legend=_legend(limits),
        sports="chosen",
    )


def _by_day(figures: Figures) -> dict[date, dict[str, Any]]:
    """For each day its hours: of all sports and of each that a reader can choose; and the measured work."""
    choices = {family for family, _ in sport_choices(figures)}
    days: defaultdict[date, defaultdict[str, Any]] = defaultdict(lambda: defaultdict(float))
    for row in figures.activities:
        spent = days[row["activity_date"]]
        for key in {ALL_SPORTS, row["family"]} & {ALL_SPORTS, *choices}:
            spent[key] += row["moving_time_s"] / 3600
        if row["work_kj"] is not None:
            spent["k"] += row["work_kj"]
    return {day_: dict(spent) for day_, spent in days.items()}


def _limits(amounts: list[float]) -> list[float]:
    # Few or equal days have no quarters.
    some = [amount for amount in amounts if amount]
    return sorted(set(statistics.quantiles(some, n=_CLASSES))) if len(set(some)) > _CLASSES else []


def _legend(limits: list[float]) -> Legend:
    if not limits:
        return (("nothing", "soft"), ("an activity", "heat1"))
    names = [number(limit, 1) for limit in limits]
    between = [f"{low} to {high}" for low, high in pairwise(names)]
    texts = ["nothing", f"up to {names[0]} h", *(f"{each} h" for each in between), f"over {names[-1]} h"]
    return tuple((text, f"heat{rank}" if rank else "soft") for rank, text in enumerate(texts))


def _finding(figures: Figures, today: date) -> str:
    rows = figures.ride_days
    recent = sum(today - timedelta(days=365) < row["activity_date"] <= today for row in rows)
    best = max(rows, key=lambda row: (row["moving_time_s"], row["activity_date"]))
    text = (
        f"Rides on {number(recent)} of the last 365 days; the longest day, {day(best['activity_date'])}, "
        f"had {compact_hours(best['moving_time_s'])}"
    )
    running, longest = _streaks(figures.rows("weekly_watts"))
    if longest < 2:
        return text + "."
    if running == longest:
        return f"{text}. A ride in each of the last {counted(running, 'week')}: your longest streak."
    streak = f"the longest streak has {counted(longest, 'week')}"
    return (
        f"{text}. A ride in each of the last {counted(running, 'week')}; {streak}."
        if running
        else (f"{text}. The longest streak of weeks with a ride has {number(longest)}.")
    )


def _streaks(weeks: list[Row]) -> tuple[int, int]:
    """Weeks in a row with a ride: up to now, and the most. A running week without one ends nothing."""
    whole = weeks[:-1] if weeks and weeks[-1]["is_partial"] and not weeks[-1]["rides"] else weeks
    runs = [
        (has_ride, len(list(group))) for has_ride, group in groupby(whole, lambda week: week["rides"] > 0)
    ]
    longest = max((length for has_ride, length in runs if has_ride), default=0)
    return (runs[-1][1] if runs and runs[-1][0] else 0), longest


def _points(by_day: dict[date, dict[str, Any]], year: int) -> Points:
    points = [
        {"w": str(this)} | {key: rounded(value, 0 if key == "k" else 2) for key, value in amounts.items()}
        for this, amounts in by_day.items()
        if this.year == year
    ]
    # Days of one shade follow each other, so that a drawing needs one path for them.
    return sorted(points, key=lambda point: (point[ALL_SPORTS], point["w"]))


def _weekday(this: date, shift: int) -> int:
    """The day's place in its week, which begins on Monday or, shifted by one, on Sunday."""
    return (this.weekday() + shift) % 7


def _heat_map(year: int, today: date, limits: list[float], shift: int) -> Spec:
    first = date(year, 1, 1)
    before = _weekday(first, shift)
    days_of_year = (min(date(year, 12, 31), today) - first).days + 1
    starts = [date(year, month, 1) for month in range(1, 13)]
    months = {((start - first).days + before) // 7: f"{start:%b}" for start in starts}
    names = "{" + ",".join(f"'{week}':'{name}'" for week, name in months.items()) + "}[datum.value]"
    gaps = {"paddingInner": 0.16, "paddingOuter": 0}
    place = "dayofyear(datum.w) - 1"
    shades = [color(f"heat{rank}") for rank in range(1, _CLASSES + 1)]
    # Without quarters every day has the first shade.
    steps = limits or [1e9]
    chart = plot(
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
        _weekday_axis(shift, gaps),
        {
            "data": {"sequence": {"start": 0, "stop": days_of_year, "as": "n"}},
            "transform": _places("datum.n", before),
            "mark": {"type": "point", "filled": True, "size": 12, "opacity": 1, "color": color("soft")},
            "encoding": {},
        },
        {
            "transform": [
                {"calculate": "datum[sport]", "as": "v"},
                *_places(place, before),
                {
                    "calculate": "isValid(datum.k) ? format(datum.k, ',.0f') + ' kJ' : 'not measured'",
                    "as": "m",
                },
            ],
            "mark": {"type": "rect"},
            "encoding": {
                "color": {
                    "field": "v",
                    "type": "quantitative",
                    "scale": {"type": "threshold", "domain": steps, "range": shades[: len(steps) + 1]},
                    "legend": None,
                },
                "tooltip": tooltip(("w", "Day", "%-d %b %Y"), ("v", "Hours", ".1f"), ("m", "Measured work")),
            },
        },
        height=112,
    )
    return for_sport(chart, "datum[sport] > 0")


def _places(since_january: str, before: int) -> list[Spec]:
    """Adds the week and the weekday at which a day stands, from its days since the first of January."""
    at = f"({since_january} + {before})"
    return [{"calculate": f"floor({at} / 7)", "as": "x"}, {"calculate": f"{at} % 7", "as": "y"}]


def _weekday_axis(shift: int, gaps: Spec) -> Spec:
    names = _WEEKDAYS[-shift:] + _WEEKDAYS[:-shift] if shift else _WEEKDAYS
    texts = "[" + ",".join(f"'{name}'" for name in names) + "][datum.value]"
    return {
        "field": "y",
        "type": "ordinal",
        "scale": {"domain": list(range(7))} | gaps,
        "axis": {
            "title": None,
            "values": [shift, shift + 2, shift + 4],
            "labelExpr": texts,
            "minExtent": 34,
            "maxExtent": 34,
            "grid": False,
        },
    }


def _starts(rows: list[Row]) -> Points:
    return [{"d": row["weekday"], "o": row["hour"], "n": row["rides"]} for row in rows]


def _clock(shift: int) -> Spec:
    gaps = {"paddingInner": 0.1, "paddingOuter": 0}
    # Monday is 0; with weeks from Sunday on, Sunday stands first.
    row = {"calculate": f"(datum.d + {shift}) % 7", "as": "y"}
    name = {"calculate": f"{list(_WEEKDAYS)}[datum.d] + ', ' + datum.o + ':00'", "as": "when"}
    return plot(
        "calendar-hours",
        {
            "field": "o",
            "type": "ordinal",
            "scale": {"domain": list(range(24))} | gaps,
            "axis": {
                "title": None,
                "values": list(range(0, 24, 3)),
                "labelAngle": 0,
                "labelExpr": "datum.value + ':00'",
            },
        },
        _weekday_axis(shift, gaps),
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "color": color("accent")},
            "encoding": {
                "size": {
                    "field": "n",
                    "type": "quantitative",
                    "legend": None,
                    "scale": {"range": [8, 300], "zero": True},
                }
            },
        },
        height=168,
        tooltip=tooltip(("when", "From"), ("n", "Rides")),
        transform=[row, name],
    )


def _busiest(rows: list[Row]) -> str:
    most = max(rows, key=lambda row: (row["rides"], -row["weekday"], -row["hour"]))
    when = f"{_WEEKDAYS[most['weekday']]} from {most['hour']}:00 on"
    return f"Most often on {when}: {counted(most['rides'], 'ride')}."


def _table(rows: list[Row]) -> Table:
    months = [list(days) for _, days in groupby(rows, lambda row: row["activity_date"].replace(day=1))]

    def name(days: list[Row]) -> Days:
        first = days[0]["activity_date"].replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
        return Days(month(first), first, following - timedelta(days=1))

    return table_of(
        "Months, the latest first",
        reversed(months),
        {
            "Month": name,
            "Days with a ride": lambda days: number(len(days)),
            "Hours": lambda days: number(hours(sum(row["moving_time_s"] for row in days)), 1),
            "Measured work MJ": _work_mj,
            "Longest day h": lambda days: number(hours(max(row["moving_time_s"] for row in days)), 1),
        },
    )


def _work_mj(days: list[Row]) -> str:
    """Where no ride was measured the work is unknown, not zero."""
    measured_kj = [row["work_kj"] for row in days if row["work_kj"] is not None]
    return number(sum(measured_kj) / 1000, 1) if measured_kj else "not measured"


def _hours_table(rows: list[Row]) -> Table:
    by_hour: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in rows:
        by_hour[row["hour"]][row["weekday"]] = row["rides"]

    def of(weekday: int) -> Callable[[int], Cell]:
        return lambda hour: number(by_hour[hour].get(weekday))

    return table_of(
        "Rides by hour of the start",
        sorted(by_hour),
        {"From": lambda hour: f"{hour}:00"} | {name: of(weekday) for weekday, name in enumerate(_WEEKDAYS)},
    )
