"""From the landing into `bq_activities`: parse, merge by id, conclude deletions, keep the ledger.

A batch is loaded once. Whatever stops a load between two batches loses nothing: the next load goes on where
the ledger ends, and a rebuild from the landing alone gives the same table.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.errors import StravaAssetsError
from strava_assets.history import loaded_batches
from strava_assets.history.calendar import ANCHORS
from strava_assets.history.deletions import DeletionGuard, Deletions, conclude, mark_deleted
from strava_assets.history.landed_records import (
    UnreadableRecordError,
    landed_records,
    read_record,
    rejected_record,
)
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from strava_assets.landing import Conclusion, Landing, Manifest
    from strava_assets.schema import Table
    from strava_assets.warehouse.engine import MergeCounts, Warehouse

logger = logging.getLogger("strava_assets.history")

_LATER = "(S.fetched_at > T.fetched_at OR (S.fetched_at = T.fetched_at AND S.batch_id >= T.batch_id))"
# The API's word beats the archive's; among equals the newest fetch wins, in whatever order they are loaded.
_WINS = f"(S.source = 'api' AND T.source != 'api') OR (S.source = T.source AND {_LATER})"
_CHANGED = """
S.content_hash != T.content_hash OR S.source != T.source
OR (S.deleted_at IS NULL) != (T.deleted_at IS NULL)
"""

# A record once set aside is no longer of interest when a later fetch of the same activity could be read.
_RESOLVE_REJECTED = """
DELETE FROM rejected_records WHERE EXISTS (
  SELECT 1 FROM bq_activities AS a
  WHERE a.activity_id = rejected_records.activity_id AND a.fetched_at > rejected_records.fetched_at
)
"""

# The first day of the week by counting from a known one: both engines agree on it, and on no truncation.
_ALIGN_WEEKS = """
UPDATE bq_activities
SET week = DATE_SUB(activity_date, INTERVAL MOD(DATE_DIFF(activity_date, @anchor, DAY), 7) DAY)
WHERE week != DATE_SUB(activity_date, INTERVAL MOD(DATE_DIFF(activity_date, @anchor, DAY), 7) DAY)
"""


@dataclass
class LoadReport:
    """What a load did, in numbers that plot.

    Args:
        batches: landed batches merged.
        records: records they held.
        inserted: activities that were new.
        updated: activities that had changed, un-deleted ones included.
        deleted: activities concluded to be deleted.
        rejected: records set aside.
        rebuilt: whether the table was built anew from the landing.
        held_back: ids the latest listing lacks but that the guard keeps until a person confirms.
    """

    batches: int = 0
    records: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    rejected: int = 0
    rebuilt: bool = False
    held_back: tuple[str, ...] = ()

    def add(self, merged: MergeCounts, rejected: int, conclusion: Conclusion) -> None:
        """Count one batch in."""
        self.batches += 1
        self.records += merged.staged + rejected
        self.inserted += merged.inserted
        self.updated += merged.updated
        self.deleted += len(conclusion.deleted)
        self.rejected += rejected
        self.held_back = conclusion.held_back


class IncompleteLandingError(StravaAssetsError):
    """A rebuild was asked of a landing that does not hold what the table holds."""

    def __init__(self, landing: Landing, missing: int, table: str) -> None:
        super().__init__(
            f"The landing {landing.address} lacks {missing} activities that {table} holds.",
            means="Rebuilding from it would lose them, so nothing was changed.",
            remedy="see that STRAVA_ASSETS_LANDING_URL is the right place and restore what was removed from "
            f"it; to take the landing as it is, rename or drop {table} first.",
        )


class Loader:
    """Brings `bq_activities` up to what the landing holds.

    Args:
        landing: where the batches are.
        warehouse: where the tables are; they are created or extended to the registry.
        week_start: `monday` or `sunday`; when it has changed, every row's week is moved.
        guard: how many deletions are believed without a person's word.
        progress: told a line a batch.
    """

    def __init__(
        self,
        landing: Landing,
        warehouse: Warehouse,
        *,
        week_start: str = "monday",
        guard: DeletionGuard | None = None,
        progress: Callable[[str], None] = logger.info,
    ) -> None:
        self._landing = landing
        self._warehouse = warehouse
        self._week_start = week_start
        self._guard = guard or DeletionGuard()
        self._progress = progress

    def load(self, now: datetime, *, rebuild: bool = False) -> LoadReport:
        """Merge every batch that the ledger does not know yet.

        Args:
            now: the present, UTC, for the ledger.
            rebuild: forget the table first; everything comes back from the landing, in one transaction where
                the engine has them.

        Raises:
            LandingError: a batch is damaged; those before it are loaded.
            IncompleteLandingError: a rebuild would lose activities.
        """
        loaded_batches.prepare(self._warehouse)
        report = LoadReport()
        manifests = self._landing.manifests()
        readers = loaded_batches.readers(self._warehouse)
        if reason := rebuild_reason(readers, manifests):
            self._progress(f"{reason}: rebuilding from the landing.")
            rebuild = True
        if rebuild:
            self._check_landing_holds_all(manifests)
        with self._warehouse.transaction() if rebuild else nullcontext():
            if rebuild:
                self._forget()
                readers, report.rebuilt = {}, True
            waiting = [manifest for manifest in manifests if manifest.batch_id not in readers]
            deletions = self._deletions_against(
                waiting, [manifest for manifest in manifests if manifest.batch_id in readers]
            )
            for manifest in waiting:
                with self._warehouse.transaction():
                    self._load_batch(manifest, deletions, report, now)
        with self._warehouse.transaction():
            self._warehouse.execute(_RESOLVE_REJECTED)
            self._warehouse.execute(_ALIGN_WEEKS, {"anchor": ANCHORS[self._week_start]})
        return report

    def _check_landing_holds_all(self, manifests: list[Manifest]) -> None:
        """A rebuild from a landing that lost something would lose it too."""
        landed = {activity_id for manifest in manifests for activity_id in manifest.activity_ids}
        missing = 0
        for batch in self._warehouse.query_batches("SELECT activity_id FROM bq_activities"):
            missing += sum(activity_id not in landed for activity_id in batch.column(0).to_pylist())
        if missing:
            raise IncompleteLandingError(
                self._landing, missing, self._warehouse.table_address("bq_activities")
            )

    def _forget(self) -> None:
        for table in (LOADED_BATCHES, REJECTED_RECORDS, ACTIVITIES):
            self._warehouse.execute(f"DELETE FROM {table.name} WHERE TRUE")  # noqa: S608 - the registry's names

    def _deletions_against(self, waiting: list[Manifest], loaded: list[Manifest]) -> Deletions:
        """The deletions that loaded listings have concluded after the first record that waits was fetched.

        There are none but where listings overlapped.
        """
        deletions = Deletions()
        first: dict[str, datetime] = {}
        for manifest in waiting:
            fetched_at = _first_fetch(manifest)
            first[manifest.source] = min(fetched_at, first.get(manifest.source, fetched_at))
        for manifest in loaded:
            if manifest.source in first and first[manifest.source] < manifest.started_at:
                deletions.add_known(self._landing, manifest)
        return deletions

    def _load_batch(
        self, manifest: Manifest, deletions: Deletions, report: LoadReport, now: datetime
    ) -> None:
        rejects: list[dict[str, Any]] = []
        merged = self._warehouse.merge(
            ACTIVITIES,
            self._rows(manifest, deletions, rejects),
            wins=_WINS,
            changed=_CHANGED,
            latest="fetched_at",
        )
        if manifest.kind == "compacted":
            mark_deleted(self._warehouse, manifest.source, deletions.of_source(manifest.source))
        if rejects:
            self._warehouse.merge(
                REJECTED_RECORDS,
                [_batch(rejects, REJECTED_RECORDS)],
                wins=_LATER,
                changed="FALSE",
                latest="fetched_at",
            )
        nameless = sum(reject["activity_id"] is None for reject in rejects)
        conclusion = conclude(self._warehouse, self._landing, manifest, self._guard, nameless=nameless)
        deletions.add_concluded(manifest, conclusion)
        report.add(merged, len(rejects), conclusion)
        counts = loaded_batches.Counts(
            merged.staged + len(rejects),
            merged.inserted,
            merged.updated,
            len(conclusion.deleted),
            len(rejects),
        )
        loaded_batches.enter(self._warehouse, manifest.batch_id, manifest.kind, now, counts)
        self._progress(
            f"{manifest.batch_id}: {merged.inserted} new, {merged.updated} changed, "
            f"{len(conclusion.deleted)} deleted, {len(rejects)} set aside"
        )

    def _rows(
        self, manifest: Manifest, deletions: Deletions, rejects: list[dict[str, Any]]
    ) -> Iterator[pa.RecordBatch]:
        """Typed rows, a page at a time.

        Args:
            manifest: the batch.
            deletions: those known so far; the ones that the batch's records carry are added.
            rejects: takes what cannot be read.
        """
        for page in landed_records(self._landing, manifest):
            rows = []
            for landed in page:
                try:
                    row = read_record(landed.record, landed.origin, self._week_start)
                except UnreadableRecordError as reason:
                    rejects.append(rejected_record(landed.record, str(reason), landed.origin))
                    continue
                key = row["athlete_id"], row["activity_id"]
                if landed.deleted_at:
                    deletions.add(manifest.source, key, landed.deleted_at)
                since = deletions.of(manifest.source, key, row["fetched_at"])
                rows.append(row | {"deleted_at": since or landed.deleted_at})
            yield _batch(rows, ACTIVITIES)


def _first_fetch(manifest: Manifest) -> datetime:
    """When the first record of a batch was fetched; of a bulk export, when that was made."""
    return min((page.fetched_at for page in manifest.pages), default=manifest.started_at)


def _batch(rows: list[dict[str, Any]], table: Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=arrow_schema(table.columns))


def rebuild_reason(readers: dict[str, str], manifests: list[Manifest]) -> str:
    """Why what is loaded cannot simply be added to; empty where it can."""
    if set(readers.values()) - {loaded_batches.READER}:
        return "The column registry has changed since the last load"
    if readers and any(m.kind == "compacted" and m.batch_id not in readers for m in manifests):
        return "The landing was compacted from another warehouse's point of view"
    return ""
