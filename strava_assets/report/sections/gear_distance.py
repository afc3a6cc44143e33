"""Gear: the distance of each bike and each pair of shoes, and when they are due for service."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.report.charts import plot, tooltip, values
from strava_assets.report.number_format import day, hours, number, quantity, rounded
from strava_assets.report.section import Cell, Chart, Section, Table, numbers, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Gear"
_MAX_BARS = 10


class _Service(NamedTuple):
    name: str
    every_m: float
    serviced_on: date | None
    since_m: float

    @property
    def left_m(self) -> float:
        """Meters until the next one; negative where it is overdue."""
        return self.every_m - self.since_m


def build(figures: Figures, units: Units) -> Section:
    """The section from `gear_use`."""
    gear = [row for row in figures.rows("gear_use") if row["kind"] != "none"]
    if not gear:
        return Section(
            "gear", _TOPIC, "No activity names a bike or shoes yet; choose one on Strava and it appears here."
        )
    names = _names(figures, gear)
    points = [
        {
            "g": names[row["gear_id"]],
            "d": rounded(units.far(row["distance_m"]), 0),
            "r": rounded(units.far(row["distance_90d_m"]), 0),
            "n": row["activities"],
        }
        for row in gear[:_MAX_BARS]
    ]
    services = _services(figures)
    finding = _finding(names, gear, units) + _due(services, units)
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
        [*([_service_table(services, units)] if services else []), _table(names, gear, units)],
        "Distances are summed from the activities that name the gear; Strava's own may hold more, added "
        "there by hand. Names are those of your Strava profile, of the export, or of the athlete file, which "
        "also takes service intervals.",
        width="narrow",
        sports="together",
    )


def _names(figures: Figures, gear: list[Row]) -> dict[str, str]:
    """A name by gear id that no other piece has: a pair of shoes often follows one of the same name."""
    names = {row["gear_id"]: _name(figures, row) for row in gear}
    count = Counter(names.values())
    return {gear_id: f"{name} ({gear_id})" if count[name] > 1 else name for gear_id, name in names.items()}


def _name(figures: Figures, row: Row) -> str:
    if named := figures.gear.get(row["gear_id"]):
        return named.name
    if row["gear_name"]:
        return str(row["gear_name"])
    noun = {"bike": "Bike", "shoes": "Shoes"}.get(row["kind"], "Gear")
    return f"{noun} {row['gear_id']}"


def _finding(names: Mapping[str, str], gear: list[Row], units: Units) -> str:
    most, recent = gear[0], max(gear, key=lambda row: (row["distance_90d_m"], row["gear_id"]))
    text = f"Most used: {names[most['gear_id']]}, {quantity(units.far(most['distance_m']), units.distance)}"
    if not recent["distance_90d_m"]:
        return text + "; nothing was used in the last 90 days."
    distance = quantity(units.far(recent["distance_90d_m"]), units.distance)
    if recent is most:
        return f"{text}, {distance} of it in the last 90 days."
    return f"{text}; in the last 90 days {names[recent['gear_id']]} leads with {distance}."


def _services(figures: Figures) -> list[_Service]:
    """The gear with a service interval, the one that is due first in front.

    The athlete file may hold gear of another athlete, so only what this one's activities name is listed.
    """
    used = {row["gear_id"] for row in figures.gear_days}
    services = [
        _Service(
            gear.name,
            gear.service_every_m,
            gear.serviced_on,
            sum(
                row["distance_m"]
                for row in figures.gear_days
                if row["gear_id"] == gear_id
                and (gear.serviced_on is None or row["activity_date"] > gear.serviced_on)
            ),
        )
        for gear_id, gear in figures.gear.items()
        if gear.service_every_m is not None and gear_id in used
    ]
    return sorted(services, key=lambda service: (service.left_m, service.name))


def _due(services: list[_Service], units: Units) -> str:
    if not services:
        return ""
    first = services[0]
    distance = quantity(units.far(abs(first.left_m)), units.distance)
    if first.left_m < 0:
        return f" {first.name} is due for service since {distance}."
    return f" Next service: {first.name}, in {distance}."


def _service_table(services: list[_Service], units: Units) -> Table:
    return table_of(
        "Service intervals, what is due first in front",
        services,
        {
            "Gear": lambda service: service.name,
            f"Every {units.distance}": lambda service: number(units.far(service.every_m)),
            "Last service": lambda service: day(service.serviced_on),
            f"Since then {units.distance}": lambda service: number(units.far(service.since_m)),
            f"Left {units.distance}": lambda service: number(units.far(service.left_m)),
        },
    )


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
            "axis": {"title": None, "labelLimit": 170, "grid": False},
        },
        bar("d", "bar"),
        bar("r", "accent"),
        height=26 * count,
        tooltip=tooltip(
            ("g", "Gear"), ("d", title, ",.0f"), ("r", "Last 90 days", ",.0f"), ("n", "Activities", ",.0f")
        ),
    )


def _table(names: Mapping[str, str], gear: list[Row], units: Units) -> Table:
    columns: dict[str, Any] = {
        "Gear": lambda row: names[row["gear_id"]],
        "Used most for": _sport,
        "Activities": numbers("activities"),
        "Hours": numbers("moving_time_s", unit=hours),
        f"Distance {units.distance}": numbers("distance_m", unit=units.far),
        f"On Strava {units.distance}": numbers("strava_distance_m", unit=units.far),
        f"Last 90 days {units.distance}": numbers("distance_90d_m", unit=units.far),
        "Average W": numbers("average_watts"),
        "First used": lambda row: day(row["first_used_on"]),
        "Last used": lambda row: day(row["last_used_on"]),
    }
    return replace(table_of("Gear, the most distance first", gear, columns), words=frozenset({0, 1}))


def _sport(row: Row) -> Cell:
    return row["main_sport_type"] or ""
