"""The athlete's activities in a sandbox: the listing, and every edit that an athlete can make.

Records are stored as the JSON that is served. New records are made in invented_activity.py.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.invented_activity import Recording, false_utc, iso_utc, with_figures, zone_fields
from strava_assets.sandbox.sports import E_BIKE_RIDES, RIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from strava_assets.sandbox.clock import Clock
    from strava_assets.sandbox.outing import Outing

Record = dict[str, Any]
Derived = TypeVar("Derived")

_MEASURED = frozenset(
    (
        "average_cadence",
        "average_heartrate",
        "average_temp",
        "average_watts",
        "distance",
        "elev_high",
        "elev_low",
        "max_heartrate",
        "max_speed",
        "max_watts",
        "moving_time",
        "total_elevation_gain",
        "weighted_average_watts",
    )
)
"""Who changes one of these gets streams that are fitted to the new summary."""
_POWER_FIELDS = ("average_watts", "max_watts", "weighted_average_watts", "device_watts", "kilojoules")


@dataclass(frozen=True)
class Entry:
    """One activity: start (epoch seconds), visibility, and the JSON that is served.

    Attributes:
        make: Makes the JSON, which is then kept.
        outing: What the streams are made from; without one they are fitted to the summary.
    """

    id: int
    start_s: int
    private: bool
    deleted: bool
    make: Callable[[], bytes]
    outing: Outing | None = None

    @cached_property
    def body(self) -> bytes:
        """The JSON."""
        return self.make()

    @classmethod
    def of(cls, record: Record, outing: Outing | None = None) -> Entry:
        """The entry of a record, which may be malformed in a replayed file."""
        body = encode(record)
        return cls(
            id=record["id"] if isinstance(record.get("id"), int) else 0,
            start_s=_epoch_s(record.get("start_date")),
            private=record.get("visibility") == "only_me" or bool(record.get("private")),
            deleted=False,
            make=lambda: body,
            outing=outing,
        )

    def record(self) -> Record:
        """The record, decoded."""
        decoded: Record = json.loads(self.body)
        return decoded


class History:
    """The activities of one athlete and their edits. Thread-safe; `clock` gives the time of uploads.

    Attributes:
        on_change: Called after an upload, edit or deletion with the id, `create`, `update` or `delete`, and
            the edited fields.
    """

    def __init__(self, entries: Iterable[Entry], athlete_id: int, clock: Clock) -> None:
        self._lock = threading.RLock()
        self._entries: dict[int, Entry] = {}
        for entry in entries:
            # Replayed records may lack an id or repeat one. They are listed nevertheless.
            is_new = entry.id and entry.id not in self._entries
            self._entries[entry.id if is_new else -1 - len(self._entries)] = entry
        self._athlete_id = athlete_id
        self._clock = clock
        self._listings: dict[bool, tuple[list[int], list[Entry]]] = {}
        self._derived: dict[Callable[[list[Entry]], Any], Any] = {}
        self.on_change: Callable[[int, str, Record], None] = lambda *_: None

    def __len__(self) -> int:
        return len(self._listing(with_private=True)[1])

    def prepare_in_background(self, closing: threading.Event) -> None:
        """Make the JSON of all activities, newest first: seconds that a first request would wait for.

        The thread ends soon after `closing` is set. It is no daemon: such a thread is killed when Python
        ends, and in the middle of numpy's code that aborts the process.
        """

        def prepare() -> None:
            for entry in reversed(self.entries()):
                if closing.is_set():
                    return
                len(entry.body)

        threading.Thread(target=prepare).start()

    def ids(self) -> list[int]:
        """The ids of all activities, including private ones, newest first."""
        return [entry.id for entry in reversed(self._listing(with_private=True)[1])]

    def records(self, *, private: bool = True) -> list[Record]:
        """The records of a complete listing, newest first; without private ones if `private` is False."""
        return [entry.record() for entry in reversed(self._listing(with_private=private)[1])]

    def entries(self) -> list[Entry]:
        """The entries of a complete listing, oldest first."""
        return self._listing(with_private=True)[1]

    def derive(self, compute: Callable[[list[Entry]], Derived]) -> Derived:
        """What a function makes of `entries()`, remembered until the next edit."""
        with self._lock:
            if compute not in self._derived:
                self._derived[compute] = compute(self.entries())
            derived: Derived = self._derived[compute]
            return derived

    def get(self, activity_id: int) -> Record:
        """One record.

        Raises:
            StravaAssetsError: The activity does not exist.
        """
        return self._existing(activity_id).record()

    def outing(self, activity_id: int) -> Outing | None:
        """What the streams of an activity are made from, or None if there is only its summary."""
        return self._existing(activity_id).outing

    def find(self, activity_id: int, *, with_private: bool) -> Entry | None:
        """The entry that the API returns for this id, or None."""
        entry = self._entries.get(activity_id)
        if entry is None or entry.deleted or (entry.private and not with_private):
            return None
        return entry

    def page(
        self, after: int | None, before: int | None, offset: int, size: int, *, with_private: bool
    ) -> list[Entry]:
        """One page of the listing: oldest first with `after` alone, otherwise newest first.

        Args:
            after: Epoch seconds, exclusive.
            before: Epoch seconds, exclusive.
            offset: The number of activities before the page.
            size: The maximum number of activities on the page.
            with_private: Whether private activities are listed.
        """
        starts, entries = self._listing(with_private=with_private)
        low = bisect_right(starts, after) if after is not None else 0
        high = bisect_left(starts, before) if before is not None else len(entries)
        if after is not None and before is None:
            return entries[low + offset : min(low + offset + size, high)]
        last = high - offset
        return entries[max(low, last - size) : max(low, last)][::-1]

    def add(self, **fields: Any) -> int:
        """Add an activity and return its id; give `start_date` for a late upload.

        Args:
            fields: Fields of the summary. The defaults make a one-hour ride with a power meter. Local time
                and kilojoules are derived from `start_date` and watts unless given.
        """
        with self._lock:
            start = _instant(fields.get("start_date")) or self._clock() - timedelta(hours=2)
            activity_id = int(fields.get("id") or max([*self._entries, 16_000_000_000]) + 1_001)
            record = _default_ride(activity_id, self._athlete_id, start.replace(microsecond=0), fields)
            self._put(Entry.of(_with_edit(record, fields)))
        self.on_change(activity_id, "create", {})
        return activity_id

    def edit(self, activity_id: int, **fields: Any) -> Record:
        """Change fields of an activity, as an athlete does on the website, and return the new record."""
        with self._lock:
            entry = self._existing(activity_id)
            record = _with_edit(entry.record(), fields)
            self._put(Entry.of(record, None if _MEASURED & fields.keys() else entry.outing))
        self.on_change(activity_id, "update", fields)
        return record

    def crop(self, activity_id: int, start_s: int = 0, end_s: int = 0) -> Record:
        """Cut seconds off the start and the end: times, distance, climbing and work decrease.

        What is left of the sample athlete's seconds decides. Without them average power rises slightly, as if
        the easy parts of the ride were cut.
        """
        with self._lock:
            entry = self._existing(activity_id)
            if entry.outing is not None:
                return self._crop_outing(entry, entry.outing, start_s, end_s)
            record = entry.record()
            elapsed_s = record["elapsed_time"]
            remaining_s = max(1, elapsed_s - start_s - end_s)
            share = min(1.0, remaining_s / elapsed_s) if elapsed_s else 1.0
            moving_s = max(1, int(record["moving_time"] * share))
            fields = {
                "start_date": iso_utc(_utc(record["start_date"]) + timedelta(seconds=start_s)),
                "elapsed_time": remaining_s,
                "moving_time": moving_s,
                "distance": round(record["distance"] * share, 1),
                "total_elevation_gain": round(record["total_elevation_gain"] * share, 1),
            }
            if record.get("average_watts") is not None:
                fields["average_watts"] = round(record["average_watts"] * (1.1 - share / 10), 1)
            return self.edit(activity_id, **fields)

    def _crop_outing(self, entry: Entry, outing: Outing, start_s: int, end_s: int) -> Record:
        record = entry.record()
        elapsed_s = record["elapsed_time"]
        cropped = outing.cropped(elapsed_s, start_s, end_s)
        start = _utc(record["start_date"]) + timedelta(seconds=start_s)
        fields = {"start_date": iso_utc(start), "elapsed_time": max(1, elapsed_s - start_s - end_s)}
        edited = _with_edit(with_figures(record, cropped.samples.figures()), fields)
        if "kilojoules" in edited:
            edited["kilojoules"] = round(edited["average_watts"] * edited["moving_time"] / 1000, 1)
        self._put(Entry.of(edited, cropped))
        return edited

    def delete(self, activity_id: int) -> None:
        """Remove the activity from list and detail."""
        with self._lock:
            self._put(replace(self._existing(activity_id), deleted=True))
        self.on_change(activity_id, "delete", {})

    def restore(self, activity_id: int) -> None:
        """Restore a deleted activity unchanged."""
        with self._lock:
            entry = self._entries.get(activity_id)
            if entry is None:
                raise _no_such_activity(activity_id)
            self._put(replace(entry, deleted=False))
        self.on_change(activity_id, "create", {})

    def _existing(self, activity_id: int) -> Entry:
        entry = self.find(activity_id, with_private=True)
        if entry is None:
            raise _no_such_activity(activity_id)
        return entry

    def _put(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        self._listings.clear()
        self._derived.clear()

    def _listing(self, *, with_private: bool) -> tuple[list[int], list[Entry]]:
        """Start times and entries of the listed activities, oldest first."""
        with self._lock:
            if with_private not in self._listings:
                entries = sorted(
                    (e for e in self._entries.values() if not e.deleted and (with_private or not e.private)),
                    key=lambda entry: (entry.start_s, entry.id),
                )
                self._listings[with_private] = ([entry.start_s for entry in entries], entries)
            return self._listings[with_private]


def encode(document: Any) -> bytes:
    """JSON in Strava's format."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def json_list(entries: Sequence[Entry]) -> bytes:
    """The body of a list response."""
    return b"[" + b",".join(entry.body for entry in entries) + b"]"


