"""Personal records, each with the ride that holds it on Strava."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.numbers import NOTHING, day, duration, quantity
from strava_assets.report.sections.parts import Cell, Section, Table, told_ride

if TYPE_CHECKING:
    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

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
    held = {
        (row["period"], row["record"]): row
        for row in figures.rows("personal_records")
        if row["record"] in _NAMES
    }
    if not held:
        return Section("records", _TOPIC, "No record yet; the first ride sets them all.")
    year = str(figures.today.year) if figures.today else ""
    periods = [("all_time", "All time"), (year, year), ("last_90_days", "Last 90 days")]
    shown = [(key, head) for key, head in periods if any(period == key for period, _ in held)]
    rows: list[tuple[Cell, ...]] = []
    for record, name in _NAMES.items():
        if any((key, record) in held for key, _ in shown):
            rows.append((name, *(_cell(held.get((key, record)), record, units) for key, _ in shown)))
    heads = [head for _, head in shown]
    return Section(
        "records",
        _TOPIC,
        _finding(held, year),
        tables=[
            Table(
                "Records and the rides that hold them",
                ("Record", *heads),
                rows,
                words=frozenset(range(4)),
                is_open=True,
            )
        ],
        note="Flagged, typed-in and motor-assisted rides never hold a record; distance and climbing count on "
        "the road.",
    )


def _finding(held: dict[tuple[str, str], Row], year: str) -> str:
    ever = [row for (period, _), row in held.items() if period == "all_time"]
    if not ever:
        return "No all-time record yet."
    latest = max(ever, key=lambda row: (row["activity_date"], row["record"]))
    name = _NAMES[latest["record"]].partition(",")[0].lower()
    text = f"The newest all-time record is the {name}, set on {day(latest['activity_date'])}"
    fresh = sum(str(row["activity_date"].year) == year for row in ever)
    return text + (f"; {fresh} of {len(ever)} fell this year." if fresh > 1 else ".")


def _cell(row: Row | None, record: str, units: Units) -> Cell:
    if row is None:
        return NOTHING
    value = row["value"]
    told = {
        "longest_distance": lambda: quantity(units.far(value), units.distance, 1),
        "longest_time": lambda: duration(value),
        "most_climbing": lambda: quantity(units.high(value), units.climb),
    }.get(record, lambda: quantity(value, row["unit"]))()
    return told_ride(row, told)
