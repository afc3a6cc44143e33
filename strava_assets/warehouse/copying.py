"""Moving house: the tables nothing else can bring back, from one warehouse to another, held to be the same.

Marts are not carried, since a refresh makes them. Which warehouses, and what is told meanwhile, is the
caller's matter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.schema.mart_inputs import ATHLETE_OBSERVATIONS
from strava_assets.warehouse.comparing import comparable_rows, read_table
from strava_assets.warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.schema import Table
    from strava_assets.warehouse.engine import Warehouse

CARRIED = (ACTIVITIES, REJECTED_RECORDS, ATHLETE_OBSERVATIONS, LOADED_BATCHES)
"""In this order: the ledger comes last, so that it never claims activities that have not arrived."""

_DIGEST_BYTES = 16
_MODULUS = 1 << 8 * _DIGEST_BYTES


@dataclass(frozen=True)
class Fingerprint:
    """What a table holds, whatever the order of its rows.

    Args:
        rows: how many.
        checksum: the sum of the digests of all rows over all columns.
    """

    rows: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows, checksum {self.checksum:032x}"


@dataclass(frozen=True)
class Carried:
    """What copying a table came to.

    Args:
        table: its name.
        fingerprint: of both tables, which agree.
        sent: rows that the target did not have yet.
    """

    table: str
    fingerprint: Fingerprint
    sent: int


class NothingToCopyError(WarehouseError):
    """The source holds no history."""

    def __init__(self, source: Warehouse) -> None:
        super().__init__(
            f"There is no history in {source.address} to copy.",
            means="Nothing was changed.",
            remedy="Correct where it is (the home's folder, or project and dataset), or run a sync there.",
        )


class TargetHasItsOwnError(WarehouseError):
    """The target has loaded what the source never saw; copying would mix two histories."""

    def __init__(self, source: Warehouse, target: Warehouse, batches: int) -> None:
        super().__init__(
            f"{target.address} has loaded {batches:,} batches that {source.address} does not know.",
            means="It has a history of its own or is the newer one. Nothing was changed.",
            remedy=f"Copy the other way round, name an empty place, or drop the tables in {target.address}.",
        )


class CopyDiffersError(WarehouseError):
    """What arrived is not what was sent."""

    def __init__(
        self, source: Warehouse, target: Warehouse, table: str, sent: Fingerprint, found: Fingerprint
    ) -> None:
        super().__init__(
            f"{table} differs after copying: {sent} in {source.address}, {found} in {target.address}.",
            means="Something else wrote to one of them meanwhile, or the target held rows of its own. The "
            "source was not changed.",
            remedy=f"Stop what syncs there and copy again; if it stays so, drop {table} in {target.address}.",
        )


def copy_history(
    source: Warehouse,
    target: Warehouse,
    *,
    batch_rows: int = 20_000,
    progress: Callable[[str, int, int], None] = lambda _table, _done, _all: None,
) -> list[Carried]:
    """Carry the history over and verify it; what has arrived before is not sent again.

    Each batch arrives whole or not at all, and rows that are there already are recognised by their digest:
    after a crash, a second call goes on where the first one ended. Memory grows by some hundred bytes an
    activity of the target, not by the rows.

    Args:
        source: where the history is; only read.
        target: where it goes; tables are made when missing.
        batch_rows: how many rows arrive together.
        progress: told the table, the rows done and all rows.

    Raises:
        NothingToCopyError: the source holds no history.
        TargetHasItsOwnError: the target has loaded batches the source does not know; it was not touched.
        ForeignSchemaError: a table of either is not as declared.
        CopyDiffersError: the tables are not the same afterwards.
    """
    if not source.exists(ACTIVITIES.name):
        raise NothingToCopyError(source)
    if foreign := _batches(target) - _batches(source):
        raise TargetHasItsOwnError(source, target, len(foreign))
    return [
        _copy_table(source, target, table, batch_rows, progress)
        for table in CARRIED
        if source.exists(table.name)
    ]


def fingerprint(warehouse: Warehouse, table: Table) -> Fingerprint:
    """Count and checksum of a table; equal ones are equal on either engine."""
    rows = checksum = 0
    for _, digests in _read(warehouse, table):
        rows += len(digests)
        checksum = _sum(checksum, digests)
    return Fingerprint(rows, checksum)


def _copy_table(
    source: Warehouse,
    target: Warehouse,
    table: Table,
    batch_rows: int,
    progress: Callable[[str, int, int], None],
) -> Carried:
    target.ensure(table)
    there = {digest for _, digests in _read(target, table) for digest in digests}
    total = _count(source, table)
    rows = checksum = sent = 0
    waiting: list[pa.RecordBatch] = []

    def send() -> None:
        nonlocal sent
        if waiting:
            sent += sum(batch.num_rows for batch in waiting)
            target.merge(table, waiting, wins="TRUE", changed="TRUE", latest=table.key[0])
            waiting.clear()

    progress(table.name, 0, total)
    for batch, digests in _read(source, table):
        rows += len(digests)
        checksum = _sum(checksum, digests)
        missing = batch.filter(pa.array([digest not in there for digest in digests], pa.bool_()))
        if missing.num_rows:
            waiting.append(missing)
        if sum(held.num_rows for held in waiting) >= batch_rows:
            send()
        progress(table.name, rows, total)
    send()
    wanted, found = Fingerprint(rows, checksum), fingerprint(target, table)
    if found != wanted:
        raise CopyDiffersError(source, target, table.name, wanted, found)
    return Carried(table.name, found, sent)


def _batches(warehouse: Warehouse) -> set[str]:
    if not warehouse.exists(LOADED_BATCHES.name):
        return set()
    return set(warehouse.query("SELECT batch_id FROM loaded_batches").column("batch_id").to_pylist())


def _count(warehouse: Warehouse, table: Table) -> int:
    answer = warehouse.query(f"SELECT COUNT(*) AS n FROM {table.name}")  # noqa: S608 -- the registry's name
    return int(answer.column("n")[0].as_py())


def _read(warehouse: Warehouse, table: Table) -> Iterator[tuple[pa.RecordBatch, list[bytes]]]:
    """The table in pieces, each with the digests of its rows."""
    for batch in read_table(warehouse, table):
        yield batch, [_digest(row) for row in comparable_rows(table, batch)]


def _digest(row: tuple[Any, ...]) -> bytes:
    return hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def _sum(checksum: int, digests: list[bytes]) -> int:
    return (checksum + sum(int.from_bytes(digest) for digest in digests)) % _MODULUS
