"""Compaction: old batches become one, so that the landing grows with the history and not with the syncs.

What a folded batch is stands in merged_batch.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.history import loaded_batches
from strava_assets.history.merged_batch import compact_batches, groups

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.warehouse.engine import Warehouse

# Two days of syncs, as a rule: folding fewer would rewrite the whole history to save a handful of files.
_WORTH_FOLDING = 8


@dataclass(frozen=True)
class CompactionReport:
    """What a compaction did.

    Args:
        folded: batches that were put into a compacted one.
        records: records the compacted batches hold now.
        swept: leftovers removed: batches never committed, and such as were folded before a crash.
    """

    folded: int = 0
    records: int = 0
    swept: int = 0


def compact(landing: Landing, warehouse: Warehouse, now: datetime, keep_days: int) -> CompactionReport:
    """Fold the batches that are loaded and older than `keep_days`, an athlete and a source at a time.

    Every activity's latest raw form stays, with when it was fetched and whether it was found deleted, and so
    does every record still set aside. A rebuild from the landing gives the same table before, during and
    after. Where fewer than eight batches could be folded, nothing is.

    Args:
        landing: where the batches are.
        warehouse: whose ledger says what is loaded; what is not stays as it is.
        now: aware UTC.
        keep_days: how long batches stay apart, days.

    Raises:
        LandingError: a batch is damaged or the landing cannot be written.
    """
    # Leftovers go first: what one compaction replaced must be gone before the next one replaces it.
    swept = len(landing.sweep(now))
    old, _ = loaded_batches.loaded_before(warehouse, landing.manifests(), now - timedelta(days=keep_days))
    folded = records = 0
    for batches in groups(old):
        if len(batches) < _WORTH_FOLDING:
            continue
        records += compact_batches(landing, warehouse, batches, now).records
        folded += len(batches)
    return CompactionReport(folded, records, swept)
