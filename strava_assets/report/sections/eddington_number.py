"""The Eddington number: E days with E kilometers or miles, its growth, and what the next one needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.charts import days, line, plot, tooltip, values
from strava_assets.report.number_format import NBSP, counted, day
from strava_assets.report.section import Chart, Section, Table, numbers, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Eddington number"
_AHEAD = 10
_MONTHS_UP_TO_YEARS = 2


def build(figures: Figures, units: Units) -> Section:
    """The section from `eddington`."""
    rows = [row for row in figures.rows("eddington") if row["unit"] == units.distance]
    now = rows[0]["eddington_number"] if rows else 0
    if not now:
        return Section("eddington", _TOPIC, f"No day with a {units.distance} yet; the first one makes it 1.")
    finding = _finding(rows, now, units)
    reached = {str(row["reached_on"]): row["number"] for row in rows if row["reached_on"] is not None}
    growth = [{"w": reached_on, "e": number} for reached_on, number in sorted(reached.items())]
    ahead = [row for row in rows if now < row["number"] <= now + _AHEAD]
    return Section(
        "eddington",
        _TOPIC,
        finding,
        [
            Chart(
                "eddington-growth",
                "The number over time",
                f"The Eddington number since the first ride. {finding}",
                _growth(by_year=len({reached_on[:4] for reached_on in reached}) > _MONTHS_UP_TO_YEARS),
                share="half",
            ),
            Chart(
                "eddington-ahead",
                "Days missing for the next numbers",
                f"Days still missing for each number above {now}; they are in the table.",
                _days_missing(units),
                share="half",
            ),
        ],
        {
            "eddington": growth,
            "eddington-ahead": [{"e": row["number"], "m": row["days_missing"]} for row in ahead],
        },
        [_table(rows, now, units)],
        short="Eddington",
        width="narrow",
    )


def _finding(rows: list[Row], now: int, units: Units) -> str:
    text = f"{now}: on {counted(now, 'day')} you rode {now}{NBSP}{units.distance} or more"
    following = next((row for row in rows if row["number"] == now + 1), None)
    if following is None:
        return text + "."
    missing = following["days_missing"]
    days_to_go = "one day" if missing == 1 else f"{missing} days"
    return f"{text}; {days_to_go} of {now + 1}{NBSP}{units.distance} to go to {now + 1}."


def _growth(*, by_year: bool) -> Spec:
    entries = tooltip(("e", "Number", "d"), ("w", "Reached on", "%-d %b %Y"))
    invisible = {"type": "point", "size": 60, "opacity": 0, "filled": True}
    return plot(
        "eddington",
        days(years=by_year),
        values() | {"field": "e"},
        line("e", "accent", 2.25, interpolate="step-after"),
        {"mark": invisible, "encoding": {"tooltip": entries}},
        height=180,
    )


def _days_missing(units: Units) -> Spec:
    return plot(
        "eddington-ahead",
        {"field": "e", "type": "ordinal", "axis": {"title": None, "labelAngle": 0}},
        values(lines=4) | {"field": "m"},
        {"mark": {"type": "bar", "color": color("bar")}, "encoding": {}},
        height=180,
        tooltip=tooltip(("e", "Number"), ("m", f"Days missing, {units.distance}", "d")),
    )


def _table(rows: list[Row], now: int, units: Units) -> Table:
    return table_of(
        "Eddington numbers, the next ones first",
        [row for row in reversed(rows) if row["number"] <= now + _AHEAD],
        {
            "Number": numbers("number"),
            f"Days of so many {units.distance} so far": numbers("days"),
            "Days missing": numbers("days_missing"),
            "Reached on": lambda row: day(row["reached_on"]),
        },
    )
