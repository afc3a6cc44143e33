"""The names of files and folders in a landing. Files with other names are foreign and never removed."""

from __future__ import annotations

import re
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple, get_args

from strava_assets.durable_files import PARTIAL
from strava_assets.landing.manifest import PAGE_NAME, Kind

if TYPE_CHECKING:
    from datetime import datetime

MANIFEST = "manifest.json"
CONCLUSION = "concluded.json"

_TIME = "%Y%m%dT%H%M%S.%fZ"
_BATCH = re.compile(rf"[0-9]{{8}}T[0-9]{{6}}\.[0-9]{{6}}Z-({'|'.join(get_args(Kind))})-[0-9a-f]{{6}}")
_ATHLETE = re.compile(r"athlete=([0-9A-Za-z_-]+)")
_BATCH_FILE = re.compile(
    rf"(?:{PAGE_NAME}|{re.escape(MANIFEST)}|{re.escape(CONCLUSION)})(?:{re.escape(PARTIAL)})?"
)
_PAGE = re.compile(PAGE_NAME)
INDEX_FOLDER = "athletes"
"""The folder with the index of the athletes and their states (`athlete_index.py`)."""

_INDEX_FILE = re.compile(rf"{INDEX_FOLDER}/(?:index|[0-9]{{1,20}})\.json(?:{re.escape(PARTIAL)})?")


class BatchFolder(NamedTuple):
    """The folder of a batch: in its athlete's folder, or in the root if the athlete was not known."""

    batch_id: str
    athlete_id: str | None

    @property
    def path(self) -> str:
        """Its path below the landing's address."""
        return "/".join((*self._athlete, self.batch_id))

    @property
    def folders(self) -> list[str]:
        """The paths of its own folder, its athlete's and the root's."""
        return [self.path, *self._athlete, ""]

    @property
    def kind(self) -> str:
        """The kind of the batch."""
        match = _BATCH.fullmatch(self.batch_id)
        return match[1] if match else ""

    @property
    def _athlete(self) -> list[str]:
        return [] if self.athlete_id is None else [athlete_folder(self.athlete_id)]


def batch_folder(batch_id: str, athlete_id: str | None) -> BatchFolder:
    """The folder of a batch; the root's if the id cannot be a folder's name."""
    can_be_folder = athlete_id is not None and is_athlete_folder(athlete_folder(athlete_id))
    return BatchFolder(batch_id, athlete_id if can_be_folder else None)


def new_batch_id(kind: Kind, started_at: datetime) -> str:
    """The name of a batch's folder; sorts by the time the batch began."""
    # The random suffix distinguishes two batches of the same microsecond.
    return f"{time_prefix(started_at)}-{kind}-{secrets.token_hex(3)}"


def time_prefix(moment: datetime) -> str:
    """The prefix of the names of batches that began at this moment."""
    return f"{moment.astimezone(UTC):{_TIME}}"


def time_of(batch_id: str) -> str:
    """The prefix that says when a batch began, in the form of `time_prefix`."""
    return batch_id.partition("-")[0]


def athlete_folder(athlete_id: str) -> str:
    """The name of the folder with an athlete's batches."""
    return f"athlete={athlete_id}"


def page_name(number: int) -> str:
    """The name of a page; pages are numbered from 1."""
    return f"page-{number:05d}.json.gz"


def is_batch(name: str) -> bool:
    """Whether a folder of the landing is a batch."""
    return bool(_BATCH.fullmatch(name))


def is_batch_file(name: str) -> bool:
    """Whether a file in a batch's folder belongs to the batch."""
    return bool(_BATCH_FILE.fullmatch(name))


def is_athlete_folder(name: str) -> bool:
    """Whether a folder of the landing holds the batches of one athlete."""
    return bool(_ATHLETE.fullmatch(name))


def split_path(path: str) -> tuple[BatchFolder | None, str]:
    """The batch's folder that a path is in, or is, and the rest of the path.

    Without a batch the folder is None, and the rest is the whole path.
    """
    first, _, below = path.partition("/")
    athlete = _ATHLETE.fullmatch(first)
    batch_id, _, name = below.partition("/") if athlete else (first, "", below)
    if not is_batch(batch_id):
        return None, path
    return BatchFolder(batch_id, athlete[1] if athlete else None), name


def is_landed(path: str) -> bool:
    """Whether a path below the landing is a file of a batch or of the index of the athletes."""
    folder, name = split_path(path)
    return (folder is not None and is_batch_file(name)) or is_index_file(path)


def is_index_file(path: str) -> bool:
    """Whether a path below the landing is a file of the index of the athletes."""
    return bool(_INDEX_FILE.fullmatch(path))


def is_page(name: str) -> bool:
    """Whether a file in a batch's folder is a page."""
    return bool(_PAGE.fullmatch(name))
