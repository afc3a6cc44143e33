"""The entries in the parts' footers, one per activity, and which of several entries is effective."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from strava_assets.documents import STRICT, UtcTime, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

Status = Literal["stored", "none", "unreadable"]

Key = tuple[str, str]
"""An activity: athlete and id."""


@dataclass(frozen=True)
class Extent:
    """What a recording covers, to compare it with its activity.

    Args:
        elapsed_s: the time of its last sample, seconds after the start.
        distance_m: the greatest distance; None without any.
        watts_samples: number of samples with power.
        heartrate_samples: number of samples with a heart rate.
        cadence_samples: number of samples with a cadence.
    """

    __pydantic_config__ = STRICT

    elapsed_s: int
    distance_m: float | None
    watts_samples: int
    heartrate_samples: int
    cadence_samples: int


@dataclass(frozen=True)
class StreamEntry:
    """One activity's streams.

    Args:
        athlete_id: the athlete.
        activity_id: the activity.
        year: year of its local start; part of the folder's name.
        status: stored: it has samples; none: it has no samples; unreadable: its recording was rejected.
        source: where the streams came from.
        fetched_at: when they were fetched, the export was made or the file was imported, aware UTC.
        fingerprint: digest of the summary they were fetched for; empty unless from the API.
        version: digest of the samples, empty without samples; set by the store.
        samples: number of samples; set by the store.
        channels: the columns that have values; set by the store.
        extent: what the samples cover; set by the store. Entries of earlier versions have none.
        utc_offset_s: UTC offset according to the recording's file, seconds.
        timezone: time zone according to the recording's file, an IANA name.
        origin: the recording's file in the export or import; None from the API.
        reason: why there are no samples or the recording could not be read.
        notes: what was repaired or dropped when the recording was read, a sentence each.
        reader: the version of the reader that decoded the recording's file; 0 from the API.
        part: path of the file below the store's address; set by the store.
        row_group: index of the row group with the samples; set by the store.
    """

    __pydantic_config__ = STRICT

    athlete_id: str
    activity_id: str
    year: int
    status: Status
    source: Literal["api", "archive", "file"]
    fetched_at: UtcTime
    fingerprint: str
    version: str = ""
    samples: Annotated[int, Field(ge=0)] = 0
    channels: tuple[str, ...] = ()
    extent: Extent | None = None
    utc_offset_s: int | None = None
    timezone: str | None = None
    origin: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    reader: int = 0
    part: str | None = None
    row_group: Annotated[int, Field(ge=0)] | None = None

    @property
    def key(self) -> Key:
        """The activity."""
        return self.athlete_id, self.activity_id


def to_footer(entries: Iterable[StreamEntry]) -> str:
    """Serialize the entries of a part for its footer, without the part's path."""
    stored = [asdict(entry) for entry in entries]
    for fields in stored:
        del fields["part"]
    return json.dumps(stored, default=datetime.isoformat, separators=(",", ":"))


def from_footer(text: bytes, part: str) -> list[StreamEntry]:
    """Read the entries from a footer.

    Raises:
        DamagedDocumentError: it is not a footer.
    """
    return [replace(entry, part=part) for entry in read_document(_footer_adapter(), text)]


@cache
def _footer_adapter() -> TypeAdapter[list[StreamEntry]]:
    return TypeAdapter(list[StreamEntry])


def effective_entries(entries: Iterable[StreamEntry]) -> dict[Key, StreamEntry]:
    """The effective entry of each activity; of equal ones the last, which is in the newer part.

    A recording from the archive is the unedited original and takes precedence; then the latest entry from the
    API; then an entry of the archive without a recording.
    """
    effective: dict[Key, StreamEntry] = {}
    for entry in entries:
        other = effective.get(entry.key)
        if other is None or _rank(entry) >= _rank(other):
            effective[entry.key] = entry
    return effective


def _rank(entry: StreamEntry) -> tuple[int, datetime]:
    if entry.source == "api":
        return 1, entry.fetched_at
    return 2 if entry.status == "stored" else 0, entry.fetched_at
