"""The landing itself: begin a batch, write its pages, commit it; list what is committed, read it back.

Two things make it trustworthy: a file is put in place whole or not at all, and a batch without a manifest
does not exist for any reader.
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

# Pages are repetitive text: the fastest level already makes them a fifth of their size.
_GZIP_LEVEL = 1
# Each time another process has committed batches meanwhile.
_MOST_LISTINGS = 5
_SLASH = {"folder": "/", "file": "", "other": ""}


class LandingError(StravaAssetsError):
    """The landing cannot be written or read as it stands."""


class DamagedFileError(LandingError):
    """A file of the landing is missing or is not what was written."""


@dataclass(frozen=True)
class LandedPage:
    """One page as it was received: what its manifest says of it, where it is, and its bytes."""

    entry: PageEntry
    path: str
    body: bytes


class _Batches(NamedTuple):
    """The batches' folders: the manifest of each that is committed, and the names of the others."""

    committed: dict[str, Manifest]
    uncommitted: list[str]


class Landing:
    """Batches under one address.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = StorageFolder(address, self._unusable)

    def __repr__(self) -> str:
        return f"Landing({self.address!r})"

    def begin(self, kind: Kind, started_at: datetime) -> OpenBatch:
        """Open a new batch; nothing of it counts until it is committed.

        Raises:
            LandingError: the address cannot be written.
        """
        return OpenBatch(self._folder, names.new_batch_id(kind, started_at))

    def manifests(self) -> list[Manifest]:
        """Every committed batch in the order they began; those that a compacted one replaces are left out.

        Raises:
            LandingError: a manifest is damaged, or the address cannot be read.
        """
        return _in_force(self._read_batches().committed)

    def pages(self, manifest: Manifest) -> Iterator[LandedPage]:
        """The pages of a committed batch, verified against their digests, one at a time.

        Raises:
            DamagedFileError: a page is missing or is not what was received.
        """
        for entry in manifest.pages:
            yield self.page(manifest, entry)

    def page(self, manifest: Manifest, entry: PageEntry) -> LandedPage:
        """One page of a committed batch, verified against its digest.

        Raises:
            DamagedFileError: it is missing or is not what was received.
        """
        path = f"{manifest.batch_id}/{entry.name}"
        try:
            body = gzip.decompress(self._folder.read(path))
        except (OSError, EOFError, zlib.error) as error:
            raise self.damaged_page(path, str(error)) from error
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            raise self.damaged_page(path, "its content is not what the manifest says")
        return LandedPage(entry, path, body)

    def damaged_page(self, path: str, why: str) -> DamagedFileError:
        """The error of a page that cannot be read.

        Args:
            path: where it is, below the address.
            why: what is wrong with it, without its content.
        """
        return DamagedFileError(
            f"The landed file {self.address}/{path} is damaged: {why}.",
            means="What Strava sent cannot be read back from it; the table was left as it was.",
            remedy="Restore the file from a backup, or move its batch folder out of the landing and run a "
            "full listing.",
        )

    def conclusion(self, manifest: Manifest) -> Conclusion | None:
        """What was once concluded from a batch's listing; None where nothing was yet.

        Kept beside the batch, so that a rebuild repeats the decision instead of taking it anew under
        other settings.

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
                means="It says which activities were taken for deleted; the table was left as it was.",
                remedy="Restore the file from a backup. Without one, remove it and run strava-assets "
                "rebuild: what the listing lacks is then decided anew.",
            ) from error

    def conclude(self, manifest: Manifest, conclusion: Conclusion) -> None:
        """Write down what was concluded from a batch's listing."""
        self._folder.put(f"{manifest.batch_id}/{names.CONCLUSION}", conclusion.to_json().encode())

    def remove(self, batch_ids: Iterable[str]) -> list[str]:
        """Remove batches, each one's manifest first, so that a crash leaves no batch half there.

        Files in a batch's folder that are not the batch's own stay, and the folder with them.

        Returns:
            The batches of which something was removed.
        """
        # Only folders: a symbolic link of such a name is not followed.
        here = set(self._batch_ids())
        return [batch_id for batch_id in batch_ids if batch_id in here and self._remove(batch_id)]

    def sweep(self, now: datetime, older_than: timedelta = timedelta(days=1)) -> list[str]:
        """Remove what no reader sees: batches never committed and batches that a compacted one replaces.

        Args:
            now: the present, UTC.
            older_than: how old an uncommitted batch must be to be given up; a running sync is never touched.

        Returns:
            What was removed, by name.
        """
        batches = self._read_batches()
        limit = names.time_prefix(now - older_than)
        in_force = {manifest.batch_id for manifest in _in_force(batches.committed)}
        replaced = sorted(batches.committed.keys() - in_force)
        return [
            *self._remove_write_tests(),
            *self.remove(replaced),
            *self.remove(name for name in batches.uncommitted if name < limit),
        ]

    def uncommitted(self) -> list[str]:
        """Batches without a manifest: of a sync that runs, or of one that died."""
        return self._read_batches().uncommitted

    def uncommitted_pages(self, batch_id: str) -> Iterator[bytes]:
        """What a batch without a manifest holds; files that cannot be read are left out."""
        for name in self._own_files(batch_id):
            if names.is_page(name):
                with contextlib.suppress(OSError, EOFError, zlib.error):
                    yield gzip.decompress(self._folder.read(f"{batch_id}/{name}"))

    def erase(self) -> None:
        """Remove every batch, committed or not. What is not this project's stays, and its folder with it."""
        batches = self._read_batches()
        self.remove([*batches.committed, *batches.uncommitted])
        self._remove_write_tests()
        self._folder.remove_if_empty()

    def foreign(self) -> list[str]:
        """What is here and not this project's, below the address; it is never read and never removed."""
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
        for _ in range(_MOST_LISTINGS):
            manifests = {batch_id: self._manifest(batch_id) for batch_id in batch_ids}
            committed = {batch_id: manifest for batch_id, manifest in manifests.items() if manifest}
            uncommitted = [batch_id for batch_id in batch_ids if batch_id not in committed]
            # A batch without a manifest may be one that another process has just put into a compacted batch,
            # which this listing does not know yet.
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
            means="Answers are written down before anything is made of them, so nothing was fetched and "
            "nothing is lost.",
            remedy="Make the place writable (permissions, free space, the bucket's name and role), or "
            "set STRAVA_ASSETS_LANDING_URL to another folder or bucket.",
        )

    def _damaged_manifest(self, path: str, why: str) -> DamagedFileError:
        return DamagedFileError(
            f"The manifest {self.address}/{path} cannot be read: {why}.",
            means="The batch beside it would be skipped silently, so nothing was loaded.",
            remedy="Restore the file from a backup, or move its folder out of the landing to give the batch "
            "up; the next full listing brings back what Strava still has.",
        )


