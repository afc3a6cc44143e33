"""Compares tables of two engines: the same names, types, rows in order, nulls, and numbers to 1e-9."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from strava_assets.marts import load
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from strava_assets.warehouse import Warehouse

MARTS = {mart.name: mart for mart in load()}
KEYS = {table.name: table.key for table in TABLES.values()} | {mart.name: mart.key for mart in MARTS.values()}
MAX_DIFFERENCES = 10


def stored(warehouse: Warehouse, name: str) -> pa.Table:
    """All of a table by its key."""
    return warehouse.query(f"SELECT * FROM {name} ORDER BY {', '.join(KEYS[name])}")  # noqa: S608 -- our names


def same(actual: Any, wanted: Any) -> bool:
    """Whether two values are equal. Floats may differ by 1e-9 of their size, as engines add in any order."""
    if isinstance(actual, float) and isinstance(wanted, float):
        return math.isclose(actual, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return type(actual) is type(wanted) and bool(actual == wanted)


def differences(what: str, actual: pa.Table, wanted: pa.Table) -> list[str]:
    """The first differences as sentences."""
    if actual.schema != wanted.schema:
        return [f"{what}: schema {actual.schema.to_string()}, not {wanted.schema.to_string()}"]
    if actual.num_rows != wanted.num_rows:
        return [f"{what}: {actual.num_rows} rows, not {wanted.num_rows}"]
    return [
        f"{what}, row {number}: {name} is {one!r}, not {other!r}"
        for name in wanted.schema.names
        for number, (one, other) in enumerate(
            zip(actual.column(name).to_pylist(), wanted.column(name).to_pylist(), strict=True)
        )
        if not same(one, other)
    ][:MAX_DIFFERENCES]
