"""Permanent removal: rows that Strava has not confirmed for long, and all data of one athlete.

The landing is rewritten along with the table, so that a rebuild does not restore the data, and recordings are
removed with their activities.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.history import loaded_batches
from strava_assets.history.deletions import Deletions
from strava_assets.history.landed_records import UnreadableRecordError, landed_records, read_record
from strava_assets.history.merged_batch import compact_batches, group_batches
from strava_assets.history.merged_files import mark_merged
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import ColumnType
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from strava_assets.history.landed_records import Key
    from strava_assets.history.merged_batch import Version
    from strava_assets.landing import Landing, Manifest
    from strava_assets.landing.names import BatchFolder
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.engine import Warehouse

_UNCONFIRMED = """
SELECT athlete_id, activity_id, deleted_at FROM bq_activities
WHERE source = 'api' AND fetched_at < @limit
"""
_UNCONFIRMED_REJECTS = "SELECT record_hash FROM rejected_records WHERE source = 'api' AND fetched_at < @limit"
_EXPIRE = "DELETE FROM bq_activities WHERE source = 'api' AND fetched_at < @limit"
_EXPIRE_REJECTS = "DELETE FROM rejected_records WHERE source = 'api' AND fetched_at < @limit"

_FORGET = "DELETE FROM bq_activities WHERE athlete_id = @athlete_id"
_FORGET_BATCHES = (
    "DELETE FROM rejected_records WHERE batch_id IN UNNEST(@batch_ids)",
    "DELETE FROM loaded_batches WHERE batch_id IN UNNEST(@batch_ids)",
)


def expire(
    landing: Landing,
    warehouse: Warehouse,
    streams: StreamStore,
    now: datetime,
    retention_days: int,
    week_start: str = "monday",
) -> int:
    """Remove API data that was not confirmed for long from table, landing and streams.

    Data of the bulk export and of files stays: it is the athlete's own copy. If an export contains an
    activity whose API row expires, its row replaces that, marked as deleted if the activity was found
    deleted.

    Running it again after a crash completes it.

    Args:
        landing: contains the batches; only loaded ones are used.
        warehouse: contains the tables.
        streams: contains the recordings.
        now: aware UTC.
        retention_days: maximum time since a row was last fetched, days.
        week_start: `monday` or `sunday`, for rows restored from the bulk export.

    Returns:
        The number of activities and rejected records removed.

    Raises:
        LandingError: a batch is damaged, or the landing cannot be written.
        StreamsError: the streams are damaged or cannot be written.
    """
    loaded_until = loaded_batches.loaded_until(warehouse, landing, now)
    limit = min(loaded_until, now - timedelta(days=retention_days))
    answer = warehouse.query(_UNCONFIRMED, {"limit": limit}).to_pylist()
    expired = {(row["athlete_id"], row["activity_id"]): row["deleted_at"] for row in answer}
    rejects = len(warehouse.query(_UNCONFIRMED_REJECTS, {"limit": limit}))
    if not expired and not rejects:
        return 0
    # Rejected records do not say whose they are.
    athletes = None if rejects else {athlete_id for athlete_id, _ in expired}
    loaded = [
        manifest
        for manifest in landing.select(list, athletes)
        if manifest.started_at < loaded_until and (athletes is None or manifest.athlete_id in athletes)
    ]
    # A compacted batch contains versions that are older than itself.
    old = [n for n, m in enumerate(loaded, 1) if m.started_at < limit or m.kind == "compacted"]
    old_batches = loaded[: max(old, default=0)]

    # Streams first: the table shows which activities have expired.
    streams.remove(
        [key for key, entry in streams.entries().items() if key in expired and entry.source == "api"]
    )

    def is_expired(version: Version) -> bool:
        return version.key in expired if version.key else version.fetched_at < limit

    for batches in group_batches([m for m in old_batches if m.source == "api"]):
        compact_batches(landing, warehouse, batches, now, drop=is_expired)
    archives = [m for m in loaded if m.source == "archive"]
    deleted = {key: deleted_at for key, deleted_at in expired.items() if deleted_at}
    if deleted:
        archives = [
            compact_batches(landing, warehouse, group, now, deleted=deleted)
            for group in group_batches(archives)
        ]
    with warehouse.transaction():
        warehouse.merge(
            ACTIVITIES,
            _rows_of(landing, archives, expired, week_start),
            wins="T.source = 'api'",
            changed="TRUE",
            latest="fetched_at",
        )
        warehouse.execute(_EXPIRE, {"limit": limit})
        warehouse.execute(_EXPIRE_REJECTS, {"limit": limit})
        mark_merged(warehouse)
    return len(expired) + rejects


def forget(landing: Landing, warehouse: Warehouse, streams: StreamStore, athlete_id: str) -> None:
    """Remove all data of one athlete from tables, landing and streams.

    Running it again after a crash completes it, because the tables are cleared first.

    Raises:
        LandingError: a batch is damaged, or the landing cannot be written.
        StreamsError: the streams cannot be written.
    """
    loaded_batches.prepare(warehouse)
    batches = landing.manifests(athlete_id)
    origins = {m.batch_id for m in batches} | {
        landed.origin.batch_id
        for manifest in batches
        if manifest.kind == "compacted"
        for page in landed_records(landing, manifest)
        for landed in page
    }
    with warehouse.transaction():
        warehouse.execute(_FORGET, {"athlete_id": athlete_id})
        for statement in _FORGET_BATCHES:
            warehouse.execute(statement, {"batch_ids": Typed(sorted(origins), ColumnType.TEXT)})
    streams.remove_athlete(athlete_id)
    landing.remove_athlete(athlete_id)
    # Those in the folders of other athletes are theirs.
    in_root = [folder for folder in landing.uncommitted() if folder.athlete_id is None]
    landing.discard(folder for folder in in_root if _contains_athlete(landing, folder, athlete_id))


def _rows_of(
    landing: Landing, batches: Sequence[Manifest], keys: Mapping[Key, datetime | None], week_start: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of these activities from batches of an export."""
    deletions = Deletions()
    for manifest in batches:
        deletions.add_batch(landing, manifest)
    for manifest in batches:
        for page in landed_records(landing, manifest):
            rows = []
            for landed in page:
                try:
                    row = read_record(landed.record, landed.origin, week_start)
                except UnreadableRecordError:
                    continue
                key = row["athlete_id"], row["activity_id"]
                if key in keys:
                    since = deletions.of(manifest.source, key, row["fetched_at"])
                    rows.append(row | {"deleted_at": since or landed.deleted_at})
            yield pa.RecordBatch.from_pylist(rows, schema=arrow_schema(ACTIVITIES.columns))


def _contains_athlete(landing: Landing, folder: BatchFolder, athlete_id: str) -> bool:
    """Whether an uncommitted batch contains records of this athlete."""
    return any(
        _athlete(record) == athlete_id
        for body in landing.uncommitted_pages(folder)
        for record in _records(body, compacted=folder.kind == "compacted")
    )


def _records(body: bytes, *, compacted: bool) -> list[Any]:
    """The readable records of a page of an uncommitted batch."""
    if compacted:
        lines = [_parsed(line) for line in body.splitlines()]
        return [line.get("record") for line in lines if isinstance(line, dict)]
    document = _parsed(body)
    return document if isinstance(document, list) else []


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _athlete(record: Any) -> str | None:
    athlete = record.get("athlete") if isinstance(record, dict) else None
    return str(athlete.get("id")) if isinstance(athlete, dict) else None
