"""The documents beside a batch's pages: its manifest, and the conclusion drawn from its listing.

The manifest is written last and makes the batch visible to readers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from strava_assets.documents import STRICT, DamagedDocumentError, UtcTime, read_document

PAGE_NAME = r"page-[0-9]{5,}\.json\.gz"
"""The name of a page, as a regular expression."""

Kind = Literal["incremental", "full", "window", "archive", "file", "compacted"]
Source = Literal["api", "archive", "file"]


@dataclass(frozen=True)
class PageEntry:
    """One page of a batch: its name, size as received, digest, number of records and fetch time."""

    __pydantic_config__ = STRICT

    name: Annotated[str, Field(pattern=f"^{PAGE_NAME}$")]
    bytes: int
    sha256: str
    records: int
    fetched_at: UtcTime


@dataclass(frozen=True)
class Manifest:
    """One committed batch.

    Args:
        batch_id: the name of its folder; sorts by the time the batch began.
        kind: incremental, full or window for a listing; archive for a bulk export; file for recordings
            without an export; compacted for a merge of old batches, whose pages are lines of
            `{"record", "fetched_at", ...}` instead of responses.
        source: where its records came from.
        athlete_id: the athlete of the activities; None if there were none.
        after: start of the requested window, epoch seconds, exclusive; None if open.
        before: end of the requested window, epoch seconds, exclusive; None if open.
        started_at: time of the first request, UTC.
        finished_at: time of the last response, UTC.
        complete: whether the listing reached its end; only then does absence mean anything.
        pages: the pages, in the order received.
        records: number of records in the pages, repeated and unreadable ones included.
        activity_ids: the distinct ids in the pages.
        oldest_start: the earliest start among the records, UTC.
        newest_start: the latest start among the records, UTC.
        resume_before: where to resume a first listing that was stopped, epoch seconds; None if there is none.
        history_complete_at: when the whole history was last listed completely, as far as this batch records
            it, UTC.
        calls: number of requests sent, by kind.
        replaces: the batches that a compacted batch replaces.
        format: the version of this document's format.
    """

    __pydantic_config__ = STRICT

    batch_id: str
    kind: Kind
    source: Source
    athlete_id: str | None
    started_at: UtcTime
    finished_at: UtcTime
    complete: bool
    after: int | None = None
    before: int | None = None
    pages: tuple[PageEntry, ...] = ()
    records: int = 0
    activity_ids: tuple[str, ...] = ()
    oldest_start: UtcTime | None = None
    newest_start: UtcTime | None = None
    resume_before: int | None = None
    history_complete_at: UtcTime | None = None
    calls: dict[str, int] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    format: Literal[1] = 1

    def to_json(self) -> str:
        """The manifest in its stored form."""
        return json.dumps(asdict(self), default=lambda value: value.isoformat(), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read a stored manifest.

        Raises:
            DamagedDocumentError: it is not a manifest of this format.
        """
        manifest = read_document(_manifest_adapter(), text)
        # The defaults are for making a manifest: a stored one without pages would look like an empty batch.
        stored = json.loads(text)
        if missing := [field.name for field in fields(cls) if field.name not in stored]:
            raise DamagedDocumentError(f"{missing[0]}: Field required")
        return manifest


@dataclass(frozen=True)
class Conclusion:
    """The conclusion drawn from activities that are missing in one listing.

    Args:
        deleted: ids that are considered deleted.
        held_back: missing ids that are kept, because the guard requires confirmation.
    """

    __pydantic_config__ = STRICT

    deleted: tuple[str, ...]
    held_back: tuple[str, ...]

    def to_json(self) -> str:
        """The conclusion in its stored form."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Conclusion:
        """Read a stored conclusion.

        Raises:
            DamagedDocumentError: it is not a conclusion.
        """
        return read_document(_conclusion_adapter(), text)


NOTHING_CONCLUDED = Conclusion(deleted=(), held_back=())


@cache
def _manifest_adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


@cache
def _conclusion_adapter() -> TypeAdapter[Conclusion]:
    return TypeAdapter(Conclusion)