def _default_ride(activity_id: int, athlete_id: int, start: datetime, fields: Record) -> Record:
    moving_s = int(fields.get("moving_time") or 3_600)
    record = Recording(
        id=activity_id,
        athlete_id=athlete_id,
        name="Ride",
        sport_type=str(fields.get("sport_type") or "Ride"),
        start=start,
        zone=str(fields.get("timezone") or "Europe/Paris").split(") ")[-1],
        moving_time_s=moving_s,
        elapsed_time_s=moving_s + 60,
        distance_m=round(moving_s * 8.1, 1),
        climb_m=240.0,
        average_watts=180.0,
        weighted_watts=190,
        max_watts=560,
        heartrate=(138.0, 167.0),
        cadence=86.0,
        temperature_c=16,
    ).summary()
    if record["sport_type"] not in RIDES | E_BIKE_RIDES:
        for name in _POWER_FIELDS:
            record.pop(name, None)
    return record


def _with_edit(record: Record, fields: Record) -> Record:
    """The record after an edit, with the fields that Strava derives unless they were given."""
    edited = record | {
        name: iso_utc(value) if isinstance(value, datetime) else value for name, value in fields.items()
    }
    if "start_date" in fields and "start_date_local" not in fields:
        start = _utc(edited["start_date"])
        zone = zone_fields(edited["timezone"].split(") ")[-1], start)
        edited |= {"start_date_local": false_utc(start, zone["utc_offset"]), "utc_offset": zone["utc_offset"]}
    derives_work = {"average_watts", "moving_time"} & fields.keys() and "kilojoules" not in fields
    if derives_work and edited.get("average_watts") is not None and "kilojoules" in edited:
        edited["kilojoules"] = round(edited["average_watts"] * edited["moving_time"] / 1000, 1)
    if "visibility" in fields and "private" not in fields:
        edited["private"] = fields["visibility"] == "only_me"
    return edited


def _instant(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) or value is None else _utc(value)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _epoch_s(text: Any) -> int:
    try:
        return int(_utc(text).timestamp())
    except (TypeError, ValueError):
        return 0


def _no_such_activity(activity_id: int) -> StravaAssetsError:
    return StravaAssetsError(
        f"The sandbox has no activity {activity_id}.",
        means="Nothing was changed.",
        remedy="Use an id from the listing. Restore a deleted activity first.",
    )
