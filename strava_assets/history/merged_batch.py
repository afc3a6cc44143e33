"""Many landed batches as one: every activity's latest form, and the records still set aside.

A rebuild from the one gives the table that a rebuild from the many gave. When to fold, and what is left out,
is decided in compact.py and retention.py.
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

Place = tuple[int, int, int]
"""A record among many batches: batch, page and position."""


class Version(NamedTuple):
    """One form of an activity; or, without a key, one record set aside."""

    key: Key | None
    fetched_at: datetime
    batch_id: str
    place: Place
    deleted_at: datetime | None = None


def groups(manifests: Sequence[Manifest]) -> list[list[Manifest]]:
    """Batches that may be folded together: of one athlete and one source, in order."""

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
    """Put one compacted batch in the place of several; the pages are read one at a time, twice.

    A crash at any moment leaves either the old batches or the new one for readers to see.

    Args:
        landing: where they are.
        warehouse: which has loaded them all, and so needs not load the new one.
        batches: one group's, in order; all of them are removed in the end.
        now: aware UTC, for the ledger.
        drop: what is left out for good.
        deleted: activities that a listing no longer had, with when that listing began.

    Raises:
        LandingError: a page is damaged; nothing was changed.
    """
    marked = deleted or {}
    latest = {
        version.place: version.deleted_at or (marked.get(version.key) if version.key else None)
        for version in _latest(landing, batches, _set_aside(warehouse))
        if drop is None or not drop(version)
    }
    last = batches[-1]
    batch = landing.begin("compacted", last.started_at)
    lines: list[bytes] = []
    ids: dict[str, None] = {}
    written = 0

    def write_page() -> None:
        batch.write_page(len(batch.pages) + 1, b"\n".join(lines), last.finished_at, len(lines))
        lines.clear()

    for place, landed in _places(landing, batches):
        if place not in latest:
            continue
        lines.append(compacted_line(replace(landed, deleted_at=latest[place])))
        written += 1
        if activity_id := rejected_record(landed.record, "", landed.origin)["activity_id"]:
            ids[activity_id] = None
        if len(lines) == _LINES_A_PAGE:
            write_page()
    if lines:
        write_page()
    manifest = replace(
        _knowledge(batches),
        batch_id=batch.batch_id,
        pages=tuple(batch.pages),
        records=written,
        activity_ids=tuple(ids),
    )
    # Noted as loaded before it counts: the table holds all of it already. A crash in between leaves a line
    # about a batch that never was, which nobody misses.
    loaded_batches.enter(
        warehouse, manifest.batch_id, manifest.kind, now, loaded_batches.Counts(records=written)
    )
    batch.commit(manifest)
    landing.remove([replaced.batch_id for replaced in batches])
    return manifest


def _places(landing: Landing, batches: Sequence[Manifest]) -> Iterator[tuple[Place, LandedRecord]]:
    for number, manifest in enumerate(batches):
        for page, records in enumerate(landed_records(landing, manifest)):
            for position, landed in enumerate(records):
                yield (number, page, position), landed


def _set_aside(warehouse: Warehouse) -> set[str]:
    """The records still set aside; which of them are settled only the whole table tells."""
    rows = warehouse.query("SELECT record_hash FROM rejected_records").to_pylist()
    return {row["record_hash"] for row in rows}


def _latest(landing: Landing, batches: Sequence[Manifest], set_aside: set[str]) -> Iterator[Version]:
    """What loading these batches leaves, decided as loader.py and deletions.py do."""
    deletions = Deletions()
    versions: dict[Key, Version] = {}
    rejects: dict[str, Version] = {}
    for number, manifest in enumerate(batches):
        for (_, page, position), landed in _places(landing, [manifest]):
            _take(landed, (number, page, position), versions, rejects, deletions)
        if draws_conclusions(manifest):
            deletions.add_concluded(manifest, landing.conclusion(manifest) or NOTHING_CONCLUDED)
    for key, version in versions.items():
        since = deletions.of(batches[0].source, key, version.fetched_at)
        yield version._replace(deleted_at=since or version.deleted_at)
    yield from (reject for record_hash, reject in rejects.items() if record_hash in set_aside)


def _take(
    landed: LandedRecord,
    place: Place,
    versions: dict[Key, Version],
    rejects: dict[str, Version],
    deletions: Deletions,
) -> None:
    origin = landed.origin
    try:
        row = read_record(landed.record, origin)
    except UnreadableRecordError:
        reject = rejected_record(landed.record, "", origin)
        _keep_later(rejects, reject["record_hash"], Version(None, origin.fetched_at, origin.batch_id, place))
        return
    key = (row["athlete_id"], row["activity_id"])
    version = Version(key, origin.fetched_at, origin.batch_id, place, landed.deleted_at)
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


def _knowledge(batches: Sequence[Manifest]) -> Manifest:
    """What the batches together say of the athlete's history, for the plan of the next sync."""
    last = batches[-1]
    completed = [m for m in batches if m.history_complete_at]
    # A history completed in one go counts for more than one completed in pieces.
    in_one_go = [m for m in completed if m.before is None]
    complete = next(reversed(in_one_go or completed), None)
    full = [m for m in batches if m.kind in ("full", "compacted")]
    return Manifest(
        batch_id="",
        kind="compacted",
        source=last.source,
        athlete_id=last.athlete_id,
        started_at=last.started_at,
        finished_at=last.finished_at,
        # Of absence from it nothing may be concluded.
        complete=False,
        before=complete.before if complete else None,
        oldest_start=min((m.oldest_start for m in batches if m.oldest_start), default=None),
        newest_start=max((m.newest_start for m in batches if m.newest_start), default=None),
        resume_before=full[-1].resume_before if full else None,
        history_complete_at=complete.history_complete_at if complete else None,
        replaces=tuple(m.batch_id for m in batches),
    )
