"""What the absence of an activity means: a deletion, but only where a complete listing should have shown it.

An incomplete or empty listing concludes nothing, and one that would remove too much is held back until a
person confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Conclusion:
    """What one listing's silence was taken to mean.

    Args:
        deleted: ids now marked as deleted.
        held_back: ids that are missing but kept, because the guard asks for a person's word.
    """

    deleted: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()


_COVERED = """
SELECT activity_id, fetched_at < @started_at AS is_stale
FROM bq_activities
WHERE athlete_id = @athlete_id AND source = 'api' AND deleted_at IS NULL
  AND start_date > @after AND start_date < @before
"""

_MARK = """
UPDATE bq_activities SET deleted_at = @deleted_at
WHERE athlete_id = @athlete_id AND source = 'api' AND deleted_at IS NULL AND activity_id IN UNNEST(@ids)
"""

_EVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


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
    """
    if not draws_conclusions(manifest):
        return Conclusion()
    stored = landing.conclusions(manifest)
    if stored is None:
        conclusion = Conclusion() if nameless else _from_listing(warehouse, manifest, guard)
        landing.conclude(manifest, {"deleted": conclusion.deleted, "held_back": conclusion.held_back})
    else:
        conclusion = _from_landing(stored)
    if conclusion.deleted:
        warehouse.execute(
            _MARK,
            {
                "athlete_id": manifest.athlete_id,
                "deleted_at": manifest.finished_at,
                "ids": list(conclusion.deleted),
            },
        )
    return conclusion


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
        return Conclusion(held_back=tuple(missing))
    return Conclusion(deleted=tuple(missing))


def _from_landing(stored: dict[str, Any]) -> Conclusion:
    return Conclusion(tuple(stored["deleted"]), tuple(stored["held_back"]))
