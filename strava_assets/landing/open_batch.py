"""A batch under construction: its pages, and the manifest that makes it visible to readers."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

from strava_assets.landing import names
from strava_assets.landing.errors import LandingError
from strava_assets.landing.manifest import PageEntry

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.landing.manifest import Manifest
    from strava_assets.landing.names import BatchFolder
    from strava_assets.storage_folder import StorageFolder

# Pages are repetitive text: the fastest level already reduces them to a fifth.
_GZIP_LEVEL = 1


class OpenBatch:
    """A batch under construction.

    Args:
        folder: the landing's.
        place: where the batch will lie.
    """

    def __init__(self, folder: StorageFolder, place: BatchFolder) -> None:
        self._folder = folder
        self.place = place
        self.pages: list[PageEntry] = []

    @property
    def batch_id(self) -> str:
        """The id of the batch."""
        return self.place.batch_id

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Write one page exactly as received, compressed.

        Raises:
            LandingError: it cannot be written.
        """
        name = names.page_name(number)
        content = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        self._folder.put(f"{self.place.path}/{name}", content, durable=False)
        self.pages.append(PageEntry(name, len(body), hashlib.sha256(body).hexdigest(), records, fetched_at))

    def commit(self, manifest: Manifest) -> Manifest:
        """Write the manifest, which makes the batch visible to readers.

        All pages are made durable together before that, which takes little longer than for one page.

        Raises:
            LandingError: it cannot be written, or another process has removed some of its pages.
        """
        existing = {entry.name for entry in self._folder.entries(self.place.path)}
        if missing := [page.name for page in self.pages if page.name not in existing]:
            raise LandingError(
                f"{len(missing)} of {len(self.pages)} pages of the batch {self.batch_id} are missing.",
                means="Another process removed them, because a batch is discarded when it is not committed "
                "within a day. The batch was not committed, and earlier batches were not changed.",
                remedy="Run the sync again.",
            )
        if self.pages:
            pages = [f"{self.place.path}/{page.name}" for page in self.pages]
            self._folder.make_durable([*pages, *self.place.folders])
        self._folder.put(f"{self.place.path}/{names.MANIFEST}", manifest.to_json().encode())
        return manifest
