"""What is known of one activity's streams, as the parts' footers tell it, and which of several counts."""

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
class StreamEntry:
    """One activity's streams.

    Args:
        athlete_id: whose.
        activity_id: which.
        year: of its local start; decides the folder.
        status: stored: the samples are there; none: there are none; unreadable: the recording was set aside.
        source: where they came from.
        fetched_at: when Strava gave them or the export was made, aware UTC.
        fingerprint: digest of the summary they were fetched for; empty from the archive.
        version: digest of the samples; set by the store, empty without any.
        samples: how many; set by the store.
        channels: the columns with any value; set by the store.
        utc_offset_s: what the recording's file told of the place, seconds.
        timezone: the same as an IANA name.
        origin: the recording's file in the export; None from the API.
        reason: why there are none or why the recording could not be read.
        part: the file, below the store's address; set by the store.
        row_group: which one of the part's holds the samples; set by the store.
    """

    __pydantic_config__ = STRICT

    athlete_id: str
    activity_id: str
    year: int
    status: Status
    source: Literal["api", "archive"]
    fetched_at: UtcTime
    fingerprint: str
    version: str = ""
    samples: Annotated[int, Field(ge=0)] = 0
    channels: tuple[str, ...] = ()
    utc_offset_s: int | None = None
    timezone: str | None = None
    origin: str | None = None
    reason: str | None = None
    part: str | None = None
    row_group: Annotated[int, Field(ge=0)] | None = None

    @property
    def key(self) -> Key:
        """The activity."""
        return self.athlete_id, self.activity_id


def to_footer(entries: Iterable[StreamEntry]) -> str:
    """A part's entries as its footer holds them; the part's own name is not among it."""
    stored = [asdict(entry) for entry in entries]
    for fields in stored:
        del fields["part"]
    return json.dumps(stored, default=datetime.isoformat, separators=(",", ":"))


def from_footer(text: bytes, part: str) -> list[StreamEntry]:
    """Read a footer back.

    Raises:
        DamagedDocumentError: it is not a footer.
    """
    return [replace(entry, part=part) for entry in read_document(_footer_form(), text)]


@cache
def _footer_form() -> TypeAdapter[list[StreamEntry]]:
    return TypeAdapter(list[StreamEntry])


def in_force(entries: Iterable[StreamEntry]) -> dict[Key, StreamEntry]:
    """The entry that counts of each activity; of equals the last, which stands in the newer part.

    The archive's recording is the athlete's own and unedited, so it comes first; then what the API said last;
    then that the archive held none.
    """
    counting: dict[Key, StreamEntry] = {}
    for entry in entries:
        other = counting.get(entry.key)
        if other is None or _rank(entry) >= _rank(other):
            counting[entry.key] = entry
    return counting


def _rank(entry: StreamEntry) -> tuple[int, datetime]:
    standing = {"api": 1, "archive": 2 if entry.status == "stored" else 0}[entry.source]
    return standing, entry.fetched_at
