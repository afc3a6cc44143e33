"""The ledger of the loading: which landed batches `bq_activities` holds, and which registry read them.

What a batch holds and how it is merged is not here.
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

# Another registry reads the same record otherwise, so its digest stands beside every batch it read.
READER = hashlib.blake2b(repr(ACTIVITIES.columns).encode(), digest_size=8).hexdigest()

_ENTER = """
INSERT INTO loaded_batches
  (batch_id, kind, loaded_at, records, inserted, updated, deleted, rejected, reader)
VALUES
  (@batch_id, @kind, @loaded_at, @records, @inserted, @updated, @deleted, @rejected, @reader)
"""


@dataclass(frozen=True)
class Counts:
    """What loading a batch came to, in records and activities."""

    records: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    rejected: int = 0


def prepare(warehouse: Warehouse) -> None:
    """See that the tables of this room are there and are the registry's."""
    for table in (ACTIVITIES, REJECTED_RECORDS, LOADED_BATCHES):
        warehouse.ensure(table)


def readers(warehouse: Warehouse) -> dict[str, str]:
    """Every loaded batch with the digest of the registry that read it."""
    rows = warehouse.query("SELECT batch_id, reader FROM loaded_batches").to_pylist()
    return {row["batch_id"]: row["reader"] for row in rows}


def enter(warehouse: Warehouse, batch_id: str, kind: str, loaded_at: datetime, counts: Counts) -> None:
    """Note that the table holds a batch from now on."""
    entry = {"batch_id": batch_id, "kind": kind, "loaded_at": loaded_at, "reader": READER}
    warehouse.execute(_ENTER, entry | asdict(counts))


def loaded_before(
    warehouse: Warehouse, manifests: Sequence[Manifest], moment: datetime
) -> tuple[list[Manifest], datetime]:
    """The batches that began before a moment, up to the first one that is not loaded.

    Args:
        warehouse: whose ledger.
        manifests: the committed batches in order.
        moment: aware UTC.

    Returns:
        The batches, and the moment before which all of them began: as asked, or earlier where a batch is
        not loaded yet.
    """
    loaded = {batch_id for batch_id, reader in readers(warehouse).items() if reader == READER}
    waiting = (m.started_at for m in manifests if m.batch_id not in loaded)
    limit = min([moment, *waiting])
    return [m for m in manifests if m.started_at < limit], limit
