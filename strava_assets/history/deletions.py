"""What the absence of an activity means: a deletion, but only where a complete listing should have shown it.

An incomplete or empty listing concludes nothing, and one that would remove too much is held back until a
person confirms it.

Listings may overlap, and may be loaded in another order than they began in. So a deletion is kept by the time
when its listing began, and holds against every record fetched before that time, whenever either is loaded.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.history.landed_records import Key, UnreadableRecordError, key_of, landed_records
from strava_assets.landing import NOTHING_CONCLUDED, Conclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.landing import Landing, Manifest
    from strava_assets.warehouse.engine import Warehouse


@dataclass(frozen=True)
class DeletionGuard:
    """When a listing would delete too much to be believed.

    Both bounds must be passed: a share alone would stop the third deletion of a short history, a count alone
    a year's clean-up of a long one.

    Args:
        max_share: share of the activities the listing covers, 0 to 1.
        max_count: number of activities.
        confirmed: a person has confirmed that so many are really gone.
    """

    max_share: float = 0.05
    max_count: int = 20
    confirmed: bool = False

    def holds_back(self, missing: int, covered: int) -> bool:
        """Whether this many missing out of so many covered need a person's word."""
        return not self.confirmed and missing > self.max_count and missing > self.max_share * covered


_COVERED = """
SELECT activity_id, fetched_at < @started_at AS is_stale
FROM bq_activities
WHERE athlete_id = @athlete_id AND source = 'api' AND deleted_at IS NULL
  AND start_date > @after AND start_date < @before
"""

_MARK = """
UPDATE bq_activities SET deleted_at = @deleted_at
WHERE athlete_id = @athlete_id AND source = @source AND activity_id IN UNNEST(@ids)
  AND fetched_at < @deleted_at AND (deleted_at IS NULL OR deleted_at < @deleted_at)
"""

_NOT_YET_MARKED = """
SELECT athlete_id, activity_id, fetched_at FROM bq_activities
WHERE source = @source AND activity_id IN UNNEST(@ids) AND deleted_at IS NULL
"""

_EVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


class Deletions:
    """When activities were found deleted: the start of the latest listing that no longer had them.

    Of an activity's two sources, the API and the bulk export, each has deletions of its own.
    """

    def __init__(self) -> None:
        self._since: dict[tuple[str, Key], datetime] = {}

    def add(self, source: str, key: Key, since: datetime) -> None:
        """Note that a listing which began at this time no longer had the activity."""
        place = source, key
        self._since[place] = max(since, self._since.get(place, since))

    def add_concluded(self, manifest: Manifest, conclusion: Conclusion) -> None:
        """Note what was concluded from a batch's listing."""
        for activity_id in conclusion.deleted:
            self.add(manifest.source, (manifest.athlete_id or "", activity_id), manifest.started_at)

    def add_known(self, landing: Landing, manifest: Manifest) -> None:
        """Note what a loaded batch says: what its listing was taken to mean, or what a compacted one carries.

        Raises:
            LandingError: it is damaged.
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
        """All that are known of one source."""
        return {key: since for (of, key), since in self._since.items() if of == source}

    def of(self, source: str, key: Key, fetched_at: datetime) -> datetime | None:
        """When the activity was found deleted; None where a record of this time is not affected."""
        since = self._since.get((source, key))
        return since if since and fetched_at < since else None


def conclude(
    warehouse: Warehouse, landing: Landing, manifest: Manifest, guard: DeletionGuard, *, nameless: int
) -> Conclusion:
    """Mark what a complete listing no longer has as deleted; called after its records were merged.

    The conclusion is written beside the batch before it is applied, so that a rebuild repeats it exactly,
    whatever the guard's settings are by then.

    Args:
        warehouse: where the batch's records were merged.
        landing: where the batch is.
        manifest: the batch.
        guard: how many deletions are believed without a person's word.
        nameless: how many of its records do not say which activity they are; with any, nothing is concluded,
            for they may be just the ones that seem to be missing.

    Raises:
        LandingError: what was concluded from it before is damaged.
    """
    if not draws_conclusions(manifest):
        return NOTHING_CONCLUDED
    conclusion = landing.conclusion(manifest)
    if conclusion is None:
        conclusion = NOTHING_CONCLUDED if nameless else _from_listing(warehouse, manifest, guard)
        landing.conclude(manifest, conclusion)
    _mark(warehouse, manifest.source, manifest.athlete_id or "", conclusion.deleted, manifest.started_at)
    return conclusion


def mark_deleted(warehouse: Warehouse, source: str, deleted: Mapping[Key, datetime]) -> None:
    """Mark rows whose deletions were not known yet when they were merged.

    Args:
        warehouse: where the rows are.
        source: `api` or `archive`.
        deleted: when the listing began that no longer had the activity.
    """
    ids = sorted({activity_id for _, activity_id in deleted})
    answer = warehouse.query(_NOT_YET_MARKED, {"source": source, "ids": ids}) if ids else None
    overdue: dict[tuple[str, datetime], list[str]] = {}
    for row in answer.to_pylist() if answer else ():
        since = deleted.get((row["athlete_id"], row["activity_id"]))
        if since and row["fetched_at"] < since:
            overdue.setdefault((row["athlete_id"], since), []).append(row["activity_id"])
    for (athlete_id, since), activity_ids in overdue.items():
        _mark(warehouse, source, athlete_id, activity_ids, since)


def _mark(
    warehouse: Warehouse, source: str, athlete_id: str, activity_ids: Sequence[str], since: datetime
) -> None:
    if activity_ids:
        warehouse.execute(
            _MARK,
            {"athlete_id": athlete_id, "source": source, "deleted_at": since, "ids": list(activity_ids)},
        )


def draws_conclusions(manifest: Manifest) -> bool:
    """Whether absence from this batch means anything: it is a complete listing that holds something."""
    return bool(
        manifest.source == "api" and manifest.athlete_id and manifest.complete and manifest.activity_ids
    )


def _from_listing(warehouse: Warehouse, manifest: Manifest, guard: DeletionGuard) -> Conclusion:
    listed = set(manifest.activity_ids)
    covered, missing = 0, []
    answer = warehouse.query_batches(
        _COVERED,
        {
            "athlete_id": manifest.athlete_id,
            "started_at": manifest.started_at,
            "after": _EVER[0] if manifest.after is None else datetime.fromtimestamp(manifest.after, UTC),
            "before": _EVER[1] if manifest.before is None else datetime.fromtimestamp(manifest.before, UTC),
        },
    )
    for batch in answer:
        for row in batch.to_pylist():
            covered += 1
            # A record that came but could not be read is listed, and so not gone.
            if row["is_stale"] and row["activity_id"] not in listed:
                missing.append(row["activity_id"])
    missing.sort()
    if guard.holds_back(len(missing), covered):
        return Conclusion(deleted=(), held_back=tuple(missing))
    return Conclusion(deleted=tuple(missing), held_back=())
