"""From the landing into `bq_activities`: parses records, merges by id, concludes deletions.

Each batch is loaded once. A load that stops between two batches loses nothing: the next load continues with
the first batch that is not in `loaded_batches`, and a rebuild from the landing alone gives the same table.
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
from strava_assets.history.merged_files import mark_merged
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
# The API takes precedence over the archive; within a source the latest fetch wins, in any order of loading.
_WINS = f"(S.source = 'api' AND T.source != 'api') OR (S.source = T.source AND {_LATER})"
_CHANGED = """
S.content_hash != T.content_hash OR S.source != T.source
OR (S.deleted_at IS NULL) != (T.deleted_at IS NULL)
"""

# A rejected record is resolved when a later fetch of the same activity could be read.
_RESOLVE_REJECTED = """
DELETE FROM rejected_records WHERE EXISTS (
  SELECT 1 FROM bq_activities AS a
  WHERE a.activity_id = rejected_records.activity_id AND a.fetched_at > rejected_records.fetched_at
)
"""

# The first day of the week is counted from a known one: the engines agree on that, but not on truncation.
_ALIGN_WEEKS = """
UPDATE bq_activities
SET week = DATE_SUB(activity_date, INTERVAL MOD(DATE_DIFF(activity_date, @anchor, DAY), 7) DAY)
WHERE week != DATE_SUB(activity_date, INTERVAL MOD(DATE_DIFF(activity_date, @anchor, DAY), 7) DAY)
"""


@dataclass
class LoadReport:
    """The counts of a load.

    Args:
        batches: merged batches.
        records: records in them.
        inserted: new activities.
        updated: changed activities, including restored ones.
        deleted: activities found deleted.
        rejected: rejected records.
        rebuilt: whether the table was rebuilt from the landing.
        held_back: ids missing in the latest listing that the guard keeps until the user confirms.
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
        """Add the counts of one batch."""
        self.batches += 1
        self.records += merged.staged + rejected
        self.inserted += merged.inserted
        self.updated += merged.updated
        self.deleted += len(conclusion.deleted)
        self.rejected += rejected
        self.held_back = conclusion.held_back


class IncompleteLandingError(StravaAssetsError):
    """A rebuild was requested, but the landing lacks activities that the table contains."""

    def __init__(self, landing: Landing, missing: int, table: str) -> None:
        super().__init__(
            f"The landing {landing.address} lacks {missing} activities that {table} contains.",
            means="A rebuild would lose them, so nothing was changed.",
            remedy="Check that STRAVA_ASSETS_LANDING_URL is the right address, and restore the missing "
            f"batches. To rebuild without them, rename or drop {table} first.",
        )


class Loader:
    """Loads the batches of the landing into `bq_activities`.

    Args:
        landing: contains the batches.
        warehouse: contains the tables, which are created or extended to the registry.
        week_start: `monday` or `sunday`; if it has changed, the weeks of all rows are updated.
        guard: limits the deletions without confirmation.
        progress: called with one line per batch.
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
        """Merge every batch that is not loaded yet.

        Args:
            now: the current time, UTC, for `loaded_batches`.
            rebuild: clear the table first and load everything again, in one transaction if the engine
                supports it.

        Raises:
            LandingError: a batch is damaged; the batches before it are loaded.
            IncompleteLandingError: a rebuild would lose activities.
        """
        loaded_batches.prepare(self._warehouse)
        report = LoadReport()
        manifests = self._landing.manifests()
        readers = loaded_batches.readers(self._warehouse)
        if reason := rebuild_reason(readers, manifests):
            self._progress(f"{reason}. The table is rebuilt from the landing.")
            rebuild = True
        if rebuild:
            self._check_landing_holds_all(manifests)
        with self._warehouse.transaction() if rebuild else nullcontext():
            if rebuild:
                self._clear_tables()
                readers, report.rebuilt = {}, True
            not_loaded = [manifest for manifest in manifests if manifest.batch_id not in readers]
            deletions = self._earlier_deletions(
                not_loaded, [manifest for manifest in manifests if manifest.batch_id in readers]
            )
            for manifest in not_loaded:
                with self._warehouse.transaction():
                    self._load_batch(manifest, deletions, report, now)
        with self._warehouse.transaction():
            self._warehouse.execute(_RESOLVE_REJECTED)
            self._warehouse.execute(_ALIGN_WEEKS, {"anchor": ANCHORS[self._week_start]})
            mark_merged(self._warehouse)
        return report

    def _check_landing_holds_all(self, manifests: list[Manifest]) -> None:
        """Refuse a rebuild that would lose activities."""
        landed = {activity_id for manifest in manifests for activity_id in manifest.activity_ids}
        missing = 0
        for batch in self._warehouse.query_batches("SELECT activity_id FROM bq_activities"):
            missing += sum(activity_id not in landed for activity_id in batch.column(0).to_pylist())
        if missing:
            raise IncompleteLandingError(
                self._landing, missing, self._warehouse.table_address("bq_activities")
            )

    def _clear_tables(self) -> None:
        for table in (LOADED_BATCHES, REJECTED_RECORDS, ACTIVITIES):
            self._warehouse.execute(f"DELETE FROM {table.name} WHERE TRUE")  # noqa: S608 - the registry's names

    def _earlier_deletions(self, not_loaded: list[Manifest], loaded: list[Manifest]) -> Deletions:
        """The deletions by loaded listings that began after the first fetch of the batches to load.

        There are some only if listings overlapped.
        """
        deletions = Deletions()
        first: dict[str, datetime] = {}
        for manifest in not_loaded:
            fetched_at = _first_fetch(manifest)
            first[manifest.source] = min(fetched_at, first.get(manifest.source, fetched_at))
        for manifest in loaded:
            if manifest.source in first and first[manifest.source] < manifest.started_at:
                deletions.add_batch(self._landing, manifest)
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
        without_id = sum(reject["activity_id"] is None for reject in rejects)
        conclusion = conclude(self._warehouse, self._landing, manifest, self._guard, without_id=without_id)
        deletions.add_concluded(manifest, conclusion)
        report.add(merged, len(rejects), conclusion)
        counts = loaded_batches.Counts(
            merged.staged + len(rejects),
            merged.inserted,
            merged.updated,
            len(conclusion.deleted),
            len(rejects),
        )
        loaded_batches.insert(self._warehouse, manifest.batch_id, manifest.kind, now, counts)
        self._progress(
            f"{manifest.batch_id}: {merged.inserted} new, {merged.updated} changed, "
            f"{len(conclusion.deleted)} deleted, {len(rejects)} rejected"
        )

    def _rows(
        self, manifest: Manifest, deletions: Deletions, rejects: list[dict[str, Any]]
    ) -> Iterator[pa.RecordBatch]:
        """Yield typed rows, one page at a time; add deletions of compacted records, and rejected records."""
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
    """When the first record of a batch was fetched, or when its bulk export was made."""
    return min((page.fetched_at for page in manifest.pages), default=manifest.started_at)


def _batch(rows: list[dict[str, Any]], table: Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=arrow_schema(table.columns))


def rebuild_reason(readers: dict[str, str], manifests: list[Manifest]) -> str:
    """Why the table must be rebuilt; empty if batches can be added to it."""
    if set(readers.values()) - {loaded_batches.READER}:
        return "The column registry has changed since the last load"
    if readers and any(m.kind == "compacted" and m.batch_id not in readers for m in manifests):
        return "Batches of the landing were replaced"
    return ""
