"""Deletions: an activity that is absent from a complete listing that covers it was deleted on Strava.

Nothing is concluded from an incomplete or empty listing, and a listing that would delete too much is held
back until the user confirms it.

Listings may overlap, and may be loaded in another order than they began. A deletion is therefore stored with
the time its listing began, and applies to every record fetched before that time, whichever is loaded first.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.history.landed_records import Key, UnreadableRecordError, key_of, landed_records
from strava_assets.landing import NOTHING_CONCLUDED, Conclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from strava_assets.landing import Landing, Manifest
    from strava_assets.warehouse.engine import Warehouse


@dataclass(frozen=True)
class DeletionGuard:
    """Limits above which the deletions of a listing require confirmation.

    Both limits must be exceeded: a share alone would stop the third deletion in a short history, a count
    alone a large clean-up in a long one.

    Args:
        max_share: share of the activities that the listing covers, 0 to 1.
        max_count: number of activities.
        confirmed: the user has confirmed the deletions.
    """

    max_share: float = 0.05
    max_count: int = 20
    confirmed: bool = False

    def holds_back(self, missing: int, covered: int) -> bool:
        """Whether this many missing activities, of all that the listing covers, require confirmation."""
        return not self.confirmed and missing > self.max_count and missing > self.max_share * covered

    def conclusion(self, missing: Sequence[str], covered: int) -> Conclusion:
        """What follows from these missing activities, of all that a listing covers."""
        if self.holds_back(len(missing), covered):
            return Conclusion(deleted=(), held_back=tuple(missing))
        return Conclusion(deleted=tuple(missing), held_back=())


_MARK = """
UPDATE bq_activities SET deleted_at = @deleted_at
WHERE athlete_id = @athlete_id AND source = @source AND activity_id IN UNNEST(@ids)
  AND fetched_at < @deleted_at AND (deleted_at IS NULL OR deleted_at < @deleted_at)
"""

_NOT_YET_MARKED = """
SELECT athlete_id, activity_id, fetched_at FROM bq_activities
WHERE source = @source AND activity_id IN UNNEST(@ids) AND deleted_at IS NULL
"""


class Deletions:
    """When activities were deleted: the start of the latest listing that no longer had them.

    The two sources of an activity, the API and the bulk export, have separate deletions.
    """

    def __init__(self) -> None:
        self._since: dict[tuple[str, Key], datetime] = {}

    def add(self, source: str, key: Key, since: datetime) -> None:
        """Add an activity that a listing which began at `since` no longer had."""
        self._since[source, key] = max(since, self._since.get((source, key), since))

    def add_concluded(self, manifest: Manifest, conclusion: Conclusion) -> None:
        """Add the conclusion drawn from a batch's listing."""
        for activity_id in conclusion.deleted:
            self.add(manifest.source, (manifest.athlete_id or "", activity_id), manifest.started_at)

    def add_batch(self, landing: Landing, manifest: Manifest) -> None:
        """Add the deletions of a loaded batch: its conclusion, or those stored in a compacted batch.

        Raises:
            LandingError: the batch is damaged.
        """
        if draws_conclusions(manifest):
            self.add_concluded(manifest, landing.conclusion(manifest) or NOTHING_CONCLUDED)
        if manifest.kind == "compacted":
            for page in landed_records(landing, manifest):
                for landed in page:
                    if landed.deleted_at:
                        with contextlib.suppress(UnreadableRecordError):
                            self.add(manifest.source, key_of(landed), landed.deleted_at)

    def of_source(self, source: str) -> dict[Key, datetime]:
        """All deletions of one source."""
        return {key: since for (of, key), since in self._since.items() if of == source}

    def of(self, source: str, key: Key, fetched_at: datetime) -> datetime | None:
        """When the activity was deleted; None if the deletion does not apply to a record of this time."""
        since = self._since.get((source, key))
        return since if since and fetched_at < since else None


def mark_concluded(warehouse: Warehouse, manifest: Manifest, conclusion: Conclusion) -> None:
    """Mark the rows that a listing no longer had as deleted; called after the merge of its records."""
    _mark(warehouse, manifest.source, manifest.athlete_id or "", conclusion.deleted, manifest.started_at)


def mark_deleted(warehouse: Warehouse, source: str, deleted: Mapping[Key, datetime]) -> None:
    """Mark rows whose deletions were found after they were merged.

    Args:
        warehouse: contains the rows.
        source: `api` or `archive`.
        deleted: for each activity, the start of the listing that no longer had it.
    """
    ids = sorted({activity_id for _, activity_id in deleted})
    answer = warehouse.query(_NOT_YET_MARKED, {"source": source, "ids": ids}) if ids else None
    unmarked: dict[tuple[str, datetime], list[str]] = {}
    for row in answer.to_pylist() if answer else ():
        since = deleted.get((row["athlete_id"], row["activity_id"]))
        if since and row["fetched_at"] < since:
            unmarked.setdefault((row["athlete_id"], since), []).append(row["activity_id"])
    for (athlete_id, since), activity_ids in unmarked.items():
        _mark(warehouse, source, athlete_id, activity_ids, since)


def _mark(
    warehouse: Warehouse, source: str, athlete_id: str, activity_ids: Sequence[str], since: datetime
) -> None:
    if activity_ids:
        warehouse.execute(
            _MARK,
            {"athlete_id": athlete_id, "source": source, "deleted_at": since, "ids": list(activity_ids)},
        )


def held_back(landing: Landing, manifests: Sequence[Manifest]) -> list[str]:
    """The activities whose deletion the newest conclusion of each athlete did not confirm.

    Args:
        landing: contains the batches.
        manifests: batches of any athletes, in order.

    Raises:
        LandingError: a conclusion is damaged.
    """
    newest: dict[str | None, Conclusion] = {}
    for manifest in reversed(manifests):
        is_listing = manifest.complete and manifest.source == "api" and manifest.athlete_id not in newest
        if is_listing and (conclusion := landing.conclusion(manifest)):
            newest[manifest.athlete_id] = conclusion
    return [activity_id for conclusion in newest.values() for activity_id in conclusion.held_back]


def draws_conclusions(manifest: Manifest) -> bool:
    """Whether absence from this batch means deletion: it is a complete and non-empty listing."""
    return bool(
        manifest.source == "api" and manifest.athlete_id and manifest.complete and manifest.activity_ids
    )
