"""Compaction: merges old batches, so that the landing grows with the history and not with the syncs.

`merged_batch` defines and writes the merged batch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from strava_assets.history import loaded_batches
from strava_assets.history.merged_batch import compact_batches, group_batches
from strava_assets.landing.names import time_of, time_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.landing.names import BatchFolder
    from strava_assets.warehouse.engine import Warehouse

# Usually two days of syncs: merging fewer would rewrite the whole history to save a handful of files.
_MIN_BATCHES_TO_MERGE = 8


def _to_read(loaded: Collection[str], moment: datetime, folders: Sequence[BatchFolder]) -> list[BatchFolder]:
    """The batches named before a moment of athletes who have enough to merge, and all that are not loaded."""
    old = [folder for folder in folders if time_of(folder.batch_id) < time_prefix(moment)]
    count = Counter(folder.athlete_id for folder in old)
    # Those in the root may be anyone's.
    few = {
        athlete_id
        for athlete_id, number in count.items()
        if athlete_id is not None and number + count[None] < _MIN_BATCHES_TO_MERGE
    }
    waiting = [folder for folder in folders if folder.batch_id not in loaded]
    return [*waiting, *(folder for folder in old if folder.athlete_id not in few)]


@dataclass(frozen=True)
class CompactionReport:
    """The result of a compaction.

    Args:
        compacted: number of batches that were merged.
        records: number of records in the compacted batches.
        leftovers: number of leftovers removed: uncommitted batches, and batches merged before a crash.
    """

    compacted: int = 0
    records: int = 0
    leftovers: int = 0


def compact(landing: Landing, warehouse: Warehouse, now: datetime, keep_days: int) -> CompactionReport:
    """Merge the batches that are loaded and older than `keep_days`, per athlete and source.

    The latest raw version of every activity stays, with its fetch time and whether it was found deleted, and
    so does every record that is still rejected. A rebuild from the landing gives the same table before,
    during and after. Fewer than eight batches are not merged.

    Args:
        landing: contains the batches.
        warehouse: records which batches are loaded; only those are merged.
        now: aware UTC.
        keep_days: minimum age of a batch, days.

    Raises:
        LandingError: a batch is damaged or the landing cannot be written.
    """
    # Leftovers first: batches that one compaction replaced must be removed before the next replaces it.
    leftovers = len(landing.sweep(now))
    moment = now - timedelta(days=keep_days)
    loaded = loaded_batches.loaded(warehouse)
    manifests = landing.select(partial(_to_read, loaded, moment))
    limit = min([moment, *(m.started_at for m in manifests if m.batch_id not in loaded)])
    old = [manifest for manifest in manifests if manifest.started_at < limit]
    compacted = records = 0
    for batches in group_batches(old):
        if len(batches) < _MIN_BATCHES_TO_MERGE:
            continue
        records += compact_batches(landing, warehouse, batches, now).records
        compacted += len(batches)
    return CompactionReport(compacted, records, leftovers)
