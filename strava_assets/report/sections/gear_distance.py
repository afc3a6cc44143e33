"""Gear: the distance of each bike and each pair of shoes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import plot, tooltip, values
from strava_assets.report.number_format import day, hours, quantity, rounded
from strava_assets.report.section import Cell, Chart, Section, Table, numbers, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Gear"
_MAX_BARS = 10


def build(figures: Figures, units: Units) -> Section:
    """The section from `gear_use`."""
    gear = [row for row in figures.rows("gear_use") if row["kind"] != "none"]
    if not gear:
        return Section(
            "gear", _TOPIC, "No activity names a bike or shoes yet; choose one on Strava and it appears here."
        )
    points = [
        {
            "g": _name(row),
            "d": rounded(units.far(row["distance_m"]), 0),
            "r": rounded(units.far(row["distance_90d_m"]), 0),
            "n": row["activities"],
        }
        for row in gear[:_MAX_BARS]
    ]
    finding = _finding(gear, units)
    title = f"Distance, {units.distance}"
    return Section(
        "gear",
        _TOPIC,
        finding,
        [
            Chart(
                "gear",
                title,
                f"{title} by piece of gear. {finding}",
                _bars(len(points), title),
                legend=(("All time", "bar"), ("Last 90 days", "accent")),
            )
        ],
        {"gear": points},
        [_table(gear, units)],
        "Strava sends gear by its id; distances are summed from the activities that name it.",
    )


def _name(row: Row) -> str:
    noun = {"bike": "Bike", "shoes": "Shoes"}.get(row["kind"], "Gear")
    return f"{noun} {row['gear_id']}"


def _finding(gear: list[Row], units: Units) -> str:
    most, recent = gear[0], max(gear, key=lambda row: (row["distance_90d_m"], row["gear_id"]))
    text = f"Most used: {_name(most)}, {quantity(units.far(most['distance_m']), units.distance)}"
    if not recent["distance_90d_m"]:
        return text + "; nothing was used in the last 90 days."
    distance = quantity(units.far(recent["distance_90d_m"]), units.distance)
    if recent is most:
        return f"{text}, {distance} of it in the last 90 days."
    return f"{text}; in the last 90 days {_name(recent)} leads with {distance}."


def _bars(count: int, title: str) -> Spec:
    def bar(field: str, name: str) -> Spec:
        mark: dict[str, Any] = {"type": "bar", "color": color(name), "height": {"band": 0.62}}
        return {"mark": mark, "encoding": {"x": {"field": field}}}

    return plot(
        "gear",
        values() | {"stack": False},
        {
            "field": "g",
            "type": "nominal",
            "sort": None,
            "axis": {"title": None, "labelLimit": 130, "grid": False},
        },
        bar("d", "bar"),
        bar("r", "accent"),
        height=26 * count,
        tooltip=tooltip(
            ("g", "Gear"), ("d", title, ",.0f"), ("r", "Last 90 days", ",.0f"), ("n", "Activities", ",.0f")
        ),
    )


def _table(gear: list[Row], units: Units) -> Table:
    columns: dict[str, Any] = {
        "Gear": _name,
        "Used most for": _sport,
        "Activities": numbers("activities"),
        "Hours": numbers("moving_time_s", unit=hours),
        f"Distance {units.distance}": numbers("distance_m", unit=units.far),
        f"Last 90 days {units.distance}": numbers("distance_90d_m", unit=units.far),
        "Average W": numbers("average_watts"),
        "First used": lambda row: day(row["first_used_on"]),
        "Last used": lambda row: day(row["last_used_on"]),
    }
    return replace(table_of("Gear, the most distance first", gear, columns), words=frozenset({0, 1}))


def _sport(row: Row) -> Cell:
    return row["main_sport_type"] or ""
