"""The records wall: personal records, the rides that hold them, and how close the last 90 days came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strava_assets.report.charts import plot, tooltip, values
from strava_assets.report.number_format import NOTHING, day, duration, quantity, rounded
from strava_assets.report.section import Cell, Chart, Section, ride_cell, short_name, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Points

_TOPIC = "Records"
_NAMES = {
    "longest_distance": "Longest distance",
    "longest_time": "Longest time in motion",
    "most_climbing": "Most climbing",
    "highest_average_watts": "Highest average power, 20 minutes or more",
    "highest_weighted_watts": "Highest weighted power, 20 minutes or more",
    "most_work": "Most work",
}


def build(figures: Figures, units: Units) -> Section:
    """The section from `personal_records`."""
    records = {
        (row["period"], row["record"]): row
        for row in figures.rows("personal_records")
        if row["record"] in _NAMES
    }
    if not records:
        return Section("records", _TOPIC, "No record yet; the first ride sets them all.")

    def of(period: str) -> Callable[[str], Cell]:
        return lambda record: _cell(records.get((period, record)), record, units)

    year = str(figures.today.year) if figures.today else ""
    periods = (("all_time", "All time"), (year, year), ("last_90_days", "Last 90 days"))
    columns = {head: of(key) for key, head in periods if any(period == key for period, _ in records)}
    table = table_of(
        "Records and the rides that hold them",
        [name for name in _NAMES if any(record == name for _, record in records)],
        {"Record": _NAMES.__getitem__} | columns,
    )
    closeness = _closeness(records)
    charts = [
        Chart(
            "records",
            "The last 90 days, % of the record",
            f"How close the last 90 days came to each record. {_finding(records, year)}",
            _bars(len(closeness)),
        )
    ]
    return Section(
        "records",
        _TOPIC,
        _finding(records, year),
        charts if closeness else [],
        {"records": closeness} if closeness else {},
        tables=[replace(table, words=frozenset(range(4)), is_open=True)],
        note="Flagged, manually entered and motor-assisted rides never hold a record; distance and climbing "
        "count on the road.",
    )


def _closeness(records: dict[tuple[str, str], Row]) -> Points:
    """Of each record the share that the last 90 days reached."""
    return [
        {
            "n": name.partition(",")[0],
            "p": rounded(100 * recent["value"] / ever["value"]),
            "t": f"{short_name(recent)}, {day(recent['activity_date'])}",
            "x": "record" if recent["activity_id"] == ever["activity_id"] else None,
        }
        for record, name in _NAMES.items()
        if (ever := records.get(("all_time", record))) and (recent := records.get(("last_90_days", record)))
    ]


def _bars(count: int) -> Spec:
    shade = {"condition": {"test": "isValid(datum.x)", "value": color("accent")}, "value": color("bar")}
    words = {"type": "text", "align": "left", "dx": 6, "fontWeight": "bold", "color": color("text")}
    text = {"x": {"field": "p"}, "text": {"field": "p", "type": "quantitative", "format": ".0f"}}
    return plot(
        "records",
        values() | {"scale": {"domain": [0, 108], "nice": False}},
        {
            "field": "n",
            "type": "nominal",
            "sort": None,
            "axis": {"title": None, "labelLimit": 160, "grid": False},
        },
        {
            "mark": {"type": "bar", "height": {"band": 0.62}},
            "encoding": {"x": {"field": "p"}, "color": shade},
        },
        {"mark": words, "encoding": text},
        height=26 * count,
        tooltip=tooltip(("n", "Record"), ("p", "% of it in the last 90 days", ".0f"), ("t", "By")),
    )


def _finding(records: dict[tuple[str, str], Row], year: str) -> str:
    ever = [row for (period, _), row in records.items() if period == "all_time"]
    if not ever:
        return "No all-time record yet."
    latest = max(ever, key=lambda row: (row["activity_date"], row["record"]))
    name = _NAMES[latest["record"]].partition(",")[0].lower()
    text = f"The newest all-time record is the {name}, set on {day(latest['activity_date'])}"
    fresh = sum(str(row["activity_date"].year) == year for row in ever)
    return text + (f"; {fresh} of {len(ever)} were set this year." if fresh > 1 else ".")


def _cell(row: Row | None, record: str, units: Units) -> Cell:
    if row is None:
        return NOTHING
    value = row["value"]
    text = {
        "longest_distance": lambda: quantity(units.far(value), units.distance, 1),
        "longest_time": lambda: duration(value),
        "most_climbing": lambda: quantity(units.high(value), units.climb),
    }.get(record, lambda: quantity(value, row["unit"]))()
    return ride_cell(row, text)
