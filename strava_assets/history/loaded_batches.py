"""The table `loaded_batches`: which landed batches `bq_activities` contains, and which registry read them.

`loader` reads and merges the batches.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.schema.columns import ColumnType
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.landing.names import BatchFolder
    from strava_assets.warehouse.engine import Warehouse

# A changed registry reads the same record differently, so its digest is stored with every batch.
READER = hashlib.blake2b(repr(ACTIVITIES.columns).encode(), digest_size=8).hexdigest()

_INSERT = """
INSERT INTO loaded_batches
  (batch_id, kind, athlete_id, loaded_at, records, inserted, updated, deleted, rejected, reader)
VALUES
"""


@dataclass(frozen=True)
class LoadedBatch:
    """A batch and the counts of loading it, in records and activities.

    Args:
        batch_id: the batch.
        kind: its kind.
        athlete_id: whose activities it has; None if it has none.
        records: its records.
        inserted: activities that were new in the table, and of which its version stayed.
        updated: activities that had changed, and of which its version stayed. Of batches loaded together only
            the one with the latest version counts an activity.
        deleted: activities concluded to be deleted.
        rejected: records that could not be read.
    """

    batch_id: str
    kind: str
    athlete_id: str | None
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


def insert(warehouse: Warehouse, batches: Sequence[LoadedBatch], loaded_at: datetime) -> None:
    """Record that batches are loaded, in one statement."""
    rows, params = [], dict[str, Any](loaded_at=loaded_at, reader=READER)
    for number, batch in enumerate(batches):
        own = {f"{name}_{number}": value for name, value in asdict(batch).items()}
        batch_id, kind, athlete_id, *counts = (f"@{name}" for name in own)
        rows.append(f"({batch_id}, {kind}, {athlete_id}, @loaded_at, {', '.join(counts)}, @reader)")
        params |= own | {f"athlete_id_{number}": Typed(batch.athlete_id, ColumnType.TEXT)}
    warehouse.execute(_INSERT + ",\n".join(rows), params)


def loaded(warehouse: Warehouse) -> set[str]:
    """The batches that were loaded by this version of the registry."""
    return {batch_id for batch_id, reader in readers(warehouse).items() if reader == READER}


def without(batch_ids: Collection[str]) -> Callable[[Sequence[BatchFolder]], list[BatchFolder]]:
    """For `Landing.select`: all batches but these."""
    return lambda folders: [folder for folder in folders if folder.batch_id not in batch_ids]


def loaded_until(warehouse: Warehouse, landing: Landing, moment: datetime) -> datetime:
    """The moment (aware UTC) before which all batches are loaded: the given one, or an earlier one.

    Only the manifests of batches that are not loaded are read.

    Raises:
        LandingError: one of these is damaged, or the landing cannot be read.
    """
    waiting = landing.select(without(loaded(warehouse)))
    return min([moment, *(manifest.started_at for manifest in waiting)])
