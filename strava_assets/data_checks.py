"""What a data check is: a query or a computation, a threshold, and the rows that a person should look at.

`checks` makes asset checks of them. A mart's own checks stand beside its SQL, in `marts`; add here only what
every table can use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.landing import Landing
    from strava_assets.schema.columns import Column
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.engine import Warehouse


class DescribedTable(Protocol):
    """A table of the registry, or a mart."""

    @property
    def name(self) -> str:
        """Its name in the warehouse."""

    @property
    def grain(self) -> str:
        """What one row is."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns in order."""


@dataclass(frozen=True)
class Finding:
    """What a check saw.

    Args:
        measured: the value, as a number that plots.
        threshold: what it is held against.
        passed: whether it holds.
        message: one sentence for a person.
        rows: the offenders, with `activity_id` where there is one to link to.
    """

    measured: float
    threshold: float
    passed: bool
    message: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def none_of(cls, rows: list[dict[str, Any]], what: str, *, advice: str = "") -> Finding:
        """A finding that passes when there are no offenders; `advice` follows the message when there are."""
        if not rows:
            return cls(0, 0, passed=True, message=f"No {what}.")
        message = f"{what[0].upper()}{what[1:]}: {len(rows)}.{advice and f' {advice}'}"
        return cls(len(rows), 0, passed=False, message=message, rows=rows)


@dataclass(frozen=True)
class Subject:
    """What a check may look at."""

    warehouse: Warehouse
    landing: Landing
    streams: StreamStore

    def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a query's answer."""
        rows: list[dict[str, Any]] = self.warehouse.query(sql, params or None).to_pylist()
        return rows

    def none_of(self, what: str, sql: str, *, advice: str = "", **params: Any) -> Finding:
        """A finding that passes when a query answers with no row."""
        return Finding.none_of(self.rows(sql, **params), what, advice=advice)


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        name: unique within its asset.
        description: what is held, and why it matters.
        look: measures it.
        blocking: whether a failure stops what is downstream; only where wrong data would flow on.
        warn: whether a failure is a warning: worth a look, not a fault of the data's processing.
    """

    name: str
    description: str
    look: Callable[[Subject], Finding]
    blocking: bool = False
    warn: bool = False


def offenders(
    name: str, description: str, what: str, sql: str, *, blocking: bool = True, **params: Any
) -> Check:
    """A check that passes when a query answers with no row; one that does not block is a warning.

    Args:
        name: the check's name.
        description: what is held.
        what: what the rows are, in the plural, for the message.
        sql: the query for the offenders.
        blocking: whether a failure stops what is downstream.
        params: the query's parameters.
    """
    return Check(
        name,
        description,
        lambda subject: subject.none_of(what, sql, **params),
        blocking=blocking,
        warn=not blocking,
    )


def key_is_unique(table: DescribedTable) -> Check:
    """The check that no two rows have one key, and no part of a key is missing."""
    key = ", ".join(table.key)
    missing = " OR ".join(f"{name} IS NULL" for name in table.key)
    return offenders(
        "key_unique",
        f"One row is {table.grain}: the combination of {key} is unique.",
        f"rows of {table.name} with a doubled or missing key",
        f"SELECT {key}, COUNT(*) AS times FROM {table.name} GROUP BY {key} HAVING COUNT(*) > 1 OR {missing}",  # noqa: S608 - the catalog's names
    )


def numbers_are_finite(table: DescribedTable) -> Check:
    """The check that no column has NaN or infinity."""
    floats = [column.name for column in table.columns if column.type is ColumnType.FLOAT]
    counts = ", ".join(f"COUNTIF(IS_NAN({name}) OR IS_INF({name})) AS {name}" for name in floats)

    def look(subject: Subject) -> Finding:
        [row] = subject.rows(f"SELECT {counts} FROM {table.name}")  # noqa: S608 - the catalog's names
        rows = [{"column": name, "rows": count} for name, count in row.items() if count]
        return Finding.none_of(rows, f"columns of {table.name} with NaN or infinity")

    return Check(
        "numbers_finite", "A number that cannot be known is null, never NaN or infinity.", look, blocking=True
    )


def every_table_checks(table: DescribedTable) -> tuple[Check, ...]:
    """The checks that every table has."""
    has_floats = any(column.type is ColumnType.FLOAT for column in table.columns)
    return (key_is_unique(table), *([numbers_are_finite(table)] if has_floats else []))
