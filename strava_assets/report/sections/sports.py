"""Sports: hours by week and family over the last year, totals by sport."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import compact_hours, counted, hours, number, quantity, rounded
from strava_assets.report.sections.drawing import (
    WIDTHS,
    colours,
    named_rows,
    span,
    spec,
    time_axis,
    value_axis,
    week_bars,
)
from strava_assets.report.sections.parts import Chart, Points, Section, Table

if TYPE_CHECKING:
    from datetime import date

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Sports"
_SHOWN = timedelta(weeks=52)
_FAMILIES = 4
_OTHER = "other"
_DOING = {"ride": "riding", "run": "running", "walk": "walking", "swim": "swimming", "ski": "skiing"}


def build(figures: Figures, units: Units) -> Section:
    """The section from `sport_overview`."""
    weeks = figures.rows("sport_overview")
    if not weeks:
        return Section("sports", _TOPIC, "There is no activity yet; every sport gets its colour here.")
    since = weeks[-1]["week"] - _SHOWN
    year = [row for row in weeks if row["week"] > since]
    spent: Counter[str] = Counter()
    for row in year:
        spent[row["family"]] += row["moving_time_s"]
    families = [
        name for name, _ in sorted(spent.items(), key=lambda item: (-item[1], item[0])) if name != _OTHER
    ]
    shown = families[:_FAMILIES]
    rest = len(spent) > len(shown)
    names = [*shown, *([_OTHER] if rest else [])]
    palette = [*(f"sport{rank}" for rank in range(1, len(shown) + 1)), *(["sport5"] if rest else [])]
    finding = _finding(spent)
    return Section(
        "sports",
        _TOPIC,
        finding,
        [
            Chart(
                "sports",
                "Time in motion, hours a week",
                f"Hours by week and kind of sport over the last year. {finding}",
                spec(_bars(names, palette, weeks[-1]["week"])),
                legend=tuple(zip((name.capitalize() for name in names), palette, strict=True)),
            )
        ],
        {"sports": _points(year, shown)},
        [_table(weeks, year, units)],
    )


def _finding(spent: Counter[str]) -> str:
    total = sum(spent.values())
    first, most = min(spent.items(), key=lambda item: (-item[1], item[0]))
    doing = _DOING.get(first, first)
    if len(spent) == 1:
        return f"Nothing but {doing} in the last year: {compact_hours(most)}."
    share = 100 * most / total if total else 0
    return (
        f"{doing.capitalize()} took {quantity(share, '%')} of the last year's {compact_hours(total)}; "
        f"the rest went to {counted(len(spent) - 1, 'other kind', 'other kinds')} of sport."
    )


def _points(year: list[Row], shown: list[str]) -> Points:
    sums: Counter[tuple[Any, str]] = Counter()
    for row in year:
        sums[row["week"], row["family"] if row["family"] in shown else _OTHER] += row["moving_time_s"]
    order = {name: rank for rank, name in enumerate([*shown, _OTHER])}
    return [
        {"w": str(week), "f": family, "h": rounded(hours(spent), 2), "o": order[family]}
        for (week, family), spent in sorted(sums.items(), key=lambda item: (order[item[0][1]], item[0][0]))
    ]


def _bars(names: list[str], palette: list[str], until: date) -> Any:
    import altair as alt

    return (
        week_bars(alt.Chart(named_rows("sports")))
        .transform_stack(stack="h", groupby=["w"], sort=[alt.SortField("o")], as_=["low", "high"])
        .mark_bar()
        .encode(
            alt.X("s:T", scale=alt.Scale(domain=span(until - _SHOWN, until)), axis=time_axis()),
            alt.X2("e:T"),
            alt.Y("low:Q", axis=value_axis(tickCount=4)),
            alt.Y2("high:Q"),
            alt.Color("f:N", scale=colours(names, palette), legend=None),
            tooltip=[
                alt.Tooltip("w:T", title="Week of", format="%-d %b %Y"),
                alt.Tooltip("f:N", title="Sport"),
                alt.Tooltip("h:Q", title="Hours", format=".1f"),
            ],
        )
        .properties(width=WIDTHS["full"], height=180)
    )


def _table(weeks: list[Row], year: list[Row], units: Units) -> Table:
    def summed(found: list[Row]) -> dict[str, Counter[str]]:
        sums: dict[str, Counter[str]] = {}
        for row in found:
            into = sums.setdefault(row["sport_type"], Counter())
            for name in ("activities", "moving_time_s", "distance_m", "climb_m"):
                into[name] += row[name] or 0
        return sums

    ever, recent = summed(weeks), summed(year)
    return Table(
        "Sports, the most time first",
        (
            "Sport",
            "Activities",
            "Hours",
            f"Distance {units.distance}",
            f"Climbing {units.climb}",
            "Hours, last year",
        ),
        [
            (
                sport,
                number(sums["activities"]),
                number(hours(sums["moving_time_s"]), 1),
                number(units.far(sums["distance_m"])),
                number(units.high(sums["climb_m"])),
                number(hours(recent.get(sport, Counter())["moving_time_s"]), 1),
            )
            for sport, sums in sorted(ever.items(), key=lambda item: (-item[1]["moving_time_s"], item[0]))
        ],
    )
