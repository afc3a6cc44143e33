"""What is written beside a batch's pages: its manifest, and what was concluded from its listing.

The manifest is written last: a batch counts once it is there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from strava_assets.documents import STRICT, DamagedDocumentError, UtcTime, read_document

PAGE_NAME = r"page-[0-9]{5,}\.json\.gz"
"""The form of a page's name, as a regular expression."""

Kind = Literal["incremental", "full", "window", "archive", "compacted"]


@dataclass(frozen=True)
class PageEntry:
    """One file of a batch: its name, its size as received, its digest, its records and when it came."""

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
        batch_id: its folder's name; sorts by the time the batch began.
        kind: what was asked: incremental, full, window; archive for a bulk export; compacted for a merge
            of old batches, whose pages are lines of `{"record", "fetched_at", ...}` instead of answers.
        source: `api` or `archive`.
        athlete_id: whose activities they are; None where the answer held none.
        after: start of the window asked for, epoch seconds, exclusive; None for the beginning of time.
        before: end of the window asked for, epoch seconds, exclusive; None for no end.
        started_at: when the first question was asked, UTC.
        finished_at: when the last answer had come, UTC.
        complete: whether the listing reached its end; only then may anything be concluded from absence.
        pages: the files, in the order received.
        records: how many records the pages held, repeated and unreadable ones included.
        activity_ids: every id the pages held, each once.
        oldest_start: the earliest start among the records, UTC.
        newest_start: the latest start among the records, UTC.
        resume_before: where a first listing that was stopped goes on, epoch seconds; None where nothing
            is owed.
        history_complete_at: when the whole history had last been listed to its end, as far as this batch
            knows, UTC.
        calls: requests sent, by kind.
        replaces: the batches a compacted one stands for.
        format: the form of this document.
    """

    __pydantic_config__ = STRICT

    batch_id: str
    kind: Kind
    source: Literal["api", "archive"]
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
        """The manifest as it is stored."""
        return json.dumps(asdict(self), default=lambda value: value.isoformat(), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read a stored manifest.

        Raises:
            DamagedDocumentError: it is not a manifest of this format.
        """
        manifest = read_document(_manifest_form(), text)
        # The defaults are for those who make a manifest: a stored one without pages would be an empty batch.
        stored = json.loads(text)
        if missing := [field.name for field in fields(cls) if field.name not in stored]:
            raise DamagedDocumentError(f"{missing[0]}: Field required")
        return manifest


@dataclass(frozen=True)
class Conclusion:
    """What one listing's silence was taken to mean.

    Args:
        deleted: ids that were taken for deleted.
        held_back: ids that are missing but kept, because the guard asks for a person's word.
    """

    __pydantic_config__ = STRICT

    deleted: tuple[str, ...]
    held_back: tuple[str, ...]

    def to_json(self) -> str:
        """The conclusion as it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Conclusion:
        """Read a stored conclusion.

        Raises:
            DamagedDocumentError: it is not a conclusion.
        """
        return read_document(_conclusion_form(), text)


NOTHING_CONCLUDED = Conclusion(deleted=(), held_back=())


@cache
def _manifest_form() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


@cache
def _conclusion_form() -> TypeAdapter[Conclusion]:
    return TypeAdapter(Conclusion)
