"""Merges landed batches into one: the latest version of every activity, and the records still rejected.

A rebuild from the merged batch gives the same table. `compact` and `retention` decide when to merge and what
to leave out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from strava_assets.history import loaded_batches
from strava_assets.history.deletions import Deletions, draws_conclusions
from strava_assets.history.landed_records import (
    UnreadableRecordError,
    compacted_line,
    landed_records,
    read_record,
    rejected_record,
)
from strava_assets.landing import NOTHING_CONCLUDED, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from strava_assets.history.landed_records import Key, LandedRecord
    from strava_assets.landing import Landing
    from strava_assets.warehouse.engine import Warehouse

_LINES_A_PAGE = 1_000

K = TypeVar("K")

Position = tuple[int, int, int]
"""The position of a record: indexes of batch, page and record."""


class Version(NamedTuple):
    """One version of an activity, or, without a key, one rejected record."""

    key: Key | None
    fetched_at: datetime
    batch_id: str
    position: Position
    deleted_at: datetime | None = None


def group_batches(manifests: Sequence[Manifest]) -> list[list[Manifest]]:
    """Group batches that may be merged: of one athlete and one source, in order."""

    def owner(manifest: Manifest) -> tuple[str, str]:
        return manifest.athlete_id or "", manifest.source

    return [list(group) for _, group in groupby(sorted(manifests, key=owner), key=owner)]


def compact_batches(
    landing: Landing,
    warehouse: Warehouse,
    batches: Sequence[Manifest],
    now: datetime,
    *,
    drop: Callable[[Version], bool] | None = None,
    deleted: Mapping[Key, datetime] | None = None,
) -> Manifest:
    """Replace several batches by a compacted one; the pages are read one at a time, twice.

    After a crash at any moment, readers see either the old batches or the new one.

    Args:
        landing: contains the batches.
        warehouse: has loaded all of them, and so does not load the new one.
        batches: the batches of one group, in order; they are removed at the end.
        now: aware UTC, for `loaded_batches`.
        drop: selects versions to remove permanently.
        deleted: deleted activities, with the start of the listing that no longer had them.

    Raises:
        LandingError: a page is damaged; nothing was changed.
    """
    marked = deleted or {}
    latest = {
        version.position: version.deleted_at or (marked.get(version.key) if version.key else None)
        for version in _latest(landing, batches, _rejected_hashes(warehouse))
        if drop is None or not drop(version)
    }
    last = batches[-1]
    batch = landing.begin("compacted", last.started_at, last.athlete_id)
    lines: list[bytes] = []
    ids: dict[str, None] = {}
    written = 0

    def write_page() -> None:
        batch.write_page(len(batch.pages) + 1, b"\n".join(lines), last.finished_at, len(lines))
        lines.clear()

    for position, landed in _positions(landing, batches):
        if position not in latest:
            continue
        lines.append(compacted_line(replace(landed, deleted_at=latest[position])))
        written += 1
        if activity_id := rejected_record(landed.record, "", landed.origin)["activity_id"]:
            ids[activity_id] = None
        if len(lines) == _LINES_A_PAGE:
            write_page()
    if lines:
        write_page()
    manifest = replace(
        _merged_manifest(batches),
        batch_id=batch.batch_id,
        pages=tuple(batch.pages),
        records=written,
        activity_ids=tuple(ids),
    )
    # Recorded as loaded before it is committed, because the table already contains its records. A crash in
    # between leaves a harmless row about a batch that does not exist.
    loaded = loaded_batches.LoadedBatch(
        manifest.batch_id, manifest.kind, manifest.athlete_id, records=written
    )
    loaded_batches.insert(warehouse, [loaded], now)
    batch.commit(manifest)
    landing.remove(batches)
    return manifest


def _positions(landing: Landing, batches: Sequence[Manifest]) -> Iterator[tuple[Position, LandedRecord]]:
    for number, manifest in enumerate(batches):
        for page, records in enumerate(landed_records(landing, manifest)):
            for index, landed in enumerate(records):
                yield (number, page, index), landed


def _rejected_hashes(warehouse: Warehouse) -> set[str]:
    """The records still rejected; only the whole table shows which ones are resolved."""
    rows = warehouse.query("SELECT record_hash FROM rejected_records").to_pylist()
    return {row["record_hash"] for row in rows}


def _latest(landing: Landing, batches: Sequence[Manifest], rejected: set[str]) -> Iterator[Version]:
    """The versions that remain after loading these batches, by the rules of `loader` and `deletions`."""
    deletions = Deletions()
    versions: dict[Key, Version] = {}
    rejects: dict[str, Version] = {}
    for number, manifest in enumerate(batches):
        for (_, page, index), landed in _positions(landing, [manifest]):
            _add(landed, (number, page, index), versions, rejects, deletions)
        if draws_conclusions(manifest):
            deletions.add_concluded(manifest, landing.conclusion(manifest) or NOTHING_CONCLUDED)
    for key, version in versions.items():
        since = deletions.of(batches[0].source, key, version.fetched_at)
        yield version._replace(deleted_at=since or version.deleted_at)
    yield from (reject for record_hash, reject in rejects.items() if record_hash in rejected)


def _add(
    landed: LandedRecord,
    position: Position,
    versions: dict[Key, Version],
    rejects: dict[str, Version],
    deletions: Deletions,
) -> None:
    origin = landed.origin
    try:
        row = read_record(landed.record, origin)
    except UnreadableRecordError:
        reject = rejected_record(landed.record, "", origin)
        _keep_later(
            rejects, reject["record_hash"], Version(None, origin.fetched_at, origin.batch_id, position)
        )
        return
    key = (row["athlete_id"], row["activity_id"])
    version = Version(key, origin.fetched_at, origin.batch_id, position, landed.deleted_at)
    _keep_later(versions, key, version)
    if landed.deleted_at:
        deletions.add(origin.source, key, landed.deleted_at)


def _keep_later(latest: dict[K, Version], name: K, version: Version) -> None:
    latest_version = latest.get(name)
    if latest_version is None or (version.fetched_at, version.batch_id) >= (
        latest_version.fetched_at,
        latest_version.batch_id,
    ):
        latest[name] = version


def _merged_manifest(batches: Sequence[Manifest]) -> Manifest:
    """A manifest with what the batches together record of the history, for the plan of the next sync."""
    last = batches[-1]
    completed = [m for m in batches if m.history_complete_at]
    # A history completed in one listing takes precedence over one completed in several.
    in_one_listing = [m for m in completed if m.before is None]
    complete = next(reversed(in_one_listing or completed), None)
    full = [m for m in batches if m.kind in ("full", "compacted")]
    return Manifest(
        batch_id="",
        kind="compacted",
        source=last.source,
        athlete_id=last.athlete_id,
        started_at=last.started_at,
        finished_at=last.finished_at,
        # Absence from it means nothing.
        complete=False,
        before=complete.before if complete else None,
        oldest_start=min((m.oldest_start for m in batches if m.oldest_start), default=None),
        newest_start=max((m.newest_start for m in batches if m.newest_start), default=None),
        resume_before=full[-1].resume_before if full else None,
        history_complete_at=complete.history_complete_at if complete else None,
        replaces=tuple(m.batch_id for m in batches),
    )
