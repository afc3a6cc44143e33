"""What a stored table lacks to be the registry's, and whether it may be had; the engines carry it out.

Nothing here talks to an engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.warehouse.errors import ForeignSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strava_assets.schema import Column, ColumnType, Table


@dataclass(frozen=True)
class StoredColumn:
    """A column as the engine has it: its type in the engine's words, and whether it may be null."""

    type_name: str
    nullable: bool


@dataclass(frozen=True)
class Growth:
    """What is to be done to a stored table: columns to add, columns that may be null from now on."""

    added: tuple[Column, ...]
    relaxed: tuple[Column, ...]


def growth(
    table: Table,
    stored: Mapping[str, StoredColumn],
    *,
    address: str,
    type_name: Callable[[ColumnType], str],
) -> Growth:
    """Compare a declared table with a stored one.

    Args:
        table: as declared.
        stored: as the engine has it.
        address: the table's name in messages.
        type_name: the engine's word for a logical type.

    Raises:
        ForeignSchemaError: a column has another type; a required one is missing; or a stored column the
            registry does not know may not be null, so that no row of ours could be stored.
    """
    for column in table.columns:
        expected = type_name(column.type)
        existing = stored.get(column.name)
        if existing is None and not column.nullable:
            raise ForeignSchemaError(address, column.name, actual="missing", expected=f"{expected} NOT NULL")
        if existing is not None and existing.type_name != expected:
            raise ForeignSchemaError(address, column.name, actual=existing.type_name, expected=expected)
    declared = {column.name for column in table.columns}
    for name, existing in stored.items():
        if name not in declared and not existing.nullable:
            raise ForeignSchemaError(
                address, name, actual=f"{existing.type_name} NOT NULL", expected="absent or nullable"
            )
    return Growth(
        added=tuple(c for c in table.columns if c.name not in stored),
        relaxed=tuple(
            c for c in table.columns if c.nullable and c.name in stored and not stored[c.name].nullable
        ),
    )


def known_types(
    stored: Mapping[str, StoredColumn], types: Mapping[str, ColumnType], *, address: str
) -> dict[str, ColumnType]:
    """The stored columns in the registry's types, in order.

    Raises:
        ForeignSchemaError: a column's type is none of them.
    """
    for name, column in stored.items():
        if column.type_name not in types:
            raise ForeignSchemaError(
                address, name, actual=column.type_name, expected=f"one of {', '.join(types)}"
            )
    return {name: types[column.type_name] for name, column in stored.items()}
