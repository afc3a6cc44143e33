"""The landing: writes, commits, lists and reads batches.

Files are written atomically, and readers ignore a batch without a manifest.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.documents import DamagedDocumentError
from strava_assets.errors import StravaAssetsError
from strava_assets.landing import names
from strava_assets.landing.manifest import Conclusion, Kind, Manifest, PageEntry
from strava_assets.storage_folder import StorageFolder, is_write_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

# Pages are repetitive text: the fastest level already reduces them to a fifth.
_GZIP_LEVEL = 1
# The folder is listed again when another process has committed batches meanwhile.
_MAX_LISTINGS = 5
_SLASH = {"folder": "/", "file": "", "other": ""}


class LandingError(StravaAssetsError):
    """The landing cannot be read or written."""


class DamagedFileError(LandingError):
    """A file of the landing is missing or differs from what was written."""


@dataclass(frozen=True)
class LandedPage:
    """One page as received: its manifest entry, its path and its bytes."""

    entry: PageEntry
    path: str
    body: bytes


class _Batches(NamedTuple):
    """The manifests of the committed batches, and the ids of the uncommitted ones."""

    committed: dict[str, Manifest]
    uncommitted: list[str]


class Landing:
    """The batches under one address, a folder path or any fsspec URL, e.g. `gs://my-bucket/landing`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = StorageFolder(address, self._unusable)

    def __repr__(self) -> str:
        return f"Landing({self.address!r})"

    def begin(self, kind: Kind, started_at: datetime) -> OpenBatch:
        """Open a new batch, which readers ignore until it is committed.

        Raises:
            LandingError: the address cannot be written.
        """
        return OpenBatch(self._folder, names.new_batch_id(kind, started_at))

    def manifests(self) -> list[Manifest]:
        """All committed batches in the order they began, without those that a compacted batch replaces.

        Raises:
            LandingError: a manifest is damaged, or the address cannot be read.
        """
        return _not_replaced(self._read_batches().committed)

    def pages(self, manifest: Manifest) -> Iterator[LandedPage]:
        """Yield the pages of a committed batch, verified against their digests.

        Raises:
            DamagedFileError: a page is missing or differs from what was received.
        """
        for entry in manifest.pages:
            yield self.page(manifest, entry)

    def page(self, manifest: Manifest, entry: PageEntry) -> LandedPage:
        """Read one page of a committed batch and verify it against its digest.

        Raises:
            DamagedFileError: it is missing or differs from what was received.
        """
        path = f"{manifest.batch_id}/{entry.name}"
        try:
            body = gzip.decompress(self._folder.read(path))
        except (OSError, EOFError, zlib.error) as error:
            raise self.damaged_page(path, str(error)) from error
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            raise self.damaged_page(path, "its content does not match the digest in the manifest")
        return LandedPage(entry, path, body)

    def damaged_page(self, path: str, why: str) -> DamagedFileError:
        """The error for a page that cannot be read.

        Args:
            path: its path below the address.
            why: the defect, without the content of the page.
        """
        return DamagedFileError(
            f"The landed file {self.address}/{path} is damaged: {why}.",
            means="The response stored in it cannot be read. The table was not changed.",
            remedy="Restore the file from a backup, or move its batch folder out of the landing and run a "
            "full listing.",
        )

    def conclusion(self, manifest: Manifest) -> Conclusion | None:
        """The conclusion drawn from a batch's listing; None if there is none yet.

        It is stored beside the batch, so that a rebuild repeats the decision even under other settings.

        Raises:
            LandingError: it is damaged.
        """
        path = f"{manifest.batch_id}/{names.CONCLUSION}"
        try:
            return Conclusion.from_json(self._folder.read(path))
        except FileNotFoundError:
            return None
        except DamagedDocumentError as error:
            raise DamagedFileError(
                f"The landed file {self.address}/{path} is damaged: {error}.",
                means="It records which activities were considered deleted. The table was not changed.",
                remedy="Restore the file from a backup. Without a backup, remove it and run strava-assets "
                "rebuild, which decides again which activities were deleted.",
            ) from error

    def conclude(self, manifest: Manifest, conclusion: Conclusion) -> None:
        """Store the conclusion drawn from a batch's listing."""
        self._folder.put(f"{manifest.batch_id}/{names.CONCLUSION}", conclusion.to_json().encode())

    def remove(self, batch_ids: Iterable[str]) -> list[str]:
        """Remove batches, the manifest first, so that a crash leaves no partial batch visible.

        Foreign files in a batch's folder stay, and so does the folder.

        Returns:
            The batches of which files were removed.
        """
        # Only folders: a symbolic link with such a name is not followed.
        existing = set(self._batch_ids())
        return [batch_id for batch_id in batch_ids if batch_id in existing and self._remove(batch_id)]

    def sweep(self, now: datetime, older_than: timedelta = timedelta(days=1)) -> list[str]:
        """Remove batches that readers ignore: uncommitted ones, and those that a compacted batch replaces.

        Args:
            now: the current time, UTC.
            older_than: minimum age of an uncommitted batch, so that a running sync keeps its own.

        Returns:
            The names of what was removed.
        """
        batches = self._read_batches()
        limit = names.time_prefix(now - older_than)
        active = {manifest.batch_id for manifest in _not_replaced(batches.committed)}
        replaced = sorted(batches.committed.keys() - active)
        return [
            *self._remove_write_tests(),
            *self.remove(replaced),
            *self.remove(name for name in batches.uncommitted if name < limit),
        ]

    def uncommitted(self) -> list[str]:
        """The ids of batches without a manifest: of a running sync, or of one that died."""
        return self._read_batches().uncommitted

    def uncommitted_pages(self, batch_id: str) -> Iterator[bytes]:
        """Yield the pages of a batch without a manifest; unreadable files are skipped."""
        for name in self._own_files(batch_id):
            if names.is_page(name):
                with contextlib.suppress(OSError, EOFError, zlib.error):
                    yield gzip.decompress(self._folder.read(f"{batch_id}/{name}"))

    def erase(self) -> None:
        """Remove every batch, committed or not. Foreign files stay, and so do their folders."""
        batches = self._read_batches()
        self.remove([*batches.committed, *batches.uncommitted])
        self._remove_write_tests()
        self._folder.remove_if_empty()

    def foreign_files(self) -> list[str]:
        """The paths below the address that this project did not write; they are never read or removed."""
        foreign = []
        for name, kind in self._folder.entries():
            if names.is_batch(name) and kind == "folder":
                own = set(self._own_files(name))
                foreign += [
                    f"{name}/{inner}{_SLASH[inner_kind]}"
                    for inner, inner_kind in self._folder.entries(name)
                    if inner not in own
                ]
            elif not (is_write_test(name) and kind == "file"):
                foreign.append(name + _SLASH[kind])
        return foreign

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            LandingError: it cannot be written.
        """
        self._folder.check_writable()

    def _read_batches(self) -> _Batches:
        batch_ids = self._batch_ids()
        for _ in range(_MAX_LISTINGS):
            manifests = {batch_id: self._manifest(batch_id) for batch_id in batch_ids}
            committed = {batch_id: manifest for batch_id, manifest in manifests.items() if manifest}
            uncommitted = [batch_id for batch_id in batch_ids if batch_id not in committed]
            # Another process may just have merged a batch without a manifest into a compacted batch that is
            # not in this listing.
            if not uncommitted or set(again := self._batch_ids()) <= set(batch_ids):
                break
            batch_ids = again
        return _Batches(committed, uncommitted)

    def _batch_ids(self) -> list[str]:
        return [name for name, kind in self._folder.entries() if kind == "folder" and names.is_batch(name)]

    def _manifest(self, batch_id: str) -> Manifest | None:
        path = f"{batch_id}/{names.MANIFEST}"
        try:
            manifest = Manifest.from_json(self._folder.read(path))
        except FileNotFoundError:
            return None
        except DamagedDocumentError as error:
            raise self._damaged_manifest(path, str(error)) from error
        if manifest.batch_id != batch_id:
            raise self._damaged_manifest(path, f"it is the manifest of {manifest.batch_id}")
        return manifest

    def _own_files(self, batch_id: str) -> list[str]:
        return [
            name
            for name, kind in self._folder.entries(batch_id)
            if kind == "file" and names.is_batch_file(name)
        ]

    def _remove(self, batch_id: str) -> bool:
        own = self._own_files(batch_id)
        self._folder.remove([f"{batch_id}/{names.MANIFEST}"])
        self._folder.remove([f"{batch_id}/{name}" for name in own if name != names.MANIFEST])
        self._folder.remove_if_empty(batch_id)
        return bool(own)

    def _remove_write_tests(self) -> list[str]:
        leftovers = [name for name, kind in self._folder.entries() if kind == "file" and is_write_test(name)]
        self._folder.remove(leftovers)
        return leftovers

    def _unusable(self, error: Exception) -> LandingError:
        return LandingError(
            f"The landing {self.address} cannot be used: {error}.",
            means="Responses are stored before they are processed, so nothing was fetched or lost.",
            remedy="Make the folder or bucket writable (permissions, free space, bucket name and role), "
            "or set STRAVA_ASSETS_LANDING_URL to another folder or bucket.",
        )

    def _damaged_manifest(self, path: str, why: str) -> DamagedFileError:
        return DamagedFileError(
            f"The manifest {self.address}/{path} cannot be read: {why}.",
            means="Nothing was loaded, because the batch beside it would be skipped silently.",
            remedy="Restore the file from a backup, or move its folder out of the landing to drop the batch. "
            "The next full listing restores what Strava still has.",
        )


class OpenBatch:
    """A batch under construction."""

    def __init__(self, folder: StorageFolder, batch_id: str) -> None:
        self._folder = folder
        self.batch_id = batch_id
        self.pages: list[PageEntry] = []

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Write one page exactly as received, compressed.

        Raises:
            LandingError: it cannot be written.
        """
        name = names.page_name(number)
        content = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        self._folder.put(f"{self.batch_id}/{name}", content, durable=False)
        self.pages.append(PageEntry(name, len(body), hashlib.sha256(body).hexdigest(), records, fetched_at))

    def commit(self, manifest: Manifest) -> Manifest:
        """Write the manifest, which makes the batch visible to readers.

        All pages are made durable together before that, which takes little longer than for one page.

        Raises:
            LandingError: it cannot be written, or another process has removed some of its pages.
        """
        existing = {entry.name for entry in self._folder.entries(self.batch_id)}
        if missing := [page.name for page in self.pages if page.name not in existing]:
            raise LandingError(
                f"{len(missing)} of {len(self.pages)} pages of the batch {self.batch_id} are missing.",
                means="Another process removed them, because a batch is discarded when it is not committed "
                "within a day. The batch was not committed, and earlier batches were not changed.",
                remedy="Run the sync again.",
            )
        if self.pages:
            pages = [f"{self.batch_id}/{page.name}" for page in self.pages]
            self._folder.make_durable([*pages, self.batch_id, ""])
        self._folder.put(f"{self.batch_id}/{names.MANIFEST}", manifest.to_json().encode())
        return manifest


def _not_replaced(committed: dict[str, Manifest]) -> list[Manifest]:
    replaced = {batch_id for manifest in committed.values() for batch_id in manifest.replaces}
    return [committed[batch_id] for batch_id in sorted(committed) if batch_id not in replaced]
