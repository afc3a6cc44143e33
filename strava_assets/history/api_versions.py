"""The version of each of Strava's activities that wins so far, while batches are read one after the other.

Conclusions are drawn from the table as it is after each batch. Several batches are merged at once, so that
state exists here only: the stored rows of the athletes whose listings are concluded, and what was read since.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.history.deletions import Deletions
    from strava_assets.landing import Manifest
    from strava_assets.warehouse.engine import Warehouse

_STORED = """
SELECT athlete_id, activity_id, fetched_at, batch_id, start_date, deleted_at
FROM bq_activities WHERE source = 'api' AND athlete_id IN UNNEST(@athletes)
"""


class _Version(NamedTuple):
    """What decides over a version: the first two by the rules of `loader`."""

    fetched_at: datetime
    batch_id: str
    start_date: datetime | None
    is_deleted: bool


class ApiVersions:
    """The winning versions of some athletes' activities.

    Args:
        warehouse: contains the rows that are merged already.
        athletes: whose activities; of others nothing is kept.
    """

    def __init__(self, warehouse: Warehouse, athletes: Sequence[str]) -> None:
        self._by_athlete: dict[str, dict[str, _Version]] = {athlete: {} for athlete in athletes}
        if athletes:
            for batch in warehouse.query_batches(_STORED, {"athletes": list(athletes)}):
                for row in batch.to_pylist():
                    self.add(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a version that came from Strava's API, if it wins."""
        versions = self._by_athlete.get(row["athlete_id"])
        if versions is None:
            return
        version = _Version(
            row["fetched_at"], row["batch_id"], row["start_date"], row["deleted_at"] is not None
        )
        current = versions.get(row["activity_id"])
        if current is None or version[:2] >= current[:2]:
            versions[row["activity_id"]] = version

    def missing(self, manifest: Manifest, deletions: Deletions) -> tuple[list[str], int]:
        """The activities that a listing should have and does not.

        Args:
            manifest: the listing.
            deletions: those concluded so far.

        Returns:
            Their ids, and the number of activities that the listing covers.
        """
        listed = set(manifest.activity_ids)
        athlete_id = manifest.athlete_id or ""
        covered, missing = 0, []
        for activity_id, version in self._by_athlete[athlete_id].items():
            key = athlete_id, activity_id
            is_deleted = version.is_deleted or deletions.of(manifest.source, key, version.fetched_at)
            if is_deleted or not _covers(manifest, version.start_date):
                continue
            covered += 1
            # An unreadable record is listed, too, and so is not deleted.
            if version.fetched_at < manifest.started_at and activity_id not in listed:
                missing.append(activity_id)
        return sorted(missing), covered


def _covers(manifest: Manifest, start_date: datetime | None) -> bool:
    """Whether a listing's window has activities of this start; both its ends are exclusive."""
    if start_date is None:
        return False
    return (manifest.after is None or start_date > datetime.fromtimestamp(manifest.after, UTC)) and (
        manifest.before is None or start_date < datetime.fromtimestamp(manifest.before, UTC)
    )
