"""The names of files and folders in a landing. Files with other names are foreign and never removed."""

from __future__ import annotations

import re
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, get_args

from strava_assets.landing.manifest import PAGE_NAME, Kind
from strava_assets.storage_folder import PARTIAL

if TYPE_CHECKING:
    from datetime import datetime

MANIFEST = "manifest.json"
CONCLUSION = "concluded.json"

_TIME = "%Y%m%dT%H%M%S.%fZ"
_BATCH = re.compile(rf"[0-9]{{8}}T[0-9]{{6}}\.[0-9]{{6}}Z-(?:{'|'.join(get_args(Kind))})-[0-9a-f]{{6}}")
_BATCH_FILE = re.compile(
    rf"(?:{PAGE_NAME}|{re.escape(MANIFEST)}|{re.escape(CONCLUSION)})(?:{re.escape(PARTIAL)})?"
)
_PAGE = re.compile(PAGE_NAME)


def new_batch_id(kind: Kind, started_at: datetime) -> str:
    """The name of a batch's folder; sorts by the time the batch began."""
    # The random suffix distinguishes two batches of the same microsecond.
    return f"{time_prefix(started_at)}-{kind}-{secrets.token_hex(3)}"


def time_prefix(moment: datetime) -> str:
    """The prefix of the names of batches that began at this moment."""
    return f"{moment.astimezone(UTC):{_TIME}}"


def page_name(number: int) -> str:
    """The name of a page; pages are numbered from 1."""
    return f"page-{number:05d}.json.gz"


def is_batch(name: str) -> bool:
    """Whether a folder of the landing is a batch."""
    return bool(_BATCH.fullmatch(name))


def is_batch_file(name: str) -> bool:
    """Whether a file in a batch's folder belongs to the batch."""
    return bool(_BATCH_FILE.fullmatch(name))


def is_page(name: str) -> bool:
    """Whether a file in a batch's folder is a page."""
    return bool(_PAGE.fullmatch(name))
