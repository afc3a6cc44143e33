"""From the landing into `bq_activities`: parses records, merges by id, concludes deletions.

Each batch is loaded once; all waiting ones together, as far as memory allows, with the result of loading one
after the other. A load that stops loses nothing: the next load continues with the first batch that is not in
`loaded_batches`, and a rebuild from the landing alone gives the same table.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from strava_assets.errors import StravaAssetsError
from strava_assets.history import loaded_batches
from strava_assets.history.batch_rows import BatchRows
from strava_assets.history.calendar import ANCHORS
from strava_assets.history.deletions import DeletionGuard, Deletions, mark_concluded, mark_deleted
from strava_assets.history.loaded_batches import LoadedBatch
from strava_assets.history.merged_files import mark_merged
from strava_assets.landing import LandingError
from strava_assets.landing.names import time_of, time_prefix
from strava_assets.plurals import counted
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from strava_assets.landing import Conclusion, Landing, Manifest
    from strava_assets.landing.names import BatchFolder
    from strava_assets.warehouse.engine import MergeCounts, Warehouse

logger = logging.getLogger("strava_assets.history")

_LATER = "(S.fetched_at > T.fetched_at OR (S.fetched_at = T.fetched_at AND S.batch_id >= T.batch_id))"
# The API takes precedence over the archive; within a source the latest fetch wins, in any order of loading.
_WINS = f"(S.source = 'api' AND T.source != 'api') OR (S.source = T.source AND {_LATER})"
# The same order among the rows of one merge.
_FIRST = "source = 'api', fetched_at, batch_id"
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
_WEEK = "DATE_SUB(activity_date, INTERVAL MOD(DATE_DIFF(activity_date, @anchor, DAY), 7) DAY)"
_ALIGN_WEEKS = f"UPDATE bq_activities SET week = {_WEEK} WHERE week != {_WEEK}"  # noqa: S608 - constants
# A statement that changes nothing reads as much as one that does, and waits in BigQuery's queue of changes.
_TO_DO = f"""
SELECT
  (SELECT COUNT(*) FROM rejected_records) AS rejected,
  (SELECT COUNT(*) FROM bq_activities WHERE week != {_WEEK}) AS of_another_week_start
"""  # noqa: S608 - constants


_RECORDS_AT_ONCE = 50_000
"""How many records are merged at once: some 50 MB of rows, and as many versions where listings conclude."""
_MOST_BATCHES = 500
"""BigQuery takes 10,000 parameters in a statement, and a row of `loaded_batches` has eight."""


_UNTIL_FIRST_REQUEST = timedelta(hours=1)
"""More than a sync needs from naming its batch until its first request, which is when the batch began."""
_NEVER = "~"
"""Later than every time in a batch's name."""


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

    def add(self, batch: LoadedBatch, conclusion: Conclusion) -> None:
        """Add the counts of one batch."""
        self.batches += 1
        self.records += batch.records
        self.inserted += batch.inserted
        self.updated += batch.updated
        self.deleted += batch.deleted
        self.rejected += batch.rejected
        self.held_back = conclusion.held_back


