"""A bulk export into the history: its recordings into the streams' store, its rows into the landing.

Both halves may be repeated at any time. What the store has from the export is not decoded again, and only the
rows that say something new become a batch; an import that was interrupted goes on where it was.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.archive import Facts, athlete_of, read_activities, record_of
from strava_assets.history.decoding import Order, decode
from strava_assets.history.landed_records import digest, landed_records
from strava_assets.landing import Manifest
from strava_assets.streams import StreamEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from strava_assets.archive import Export, Row
    from strava_assets.history.decoding import Decoded
    from strava_assets.landing import Landing
    from strava_assets.streams import Key, StreamStore

_RECORDS_A_PAGE = 1_000
# A kill loses no more than these: half a minute of one core's work.
_FILES_A_PIECE = 100
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Progress(NamedTuple):
    """How far the decoding is: files read, of how many, and how many of them were set aside."""

    done: int
    total: int
    set_aside: int


@dataclass
class Imported:
    """What an import came to.

    Args:
        athlete_id: whose export it was.
        made_at: when the export was made, UTC.
        language: the language it is written in.
        activities: rows it has.
        new: activities that no export had brought before.
        changed: activities that an earlier export had otherwise.
        decoded: recordings that were decoded and are kept now.
        stored: recordings of this export that are kept, those of earlier imports included.
        without: activities typed in by hand, which have no recording.
        set_aside: the reason for each file that could not be used, by its name.
        unknown_types: display texts of activity types that are not known, with how many activities have them.
        manifest: the batch; None where nothing was new.
    """

    athlete_id: str
    made_at: datetime
    language: str = ""
    activities: int = 0
    new: int = 0
    changed: int = 0
    decoded: int = 0
    stored: int = 0
    without: int = 0
    set_aside: dict[str, str] = field(default_factory=dict)
    unknown_types: Counter[str] = field(default_factory=Counter)
    manifest: Manifest | None = None

    @property
    def unchanged(self) -> int:
        """Activities that say nothing new."""
        return self.activities - self.new - self.changed


def import_archive(  # noqa: PLR0913 - every one is a choice of the caller's
    export: Export,
    landing: Landing,
    store: StreamStore,
    *,
    clock: Callable[[], datetime],
    home: str,
    athlete: str | None = None,
    processes: int = 2,
    progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """Import an export: decode its recordings, land its rows.

    Args:
        export: the opened export.
        landing: takes the rows, as one batch.
        store: takes the recordings, piece by piece.
        clock: gives the aware UTC time.
        home: the athlete's own time zone.
        athlete: the athlete's id, where the export does not say.
        processes: how many decode at once.
        progress: told after every recording.

    Raises:
        ArchiveError: the export cannot be used, or decoding it ended; what was decoded before is kept.
        LandingError: the landing cannot be read or written.
        StreamsError: the store cannot be read or written.
    """
    started_at = clock()
    landing.check_writable()
    store.check_writable()
    rows = _distinct(read_activities(export))
    imported = Imported(athlete_of(export, athlete), export.made_at, activities=len(rows))
    landed_forms = latest_imported(landing, imported.athlete_id)
    recordings = _Recordings(rows, store, landed_forms, imported, home)
    with closing(decode(export, recordings.orders, processes)) as results:
        recordings.keep(results, progress or (lambda _: None))
    entries = store.entries()
    records = [_record(row, entries, imported, home) for row in rows]
    _land(records, landing, landed_forms, imported, (started_at, clock))
    return imported


class Form(NamedTuple):
    """One form of an activity as an export told it; of two, the greater one is the later.

    Args:
        made_at: when its export was made.
        batch_id: the batch that brought it.
        digest: of the record.
        span: which part of a recording it shows: the start and the seconds from there to the end.
    """

    made_at: datetime
    batch_id: str
    digest: str
    span: tuple[Any, Any]


def latest_imported(landing: Landing, athlete_id: str) -> dict[str, Form]:
    """The latest form of every activity that exports have brought, by id; without an id, by digest.

    Raises:
        LandingError: a page is damaged.
    """
    landed_forms: dict[str, Form] = {}
    for manifest in landing.manifests():
        if manifest.source != "archive" or manifest.athlete_id != athlete_id:
            continue
        for page in landed_records(landing, manifest):
            for landed in page:
                origin, record = landed.origin, landed.record
                span = record.get("start_date"), record.get("elapsed_time")
                form = Form(origin.fetched_at, origin.batch_id, digest(record), span)
                name = _name(record)
                landed_forms[name] = max(landed_forms.get(name, form), form)
    return landed_forms


class _Recordings:
    """The first half of an import: which recordings are open, and keeping what comes of them."""

    def __init__(
        self,
        rows: Sequence[Row],
        store: StreamStore,
        landed_forms: Mapping[str, Form],
        imported: Imported,
        home: str,
    ) -> None:
        self._store = store
        self._imported = imported
        self._home = home
        self._entries = store.entries()
        self._rows = {row.activity_id: row for row in rows}
        orders = [
            self._order(row, row.activity_id) for row in rows if row.activity_id and row.text("Filename")
        ]
        # Newest first: what a person looks at first is there first.
        self.orders = sorted(
            (order for order in orders if self._is_open(order, landed_forms.get(order.activity_id))),
            key=lambda order: order.start or _LONG_AGO,
            reverse=True,
        )

    def keep(self, results: Iterable[Decoded], progress: Callable[[Progress], None]) -> None:
        """Put what was decoded into the store, a piece at a time."""
        coming, total = iter(results), len(self.orders)
        for first in range(0, total, _FILES_A_PIECE):
            with self._store.writer() as writer:
                for done in range(first + 1, min(first + _FILES_A_PIECE, total) + 1):
                    result = next(coming)
                    entry = self._entry(result)
                    if _says_more(entry, self._entries.get(entry.key)):
                        writer.add(entry, result.recording)
                    if result.reason:
                        self._imported.set_aside[result.order.file] = result.reason
                    else:
                        self._imported.decoded += 1
                    progress(Progress(done, total, len(self._imported.set_aside)))

    def _order(self, row: Row, activity_id: str) -> Order:
        elapsed = row.number("Elapsed Time")
        return Order(
            self._imported.athlete_id,
            activity_id,
            row.text("Filename"),
            row.moment("Activity Date"),
            None if elapsed is None else round(elapsed),
        )

    def _is_open(self, order: Order, before: Form | None) -> bool:
        stored = self._entries.get((order.athlete_id, order.activity_id))
        if stored is None or stored.source != "archive" or stored.status != "stored":
            # One that was set aside is looked at again: that costs little, and the reader may have learnt.
            return True
        if stored.fetched_at >= self._imported.made_at or before is None:
            return False
        # Cropped on Strava between two exports.
        start = f"{order.start:%Y-%m-%dT%H:%M:%SZ}" if order.start else None
        return before.span != (start, order.elapsed_s)

    def _entry(self, result: Decoded) -> StreamEntry:
        order, imported = result.order, self._imported
        facts = Facts(has_power=False, timezone=result.timezone, utc_offset_s=result.utc_offset_s)
        record = record_of(self._rows[order.activity_id], imported.athlete_id, facts, self._home)
        local = record.get("start_date_local") or f"{result.began or imported.made_at:%Y}"
        return StreamEntry(
            athlete_id=imported.athlete_id,
            activity_id=order.activity_id,
            year=int(local[:4]),
            status="unreadable" if result.reason else "stored",
            source="archive",
            fetched_at=imported.made_at,
            fingerprint="",
            utc_offset_s=result.utc_offset_s,
            timezone=result.timezone,
            origin=order.file,
            reason=result.reason,
        )


def _says_more(entry: StreamEntry, stored: StreamEntry | None) -> bool:
    """Whether an entry changes what the store knows: a reason why not says less than any recording."""
    if stored is None or entry.status == "stored":
        return True
    both_reasons = stored.source == "archive" and stored.status == "unreadable"
    return both_reasons and (stored.origin, stored.reason) != (entry.origin, entry.reason)


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """The last row of each activity; rows without an id are all kept, to be set aside with a reason."""
    last: dict[object, Row] = {row.activity_id or row: row for row in rows}
    return list(last.values())


def _record(row: Row, entries: Mapping[Key, StreamEntry], imported: Imported, home: str) -> dict[str, Any]:
    """An activity's record, counted on the way."""
    imported.language = row.language.name
    sport_text = row.text("Activity Type")
    if row.language.sport_type(sport_text) is None:
        imported.unknown_types[sport_text] += 1
    entry = entries.get((imported.athlete_id, row.activity_id or ""))
    facts = None
    if not row.text("Filename"):
        imported.without += 1
    elif entry and entry.source == "archive" and entry.status == "stored":
        imported.stored += 1
        facts = Facts("watts" in entry.channels, entry.timezone, entry.utc_offset_s)
    return record_of(row, imported.athlete_id, facts, home)


