"""The table `loaded_batches`: which landed batches `bq_activities` contains, and which registry read them.

`loader` reads and merges the batches.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from strava_assets.landing import Manifest
    from strava_assets.warehouse.engine import Warehouse

# A changed registry reads the same record differently, so its digest is stored with every batch.
READER = hashlib.blake2b(repr(ACTIVITIES.columns).encode(), digest_size=8).hexdigest()

_INSERT = """
INSERT INTO loaded_batches
  (batch_id, kind, loaded_at, records, inserted, updated, deleted, rejected, reader)
VALUES
  (@batch_id, @kind, @loaded_at, @records, @inserted, @updated, @deleted, @rejected, @reader)
"""


@dataclass(frozen=True)
class Counts:
    """The counts of loading a batch, in records and activities."""

    records: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    rejected: int = 0


def prepare(warehouse: Warehouse) -> None:
    """Create the history's tables, or extend them to the registry."""
    for table in (ACTIVITIES, REJECTED_RECORDS, LOADED_BATCHES):
        warehouse.ensure(table)


def readers(warehouse: Warehouse) -> dict[str, str]:
    """Every loaded batch with the digest of the registry that read it."""
    rows = warehouse.query("SELECT batch_id, reader FROM loaded_batches").to_pylist()
    return {row["batch_id"]: row["reader"] for row in rows}


def insert(warehouse: Warehouse, batch_id: str, kind: str, loaded_at: datetime, counts: Counts) -> None:
    """Record that a batch is loaded."""
    row = {"batch_id": batch_id, "kind": kind, "loaded_at": loaded_at, "reader": READER}
    warehouse.execute(_INSERT, row | asdict(counts))


def loaded_before(
    warehouse: Warehouse, manifests: Sequence[Manifest], moment: datetime
) -> tuple[list[Manifest], datetime]:
    """The batches that began before a moment (aware UTC), up to the first one that is not loaded.

    Returns:
        The batches, and the moment before which all of them began: the given one, or an earlier one if a
        batch is not loaded yet.
    """
    loaded = {batch_id for batch_id, reader in readers(warehouse).items() if reader == READER}
    waiting = (m.started_at for m in manifests if m.batch_id not in loaded)
    limit = min([moment, *waiting])
    return [m for m in manifests if m.started_at < limit], limit