class IncompleteLandingError(StravaAssetsError):
    """A rebuild was requested, but the landing lacks activities that the table contains."""

    def __init__(self, landing: Landing, missing: int, table: str) -> None:
        super().__init__(
            f"The landing {landing.address} lacks {counted(missing, 'activity', 'activities')} that {table} "
            "contains.",
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
        records_at_once: how many records are merged at once; a batch is never divided.
    """

    def __init__(
        self,
        landing: Landing,
        warehouse: Warehouse,
        *,
        week_start: str = "monday",
        guard: DeletionGuard | None = None,
        progress: Callable[[str], None] = logger.info,
        records_at_once: int = _RECORDS_AT_ONCE,
    ) -> None:
        self._landing = landing
        self._warehouse = warehouse
        self._week_start = week_start
        self._guard = guard or DeletionGuard()
        self._progress = progress
        self._records_at_once = records_at_once

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
        readers = loaded_batches.readers(self._warehouse)
        not_loaded = self._landing.select(loaded_batches.without(readers))
        if reason := rebuild_reason(readers, not_loaded):
            self._progress(f"{reason}. The table is rebuilt from the landing.")
            rebuild = True
        if rebuild:
            not_loaded = self._landing.manifests()
            self._check_landing_holds_all(not_loaded)
        with self._warehouse.transaction() if rebuild else nullcontext():
            if rebuild:
                self._clear_tables()
                readers, report.rebuilt = {}, True
            deletions = self._earlier_deletions(not_loaded, readers)
            for group in _groups(not_loaded, self._records_at_once):
                try:
                    with self._warehouse.transaction():
                        self._load_together(group, deletions, report, now)
                except LandingError:
                    if rebuild or len(group) == 1:
                        raise
                    # One of them is damaged: those before it are loaded.
                    for manifest in group:
                        with self._warehouse.transaction():
                            self._load_together([manifest], deletions, report, now)
        anchor = {"anchor": ANCHORS[self._week_start]}
        with self._warehouse.transaction():
            [to_do] = self._warehouse.query(_TO_DO, anchor).to_pylist()
            if to_do["rejected"]:
                self._warehouse.execute(_RESOLVE_REJECTED)
            if to_do["of_another_week_start"]:
                self._warehouse.execute(_ALIGN_WEEKS, anchor)
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

    def _earlier_deletions(self, not_loaded: list[Manifest], loaded: Collection[str]) -> Deletions:
        """The deletions by an athlete's loaded listings that began after the first fetch of those to load.

        There are some only if listings overlapped.
        """
        deletions = Deletions()
        first: dict[tuple[str, str | None], datetime] = {}
        for manifest in not_loaded:
            of, fetched_at = (manifest.source, manifest.athlete_id), _first_fetch(manifest)
            first[of] = min(fetched_at, first.get(of, fetched_at))
        if not first or not loaded:
            return deletions
        for manifest in self._landing.select(
            partial(_began_late, loaded, first), {athlete_id for _, athlete_id in first if athlete_id}
        ):
            of = manifest.source, manifest.athlete_id
            if of in first and first[of] < manifest.started_at:
                deletions.add_batch(self._landing, manifest)
        return deletions

    def _load_together(
        self, manifests: Sequence[Manifest], deletions: Deletions, report: LoadReport, now: datetime
    ) -> None:
        """Load batches with one merge and one row each in `loaded_batches`."""
        rows = BatchRows(
            self._landing,
            self._warehouse,
            manifests,
            deletions=deletions,
            guard=self._guard,
            week_start=self._week_start,
        )
        merged = self._warehouse.merge(
            ACTIVITIES, rows.read(), wins=_WINS, changed=_CHANGED, latest=_FIRST, count_by="batch_id"
        )
        if rows.rejects:
            self._warehouse.merge(
                REJECTED_RECORDS,
                [pa.RecordBatch.from_pylist(rows.rejects, schema=arrow_schema(REJECTED_RECORDS.columns))],
                wins=_LATER,
                changed="FALSE",
                latest="fetched_at, batch_id",
            )
        for source in sorted({m.source for m in manifests if m.kind == "compacted"}):
            mark_deleted(self._warehouse, source, deletions.of_source(source))
        for contents in rows.contents:
            mark_concluded(self._warehouse, contents.manifest, contents.conclusion)
        loaded = _loaded(rows, merged)
        loaded_batches.insert(self._warehouse, loaded, now)
        for contents, batch in zip(rows.contents, loaded, strict=True):
            report.add(batch, contents.conclusion)
            self._progress(
                f"{batch.batch_id}: {batch.inserted} new, {batch.updated} changed, "
                f"{batch.deleted} deleted, {batch.rejected} rejected"
            )


def _loaded(rows: BatchRows, merged: MergeCounts) -> list[LoadedBatch]:
    """What the merge did for each batch."""
    inserted = [0] * len(rows.contents)
    updated = [0] * len(rows.contents)
    for origin, (new, changed) in merged.groups.items():
        inserted[rows.batch_of[origin]] += new
        updated[rows.batch_of[origin]] += changed
    return [
        LoadedBatch(
            contents.manifest.batch_id,
            contents.manifest.kind,
            contents.manifest.athlete_id,
            contents.records,
            inserted[number],
            updated[number],
            len(contents.conclusion.deleted),
            contents.rejected,
        )
        for number, contents in enumerate(rows.contents)
    ]


def _groups(manifests: Sequence[Manifest], most_records: int) -> Iterator[list[Manifest]]:
    """Consecutive batches to load together: at least one, and no more than memory and BigQuery take."""
    group: list[Manifest] = []
    records = 0
    for manifest in manifests:
        if group and (records + manifest.records > most_records or len(group) == _MOST_BATCHES):
            yield group
            group, records = [], 0
        group.append(manifest)
        records += manifest.records
    if group:
        yield group


def _began_late(
    loaded: Collection[str],
    first: Mapping[tuple[str, str | None], datetime],
    folders: Sequence[BatchFolder],
) -> Iterator[BatchFolder]:
    """Loaded batches that may have begun after these moments, by source and athlete."""
    since: dict[str | None, str] = {}
    for (_, athlete_id), moment in first.items():
        for name in (athlete_id, None):
            began = time_prefix(moment - _UNTIL_FIRST_REQUEST)
            since[name] = min(began, since.get(name, began))
    for folder in folders:
        if folder.batch_id in loaded and time_of(folder.batch_id) >= since.get(folder.athlete_id, _NEVER):
            yield folder


def _first_fetch(manifest: Manifest) -> datetime:
    """When the first record of a batch was fetched, or when its bulk export was made."""
    return min((page.fetched_at for page in manifest.pages), default=manifest.started_at)


def rebuild_reason(readers: dict[str, str], manifests: list[Manifest]) -> str:
    """Why the table must be rebuilt; empty if batches can be added to it."""
    if set(readers.values()) - {loaded_batches.READER}:
        return "The column registry has changed since the last load"
    if readers and any(m.kind == "compacted" and m.batch_id not in readers for m in manifests):
        return "Batches of the landing were replaced"
    return ""
