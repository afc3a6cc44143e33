"""Sports: hours by week and family over the last year, totals by sport."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import ALL_SPORTS, color_scale, days, for_sport, span, stacked_weeks, tooltip
from strava_assets.report.number_format import compact_hours, counted, day, hours, number, quantity, rounded
from strava_assets.report.section import Chart, Points, Section, Table, table_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Cell

_TOPIC = "Sports"
_CHART_SPAN = timedelta(weeks=52)
_FAMILIES = 4
_OTHER = "other"
_DOING = {"ride": "riding", "run": "running", "walk": "walking", "swim": "swimming", "ski": "skiing"}


def build(figures: Figures, units: Units) -> Section:
    """The section from `sport_overview`."""
    weeks = figures.rows("sport_overview")
    if not weeks:
        return Section("sports", _TOPIC, "There is no activity yet; every sport gets its color here.")
    until = max(weeks[-1]["week"], _running_week(figures) or weeks[-1]["week"])
    year = [row for row in weeks if row["week"] > until - _CHART_SPAN]
    if not year:
        last = f"No activity in the last year; the last one was in the week of {day(weeks[-1]['week'])}."
        tables = [_table(weeks, year, units)]
        return Section("sports", _TOPIC, last, tables=tables, width="narrow", sports="chosen")
    seconds: Counter[str] = Counter()
    for row in year:
        seconds[row["family"]] += row["moving_time_s"]
    largest = sorted(seconds.keys() - {_OTHER}, key=lambda name: (-seconds[name], name))[:_FAMILIES]
    names = [*largest, *([_OTHER] if len(seconds) > len(largest) else [])]
    palette = [f"sport{5 if name == _OTHER else rank}" for rank, name in enumerate(names, 1)]
    finding = _finding(seconds)
    return Section(
        "sports",
        _TOPIC,
        finding,
        [
            Chart(
                "sports",
                "Time in motion, hours a week",
                f"Hours by week and kind of sport over the last year. {finding}",
                for_sport(
                    stacked_weeks(
                        "sports",
                        days(span(until - _CHART_SPAN, until), zooms=True),
                        ("f", color_scale(names, palette)),
                        "o",
                        height=180,
                        tooltip=tooltip(("w", "Week of", "%-d %b %Y"), ("f", "Sport"), ("h", "Hours", ".1f")),
                    ),
                    f"sport == '{ALL_SPORTS}' || datum.f == sport",
                ),
                legend=tuple(zip((name.capitalize() for name in names), palette, strict=True)),
                days=7,
            )
        ],
        {"sports": _points(year, largest)},
        [_table(weeks, year, units)],
        width="narrow",
        sports="chosen",
    )


def _running_week(figures: Figures) -> date | None:
    """The first day of today's week; weeks without an activity are not among the rows."""
    if figures.today is None:
        return None
    return figures.today - timedelta(days=(figures.today.weekday() + figures.sunday_first) % 7)


def _finding(seconds: Counter[str]) -> str:
    total = sum(seconds.values())
    first, most = min(seconds.items(), key=lambda item: (-item[1], item[0]))
    doing = _DOING.get(first, first)
    if len(seconds) == 1:
        return f"Nothing but {doing} in the last year: {compact_hours(most)}."
    share = 100 * most / total if total else 0
    return (
        f"{doing.capitalize()} took {quantity(share, '%')} of the last year's {compact_hours(total)}; "
        f"the rest went to {counted(len(seconds) - 1, 'other kind', 'other kinds')} of sport."
    )


def _points(year: list[Row], largest: list[str]) -> Points:
    order = {name: rank for rank, name in enumerate([*largest, _OTHER])}
    seconds: Counter[tuple[int, Any]] = Counter()
    for row in year:
        seconds[order.get(row["family"], len(largest)), row["week"]] += row["moving_time_s"]
    names = [*largest, _OTHER]
    return [
        {"w": str(week), "f": names[rank], "h": rounded(hours(spent), 2), "o": rank}
        for (rank, week), spent in sorted(seconds.items())
    ]


def _table(weeks: list[Row], year: list[Row], units: Units) -> Table:
    ever, recent = _sums(weeks), _sums(year)

    def total(
        field: str, digits: int = 0, unit: Callable[[float], float | None] = float
    ) -> Callable[[str], Cell]:
        return lambda sport: number(unit(ever[sport][field]), digits)

    table = table_of(
        "Sports, the most time first",
        sorted(ever, key=lambda sport: (-ever[sport]["moving_time_s"], sport)),
        {
            "Sport": str,
            "Activities": total("activities"),
            "Hours": total("moving_time_s", 1, hours),
            f"Distance {units.distance}": total("distance_m", unit=units.far),
            f"Climbing {units.climb}": total("climb_m", unit=units.high),
            "Hours, last year": lambda sport: number(hours(recent.get(sport, Counter())["moving_time_s"]), 1),
        },
    )
    return replace(table, is_open=True)


def _sums(rows: list[Row]) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        into = sums.setdefault(row["sport_type"], Counter())
        for name in ("activities", "moving_time_s", "distance_m", "climb_m"):
            into[name] += row[name] or 0
    return sums
