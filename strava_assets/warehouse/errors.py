"""Errors of every engine, each with what to do.

Causes that only one engine knows stand beside that engine.
"""

from __future__ import annotations

from strava_assets.errors import StravaAssetsError
from strava_assets.schema.tables import MADE_WITH


class WarehouseError(StravaAssetsError):
    """The warehouse could not do what it was asked; what it held before is unchanged."""


class StatementFailedError(WarehouseError):
    """The engine refused or broke off a statement."""


class MissingTableError(StatementFailedError):
    """A statement reads a table that nothing has made yet."""

    def __init__(self, table: str, address: str) -> None:
        self.table = table
        super().__init__(
            f"There is no table {table} in {address} yet.",
            means="It is read by what was to be done. Nothing was changed.",
            remedy=f"Materialize {MADE_WITH.get(table, table)} first. To materialize everything in its "
            "order, launch the job sync or run: strava-assets sync",
        )


class UnfitNameError(WarehouseError):
    """A table's or column's name is not one that both engines accept."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} cannot name a table or a column.",
            means="Names are letters, digits and underscores, and do not begin with a digit.",
            remedy="Rename it where it is declared.",
        )


class UnfitRowsError(WarehouseError):
    """Rows handed in do not have the columns their table declares; none of them was stored."""

    def __init__(self, table: str, column: str, problem: str) -> None:
        self.table = table
        self.column = column
        super().__init__(
            f"Rows for {table} do not fit: column {column} {problem}.",
            means="None of these rows was stored; the table is as it was.",
            remedy="Declare the column as the rows have it, or correct what makes the rows.",
        )


class ForeignSchemaError(WarehouseError):
    """A stored table is not the one the registry declares; it was not touched."""

    def __init__(self, address: str, column: str, *, actual: str, expected: str) -> None:
        self.address = address
        self.column = column
        self.actual = actual
        self.expected = expected
        super().__init__(
            f"Table {address} is not as declared: column {column} is {actual}, expected {expected}.",
            means="It was made by something else or by another version; nothing in it was changed.",
            remedy=f"Rename or drop {address} or name another database; it is then rebuilt from the landing.",
        )