class OpenBatch:
    """A batch under construction."""

    def __init__(self, folder: StorageFolder, batch_id: str) -> None:
        self._folder = folder
        self.batch_id = batch_id
        self.pages: list[PageEntry] = []

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Write one page down exactly as it was received (compressed, which is undone on reading).

        Raises:
            LandingError: it cannot be written.
        """
        name = names.page_name(number)
        content = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        self._folder.put(f"{self.batch_id}/{name}", content, durable=False)
        self.pages.append(PageEntry(name, len(body), hashlib.sha256(body).hexdigest(), records, fetched_at))

    def commit(self, manifest: Manifest) -> Manifest:
        """Put the manifest in place; from here on the batch counts.

        The pages are made durable first, all at once: that takes little longer than for one of them.

        Raises:
            LandingError: it cannot be written, or another process has removed pages of it.
        """
        here = {entry.name for entry in self._folder.entries(self.batch_id)}
        if missing := [page.name for page in self.pages if page.name not in here]:
            raise LandingError(
                f"{len(missing)} of {len(self.pages)} pages of the batch {self.batch_id} are gone.",
                means="Another process removed them: what is not committed within a day is given up. The "
                "batch was not committed, and the earlier ones are as they were.",
                remedy="Run the sync again.",
            )
        if self.pages:
            pages = [f"{self.batch_id}/{page.name}" for page in self.pages]
            self._folder.make_durable([*pages, self.batch_id, ""])
        self._folder.put(f"{self.batch_id}/{names.MANIFEST}", manifest.to_json().encode())
        return manifest


def _in_force(committed: dict[str, Manifest]) -> list[Manifest]:
    replaced = {batch_id for manifest in committed.values() for batch_id in manifest.replaces}
    return [committed[batch_id] for batch_id in sorted(committed) if batch_id not in replaced]
