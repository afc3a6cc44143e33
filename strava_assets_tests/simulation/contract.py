"""What the table must hold according to docs/sync.md, in plain dictionaries and from Strava's own records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from strava_assets.history.deletions import DeletionGuard
    from strava_assets.landing import Manifest

Record = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """A committed listing, and what Strava had meanwhile.

    Args:
        manifest: the batch.
        on_strava: Strava's records by id.
        damaged: ids of records that arrived damaged.
    """

    manifest: Manifest
    on_strava: Mapping[str, Record]
    damaged: Collection[str] = ()
    lacks_an_id: bool = False


@dataclass
class Contract:
    """The content of the table for one athlete.

    Attributes:
        records: what was listed last of each activity.
        listed_at: when that was.
        deleted: the activities that count as deleted.
        held_back: whether the last listing's deletions wait for a confirmation.
    """

    records: dict[str, Record] = field(default_factory=dict)
    listed_at: dict[str, datetime] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    held_back: bool = False
    _rows: dict[str, tuple[Record, Row]] = field(default_factory=dict)

    def after(self, listed: Listed, guard: DeletionGuard) -> None:
        """Take over a listing that was loaded."""
        manifest = listed.manifest
        ids = set(manifest.activity_ids)
        readable = ids - set(listed.damaged)
        self.records |= {activity_id: listed.on_strava[activity_id] for activity_id in readable}
        self.listed_at |= dict.fromkeys(readable, manifest.finished_at)
        self.deleted -= readable
        if not (manifest.complete and ids):
            self.held_back = False
            return
        low, high = manifest.after or 0, manifest.before or 2**40
        covered = {
            activity_id
            for activity_id, record in self.records.items()
            if activity_id not in self.deleted and low < start_of(record).timestamp() < high
        }
        missing = covered - ids
        self.held_back = guard.holds_back(len(missing), len(covered)) and not listed.lacks_an_id
        if not self.held_back and not listed.lacks_an_id:
            self.deleted |= missing

    def forget(self, activity_ids: Collection[str]) -> None:
        """Take over that activities were removed for good."""
        for activity_id in activity_ids:
            del self.records[activity_id], self.listed_at[activity_id]
        self.deleted -= set(activity_ids)

    @property
    def living(self) -> set[str]:
        """The activities that are not deleted."""
        return self.records.keys() - self.deleted

    def rows(self) -> dict[str, Row]:
        """The columns that follow from each record."""
        for activity_id, record in self.records.items():
            if self._rows.get(activity_id, (None,))[0] is not record:
                self._rows[activity_id] = (record, expected_row(record))
        return {activity_id: self._rows[activity_id][1] for activity_id in self.records}


def start_of(record: Record) -> datetime:
    """The start of an activity."""
    return datetime.fromisoformat(record["start_date"])


def expected_row(record: Record) -> Row:
    """The registry's columns of a record, from Strava's field names, without the code that loads them."""
    row: Row = {}
    for column in ACTIVITIES.columns:
        if not column.source:
            continue
        value: Any = record
        for step in column.source.split("."):
            value = (value or {}).get(step)
        if value is not None and column.type is ColumnType.TEXT:
            value = str(value)
        row[column.name] = value
    local = datetime.fromisoformat(record["start_date_local"]).replace(tzinfo=None)
    day = local.date()
    return row | {
        "start_date": start_of(record),
        "start_date_local": local,
        "timezone": record["timezone"].split(") ")[1],
        "activity_date": day,
        "week": day - timedelta(days=day.weekday()),
        "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year": day.year,
        "source": "api",
    }
