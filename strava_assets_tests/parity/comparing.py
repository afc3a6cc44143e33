"""Two tables as answers of two engines: the same names, types, rows in order, nulls, and numbers to 1e-9."""

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
SHOWN = 10


def stored(warehouse: Warehouse, name: str) -> pa.Table:
    """All of a table by its key."""
    return warehouse.query(f"SELECT * FROM {name} ORDER BY {', '.join(KEYS[name])}")  # noqa: S608 -- our names


def same(found: Any, wanted: Any) -> bool:
    """Equal, where floats may differ by 1e-9 of their size: engines add in different orders."""
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return type(found) is type(wanted) and bool(found == wanted)


def differences(what: str, found: pa.Table, wanted: pa.Table) -> list[str]:
    """What is not the same, in words; the first few."""
    if found.schema != wanted.schema:
        return [f"{what}: schema {found.schema.to_string()}, not {wanted.schema.to_string()}"]
    if found.num_rows != wanted.num_rows:
        return [f"{what}: {found.num_rows} rows, not {wanted.num_rows}"]
    return [
        f"{what}, row {number}: {name} is {one!r}, not {other!r}"
        for name in wanted.schema.names
        for number, (one, other) in enumerate(
            zip(found.column(name).to_pylist(), wanted.column(name).to_pylist(), strict=True)
        )
        if not same(one, other)
    ][:SHOWN]