def _land(
    records: Sequence[dict[str, Any]],
    landing: Landing,
    landed_forms: Mapping[str, Form],
    imported: Imported,
    times: tuple[datetime, Callable[[], datetime]],
) -> None:
    """One batch of the records that say something new; none where there are none."""
    fresh = []
    for record in records:
        form = landed_forms.get(_name(record))
        # Of what a later export says, an earlier one knows nothing better.
        if form and (form.made_at > imported.made_at or form.digest == digest(record)):
            continue
        fresh.append(record)
        imported.new += form is None
        imported.changed += form is not None
    if not fresh:
        return
    started_at, clock = times
    batch = landing.begin("archive", started_at)
    for first in range(0, len(fresh), _RECORDS_A_PAGE):
        page = fresh[first : first + _RECORDS_A_PAGE]
        body = json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
        batch.write_page(len(batch.pages) + 1, body, imported.made_at, len(page))
    starts = [start for record in fresh if (start := _start(record))]
    imported.manifest = batch.commit(
        Manifest(
            batch_id=batch.batch_id,
            kind="archive",
            source="archive",
            athlete_id=imported.athlete_id,
            started_at=started_at,
            finished_at=clock(),
            # It holds what is new alone, so its silence means nothing.
            complete=False,
            pages=tuple(batch.pages),
            records=len(fresh),
            activity_ids=tuple(str(record["id"]) for record in fresh if record.get("id")),
            oldest_start=min(starts, default=None),
            newest_start=max(starts, default=None),
        )
    )


def _name(record: Mapping[str, Any]) -> str:
    return str(record["id"]) if record.get("id") else digest(record)


def _start(record: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(record.get("start_date")))
    except ValueError:
        return None
