"""What a batch says of itself. Its manifest is written last: a batch counts once the manifest is there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

FORMAT = 1

Kind = Literal["incremental", "full", "window", "archive", "compacted"]


@dataclass(frozen=True)
class PageEntry:
    """One file of a batch: its name, its size as received, its digest, its records and when it came."""

    name: str
    bytes: int
    sha256: str
    records: int
    fetched_at: datetime


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
    """

    batch_id: str
    kind: Kind
    source: Literal["api", "archive"]
    athlete_id: str | None
    started_at: datetime
    finished_at: datetime
    complete: bool
    after: int | None = None
    before: int | None = None
    pages: tuple[PageEntry, ...] = ()
    records: int = 0
    activity_ids: tuple[str, ...] = ()
    oldest_start: datetime | None = None
    newest_start: datetime | None = None
    resume_before: int | None = None
    history_complete_at: datetime | None = None
    calls: dict[str, int] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The manifest as it is stored."""
        return json.dumps(
            {"format": FORMAT, **asdict(self)}, default=lambda value: value.isoformat(), indent=1
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read a stored manifest.

        Raises:
            ValueError: it is not a manifest of this format.
        """
        stored: dict[str, Any] = json.loads(text)
        if stored.pop("format", None) != FORMAT:
            raise ValueError(f"not a manifest of format {FORMAT}")
        for name in ("started_at", "finished_at", "oldest_start", "newest_start", "history_complete_at"):
            stored[name] = datetime.fromisoformat(stored[name]) if stored[name] else None
        stored["pages"] = tuple(
            PageEntry(**{**page, "fetched_at": datetime.fromisoformat(page["fetched_at"])})
            for page in stored["pages"]
        )
        stored["activity_ids"] = tuple(stored["activity_ids"])
        stored["replaces"] = tuple(stored["replaces"])
        return cls(**stored)
