"""Which marts and columns BI tools get, and what each column is over several rows.

A column that follows from sums is never handed out itself: a tool would offer its mean, which is a mean of
means. In its place stands a measure. What is not published is not handed out: views, intermediate tables,
places, raw JSON, and times on the athlete's own clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.marts import Mart, load
from strava_assets.marts.publishable import withheld
from strava_assets.marts.ratio import SUM, summary_expression
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strava_assets.bi.formulas import Formula
    from strava_assets.schema.columns import Column


@dataclass(frozen=True)
class Measure:
    """A value over any set of rows of one mart.

    Args:
        column: the mart's column that it is over several rows, or what it is called if it is none.
        mart: the mart whose rows it is of.
        formula: what it is.
        unit: its unit, as in the registry.
        meaning: one line, for the person who reads it.
        type: whether it is a whole number.
    """

    column: str
    mart: str
    formula: Formula
    unit: str
    meaning: str
    type: ColumnType = ColumnType.FLOAT

    @property
    def name(self) -> str:
        """Its name, unique among all marts."""
        return f"{self.column} ({self.mart})"


@dataclass(frozen=True)
class BiTable:
    """What a tool gets of one mart.

    Args:
        mart: the mart.
        columns: its columns that are handed out: all but those that are ratios of sums.
        measures: its sums and ratios.
        calendar_column: the date in its key, by which a calendar reaches it; empty without one.
    """

    mart: Mart
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]
    calendar_column: str

    @property
    def name(self) -> str:
        """The mart's name."""
        return self.mart.name


def exported_tables(marts: Iterable[Mart] | None = None) -> tuple[BiTable, ...]:
    """Every mart for BI tools, by name.

    Args:
        marts: the catalog in which they are; that of the project unless given.
    """
    catalog = {mart.name: mart for mart in (load() if marts is None else marts)}
    return tuple(_table(mart, catalog) for _, mart in sorted(catalog.items()) if mart.kind == "mart")


def _table(mart: Mart, catalog: Mapping[str, Mart]) -> BiTable:
    hidden = withheld(mart, catalog)
    public = [column for column in mart.columns if column.name not in hidden]
    dates = [column.name for column in public if column.type is ColumnType.DATE and column.name in mart.key]
    return BiTable(
        mart=mart,
        columns=tuple(column for column in public if column.summary in {"", SUM}),
        measures=tuple(
            Measure(column.name, mart.name, formula, column.unit, column.meaning, column.type)
            for column in public
            if (formula := summary_expression(column))
        ),
        calendar_column=dates[0] if dates else "",
    )
