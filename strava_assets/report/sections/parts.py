"""What a section of the page is made of: a finding, charts, tables.

How they become HTML is the page's matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import day

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = 40


@dataclass(frozen=True)
class Link:
    """A cell that leads somewhere.

    Args:
        text: what is read.
        href: where it leads; nowhere when empty.
        value: what stands above it.
    """

    text: str
    href: str
    value: str = ""


Cell = str | Link
Points = list[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """One picture.

    Args:
        name: unique on the page; letters, digits and dashes.
        title: what is drawn, with its unit.
        described: the picture in a sentence or two, for those who do not see it.
        spec: Vega-Lite; its width is a proposal that the page adapts.
        zooms: it is the overview on which one drags to zoom the other charts of its section; nothing without
            a script.
        share: how much of the page's width it takes: full, half, third or fifth.
        legend: names with the palette's colours, drawn above the chart.
        periods: what an overview's buttons zoom to, a name and both ends; by default years.
    """

    name: str
    title: str
    described: str
    spec: dict[str, Any]
    zooms: bool = False
    share: str = "full"
    legend: tuple[tuple[str, str], ...] = ()
    periods: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture.

    Args:
        caption: what they are.
        columns: the heads, units included; the first names the row.
        rows: one tuple of cells a row.
        words: the columns, by index, that hold words and not numbers.
        is_open: whether it is there to be read at once, and not on demand.
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
        finding: what is seen, in one sentence; what is missing and how to get it, where nothing is.
        charts: the pictures.
        data: the rows that their specs name; in the page once, however many charts draw them.
        tables: the numbers behind them.
        note: how to read them; definitions in short.
        short: its name among the links at the top; the topic where empty.
        legend: names with the palette's colours, which all its charts share.
    """

    name: str
    topic: str
    finding: str
    charts: list[Chart] = field(default_factory=list)
    data: dict[str, Points] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    note: str = ""
    short: str = ""
    legend: tuple[tuple[str, str], ...] = ()


def told_ride(row: Mapping[str, Any], value: str) -> Cell:
    """A figure and the ride that holds it: its name, cut where it is long, and its day.

    Args:
        row: activity_id, activity_date and name, which may be null, of the ride.
        value: the figure.
    """
    return ride_link(row["activity_id"], f"{short_name(row)}, {day(row['activity_date'])}", value)


def short_name(row: Mapping[str, Any]) -> str:
    """A ride's name on one line, cut where it is long."""
    name = " ".join((row["name"] or row.get("sport_type") or "Ride").split())
    return name if len(name) <= _NAME else name[: _NAME - 1].rstrip() + "\u2026"


def ride_link(activity_id: str | None, text: str, value: str = "") -> Cell:
    """A ride on Strava, where it is known which."""
    # Only what looks like Strava's id becomes an address.
    known = activity_id and activity_id.isascii() and activity_id.isdigit()
    return Link(text, f"https://www.strava.com/activities/{activity_id}" if known else "", value)
