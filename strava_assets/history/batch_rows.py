"""The typed rows of several batches on their way into one merge, and what each batch brought.

Batches are read in order, and each listing is concluded after its last row, so that the result is that of
merging them one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.history.api_versions import ApiVersions
from strava_assets.history.deletions import draws_conclusions
from strava_assets.history.landed_records import (
    UnreadableRecordError,
    landed_records,
    read_record,
    rejected_record,
)
from strava_assets.landing import NOTHING_CONCLUDED, Conclusion
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strava_assets.history.deletions import DeletionGuard, Deletions
    from strava_assets.history.landed_records import LandedRecord
    from strava_assets.landing import Landing, Manifest
    from strava_assets.warehouse.engine import Warehouse


_ROWS_AT_ONCE = 1000
_SCHEMA = arrow_schema(ACTIVITIES.columns)


@dataclass
class BatchContents:
    """What a batch brought.

    Args:
        manifest: the batch.
        records: number of its records.
        rejected: number of those that could not be read.
        without_id: number of those without an activity id.
        conclusion: the deletions concluded from it.
    """

    manifest: Manifest
    records: int = 0
    rejected: int = 0
    without_id: int = 0
    conclusion: Conclusion = NOTHING_CONCLUDED


class BatchRows:
    """Reads batches for one merge.

    Args:
        landing: contains the batches.
        warehouse: contains what was merged before them.
        manifests: the batches, in order.
        deletions: those concluded so far; the conclusions of these batches are added.
        guard: limits the deletions without confirmation.
        week_start: `monday` or `sunday`.

    Attributes:
        contents: what each batch brought, in order.
        rejects: rows of `rejected_records`.
        batch_of: for each origin of a row, the index of its batch; they differ only in compacted batches.

    Raises:
        LandingError: a stored conclusion is damaged.
    """

    def __init__(
        self,
        landing: Landing,
        warehouse: Warehouse,
        manifests: Sequence[Manifest],
        *,
        deletions: Deletions,
        guard: DeletionGuard,
        week_start: str,
    ) -> None:
        self.contents = [BatchContents(manifest) for manifest in manifests]
        self.rejects: list[dict[str, Any]] = []
        self.batch_of: dict[str, int] = {}
        self._landing = landing
        self._deletions = deletions
        self._guard = guard
        self._week_start = week_start
        listings = [manifest for manifest in manifests if draws_conclusions(manifest)]
        self._concluded = {manifest.batch_id: landing.conclusion(manifest) for manifest in listings}
        open_listings = {m.athlete_id or "" for m in listings if self._concluded[m.batch_id] is None}
        self._versions = ApiVersions(warehouse, sorted(open_listings))

    def read(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in their order, many at once: an event's batch is one row, and each yield costs.

        Raises:
            LandingError: a page is damaged.
        """
        waiting: list[dict[str, Any]] = []
        for number, contents in enumerate(self.contents):
            manifest = contents.manifest
            for page in landed_records(self._landing, manifest):
                rows = [row for landed in page if (row := self._row(landed, contents))]
                self.batch_of.update((row["batch_id"], number) for row in rows)
                waiting += rows
                if len(waiting) >= _ROWS_AT_ONCE:
                    yield pa.RecordBatch.from_pylist(waiting, schema=_SCHEMA)
                    waiting.clear()
            if draws_conclusions(manifest):
                contents.conclusion = self._concluded[manifest.batch_id] or self._conclude(contents)
                self._deletions.add_concluded(manifest, contents.conclusion)
        yield pa.RecordBatch.from_pylist(waiting, schema=_SCHEMA)

    def _row(self, landed: LandedRecord, contents: BatchContents) -> dict[str, Any] | None:
        """The row of a record; None if it cannot be read."""
        contents.records += 1
        source = contents.manifest.source
        try:
            row = read_record(landed.record, landed.origin, self._week_start)
        except UnreadableRecordError as reason:
            reject = rejected_record(landed.record, str(reason), landed.origin)
            contents.rejected += 1
            contents.without_id += reject["activity_id"] is None
            self.rejects.append(reject)
            return None
        key = row["athlete_id"], row["activity_id"]
        if landed.deleted_at:
            self._deletions.add(source, key, landed.deleted_at)
        row["deleted_at"] = self._deletions.of(source, key, row["fetched_at"]) or landed.deleted_at
        if source == "api":
            self._versions.add(row)
        return row

    def _conclude(self, contents: BatchContents) -> Conclusion:
        """Conclude a listing; stored before it is applied, so that a rebuild repeats it under any guard."""
        conclusion = NOTHING_CONCLUDED
        # Records without an id may be the activities that seem to be missing.
        if not contents.without_id:
            conclusion = self._guard.conclusion(*self._versions.missing(contents.manifest, self._deletions))
        self._landing.conclude(contents.manifest, conclusion)
        return conclusion
