"""What a section of the page is made of: a finding, charts, tables, links.

Here are the types that sections return and the cells that several tables share. How they become HTML is
decided in `page`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from strava_assets.report.number_format import day, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from strava_assets.report.charts import Spec
    from strava_assets.report.report_figures import Row

_NAME_LENGTH = 40
_T = TypeVar("_T")


@dataclass(frozen=True)
class Link:
    """A cell with an address; without one where `href` is empty. `value` stands above the text."""

    text: str
    href: str
    value: str = ""


@dataclass(frozen=True)
class Days:
    """A cell that names some days; a click lists their activities."""

    text: str
    first: date
    last: date


Cell = str | Link | Days


@dataclass(frozen=True)
class Fact:
    """A number with its name, above a section's charts."""

    name: str
    value: str


Points = list[dict[str, Any]]
Legend = tuple[tuple[str, str], ...]
"""Names with the palette's colors."""


@dataclass(frozen=True)
class Chart:
    """One chart.

    Args:
        name: unique on the page; letters, digits and dashes.
        title: what is drawn, with its unit.
        description: the chart in a sentence or two, for those who do not see it.
        spec: what `charts.plot` returns.
        zooms: whether it is the overview on which a reader drags to zoom the other charts of its section; it
            is absent without a script.
        share: how much of the page's width it takes: full, half, third or fifth.
        legend: stands above the chart.
        periods: what an overview's buttons zoom to, a name and both ends; without them it zooms all charts
            of time.
        choice: the unit of power for which it is shown, w or kg; without a script it is always shown.
        days: how many days a mark stands for, of which a click lists the activities; 0 where none.
    """

    name: str
    title: str
    description: str
    spec: Spec
    zooms: bool = False
    share: str = "full"
    legend: Legend = ()
    periods: tuple[tuple[str, float, float], ...] = ()
    days: int = 0
    choice: Literal["", "w", "kg"] = ""

    @property
    def is_of_time(self) -> bool:
        """Whether its x axis is the calendar and follows the chosen period."""
        return any(
            layer["encoding"].get("x", {}).get("type") == "temporal"
            for layer in self.spec["layer"]
            if any(param["name"] == "zoom" for param in self.spec["params"])
        )


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart.

    Args:
        caption: what they are.
        columns: the heads, units included; the first names the row.
        rows: one tuple of cells a row.
        words: the columns, by index, that hold words and not numbers.
        is_open: whether the page shows it at once, and not on demand.
    """

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    words: frozenset[int] = frozenset({0})
    is_open: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Args:
        name: its anchor.
        topic: what it is about.
        finding: what the charts show, in one sentence; without charts, what is missing and how to get it.
        charts: the charts.
        data: the rows that the charts name; the page holds them once, however many charts draw them.
        tables: the numbers behind the charts.
        note: how to read them; short definitions.
        short: its name among the links at the top; the topic where empty.
        legend: what all its charts share.
        width: of two columns on a wide screen one, or both.
        sports: of what it is when a reader has chosen another sport than rides: of rides, of all sports
            together, or of the chosen one.
        facts: numbers that stand below the charts.
        badges: what is remarkable, a few words each.
        shape: an SVG path of `route_shape.SIDE` units that stands beside the facts.
    """

    name: str
    topic: str
    finding: str
    charts: list[Chart] = field(default_factory=list)
    data: dict[str, Points] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    note: str = ""
    short: str = ""
    legend: Legend = ()
    width: Literal["wide", "narrow"] = "wide"
    sports: Literal["rides", "together", "chosen"] = "rides"
    facts: tuple[Fact, ...] = ()
    badges: tuple[str, ...] = ()
    shape: str = ""


def table_of(caption: str, rows: Iterable[_T], columns: Mapping[str, Callable[[_T], Cell]]) -> Table:
    """A table from rows and, by its head, what each column shows of a row."""
    return Table(caption, tuple(columns), [tuple(cell(row) for cell in columns.values()) for row in rows])


def numbers(
    name: str, digits: int = 0, unit: Callable[[Any], float | None] = lambda value: value
) -> Callable[[Row], Cell]:
    """A column that shows a field of its rows as a number, converted to a unit."""
    return lambda row: number(unit(row[name]), digits)


def week_of(row: Row) -> Cell:
    """The first day of a row's week; a click lists the week's activities."""
    text = day(row["week"]) + (" (running)" if row["is_partial"] else "")
    return Days(text, row["week"], row["week"] + timedelta(days=6))


def ride_cell(row: Mapping[str, Any], value: str) -> Cell:
    """A number and the ride that holds it, by its name and day.

    Args:
        row: activity_id, activity_date and name, which may be null, of the ride.
        value: the number.
    """
    return ride_link(row["activity_id"], f"{short_name(row)}, {day(row['activity_date'])}", value)


def short_name(row: Mapping[str, Any]) -> str:
    """A ride's name on one line, cut where it is long."""
    name = " ".join((row["name"] or row.get("sport_type") or "Ride").split())
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1].rstrip() + "\u2026"


def ride_link(activity_id: str | None, text: str, value: str = "") -> Cell:
    """A link to a ride on Strava; plain text where there is no id."""
    address = f"https://www.strava.com/activities/{activity_id}" if is_strava_id(activity_id) else ""
    return Link(text, address, value)


def is_strava_id(activity_id: str | None) -> bool:
    """Whether it looks like an id of Strava's; nothing else becomes an address."""
    return bool(activity_id and activity_id.isascii() and activity_id.isdigit())


def without_nulls(point: Row) -> Row:
    """A row as the page holds it: without the fields that are null."""
    return {name: value for name, value in point.items() if value is not None}
