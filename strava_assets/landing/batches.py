"""The landing: writes, commits, lists and reads batches.

Files are written atomically, and readers ignore a batch without a manifest. A batch lies in its athlete's
folder, or in the root if its athlete was not known when it began, until `move_to_athletes` moves it.
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
from strava_assets.landing import names
from strava_assets.landing.errors import DamagedFileError, LandingChangesError, LandingError
from strava_assets.landing.listing import BatchListing, list_batches, list_foreign_files, own_files
from strava_assets.landing.manifest import Conclusion, Kind, Manifest, PageEntry
from strava_assets.landing.names import BatchFolder, batch_folder
from strava_assets.landing.open_batch import OpenBatch
from strava_assets.storage_folder import Problem, StorageFolder, is_write_test

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from strava_assets.shards import Shard

# The folder is listed again when another process has committed, moved or merged batches meanwhile.
_MAX_LISTINGS = 5


@dataclass(frozen=True)
class LandedPage:
    """One page as received: its manifest entry, its path and its bytes."""

    entry: PageEntry
    path: str
    body: bytes


class _Batches(NamedTuple):
    """What was listed, and the manifests that were read, by batch; an athlete's folder precedes the root."""

    listing: BatchListing
    manifests: dict[str, Manifest]


class Landing:
    """The batches under one address, a folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.

    Args:
        address: where they are.
        shard: the athletes of whom something is read where no athlete is named; None for all.
    """

    def __init__(self, address: str, shard: Shard | None = None) -> None:
        self.address = address
        self.shard = shard
        self._folder = StorageFolder(address, self._unusable)
        # Batches that were seen in their athlete's folder, where they stay.
        self._settled: set[str] = set()

    def __repr__(self) -> str:
        return f"Landing({self.address!r})"

    def begin(self, kind: Kind, started_at: datetime, athlete_id: str | None) -> OpenBatch:
        """Open a new batch, which readers ignore until it is committed.

        Args:
            kind: the kind of the batch.
            started_at: when it began, aware UTC.
            athlete_id: its athlete; None if only its content will tell.

        Raises:
            LandingError: the address cannot be written.
        """
        return OpenBatch(self._folder, batch_folder(names.new_batch_id(kind, started_at), athlete_id))

    def manifests(self, athlete_id: str | None = None) -> list[Manifest]:
        """All committed batches in the order they began, without those that a compacted batch replaces.

        Args:
            athlete_id: return only this athlete's; those in the folders of others are not read.

        Raises:
            LandingError: a manifest is damaged, or the address cannot be read.
        """
        if athlete_id is None:
            return self.select(list)
        manifests = self.select(list, [athlete_id])
        return [manifest for manifest in manifests if manifest.athlete_id == athlete_id]

    def select(
        self,
        choose: Callable[[Sequence[BatchFolder]], Iterable[BatchFolder]],
        athlete_ids: Collection[str] | None = None,
    ) -> list[Manifest]:
        """Some of the batches of `manifests`; the others are listed, but not read.

        Args:
            choose: returns those wanted of the committed ones; called again if they change meanwhile.
            athlete_ids: list only the root and the folders of these athletes.

        Raises:
            LandingError: a manifest that was read is damaged, or the address cannot be read.
        """

        def read(listing: BatchListing) -> list[BatchFolder]:
            chosen = list(choose(listing.committed))
            oldest = min((names.time_of(folder.batch_id) for folder in chosen), default=None)
            # A compacted batch has the time of the last one that it replaces.
            return chosen + [
                folder
                for folder in listing.committed
                if oldest and folder.kind == "compacted" and names.time_of(folder.batch_id) >= oldest
            ]

        batches = self._read(read, athlete_ids)
        chosen = {folder.batch_id for folder in choose(batches.listing.committed)}
        return [manifest for manifest in _not_replaced(batches.manifests) if manifest.batch_id in chosen]

    def athletes(self) -> set[str]:
        """The athletes who have batches, committed or not.

        Raises:
            LandingError: a manifest in the root is damaged, or the address cannot be read.
        """
        in_root = self._read(lambda listing: [f for f in listing.committed if f.athlete_id is None])
        athletes = {manifest.athlete_id for manifest in in_root.manifests.values()}
        return {athlete for athlete in athletes | {f.athlete_id for f in in_root.listing.folders} if athlete}

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
        path = f"{self._place(manifest).path}/{entry.name}"
        try:
            path, content = self._read_file(manifest, entry.name)
            body = gzip.decompress(content)
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
        try:
            path, content = self._read_file(manifest, names.CONCLUSION)
        except FileNotFoundError:
            return None
        try:
            return Conclusion.from_json(content)
        except DamagedDocumentError as error:
            raise DamagedFileError(
                f"The landed file {self.address}/{path} is damaged: {error}.",
                means="It records which activities were considered deleted. The table was not changed.",
                remedy="Restore the file from a backup. Without a backup, remove it and run strava-assets "
                "rebuild, which decides again which activities were deleted.",
            ) from error

    def conclude(self, manifest: Manifest, conclusion: Conclusion) -> None:
        """Store the conclusion drawn from a batch's listing."""
        try:
            path, _ = self._read_file(manifest, names.MANIFEST)
        except FileNotFoundError as error:
            path = f"{self._place(manifest).path}/{names.MANIFEST}"
            raise self._damaged_manifest(path, "it has vanished") from error
        folder = path.rsplit("/", 1)[0]
        self._folder.put(f"{folder}/{names.CONCLUSION}", conclusion.to_json().encode())

    def remove(self, manifests: Iterable[Manifest]) -> list[str]:
        """Remove batches, and with a compacted one what is left of those that it replaced.

        Replaced batches go first, because they would be visible again, and of each batch the manifest, so
        that a crash leaves no partial batch visible. Foreign files in a batch's folder stay, and so does the
        folder.

        Returns:
            The batches of which files were removed.
        """
        folders = [
            folder
            for manifest in manifests
            if names.is_batch(manifest.batch_id)
            for folder in self._with_replaced(manifest.batch_id, manifest.athlete_id)
        ]
        return list(dict.fromkeys(folder.batch_id for folder in folders if self._remove(folder)))

    def _with_replaced(self, batch_id: str, athlete_id: str | None) -> Iterator[BatchFolder]:
        """The places of a batch, after those of the batches that it replaced."""
        # After a crash while it was moved it may be at both places.
        places = dict.fromkeys((batch_folder(batch_id, None), batch_folder(batch_id, athlete_id)))
        for folder in places:
            if folder.kind == "compacted" and (manifest := self._manifest(folder)):
                for replaced in manifest.replaces:
                    yield from self._with_replaced(replaced, manifest.athlete_id)
        yield from places

    def remove_athlete(self, athlete_id: str) -> None:
        """Remove all batches of an athlete, also uncommitted and replaced ones.

        Uncommitted batches in the root stay, because they do not say whose they are.
        """
        batches = self._read(lambda listing: listing.committed, [athlete_id])
        self.remove(m for m in batches.manifests.values() if m.athlete_id == athlete_id)
        self.discard(folder for folder in batches.listing.uncommitted if folder.athlete_id == athlete_id)

    def discard(self, uncommitted: Iterable[BatchFolder]) -> list[str]:
        """Remove batches without a manifest; returns those of which files were removed."""
        return [folder.batch_id for folder in uncommitted if self._remove(folder)]

    def sweep(self, now: datetime, older_than: timedelta = timedelta(days=1)) -> list[str]:
        """Remove batches that readers ignore: uncommitted ones, and those that a compacted batch replaces.

        Args:
            now: the current time, UTC.
            older_than: minimum age of an uncommitted batch, so that a running sync keeps its own.

        Returns:
            The names of what was removed.
        """
        listing, manifests = self._read(_possibly_replacing)
        limit = names.time_prefix(now - older_than)
        committed = {folder.batch_id for folder in listing.committed}
        replaced = {batch_id for manifest in manifests.values() for batch_id in manifest.replaces}
        return [
            *self._remove_write_tests(),
            *(f.batch_id for f in listing.committed if f.batch_id in replaced and self._remove(f)),
            # A batch that is committed elsewhere was left here by a crash while it was moved.
            *self.discard(f for f in listing.uncommitted if f.batch_id < limit or f.batch_id in committed),
        ]

    def uncommitted(self) -> list[BatchFolder]:
        """The batches without a manifest: of a running sync, or of one that died."""
        return self._read(lambda _: []).listing.uncommitted

    def uncommitted_pages(self, folder: BatchFolder) -> Iterator[bytes]:
        """Yield the pages of a batch without a manifest; unreadable files are skipped."""
        for name in own_files(self._folder, folder):
            if names.is_page(name):
                with contextlib.suppress(OSError, EOFError, zlib.error):
                    yield gzip.decompress(self._folder.read(f"{folder.path}/{name}"))

    def move_to_athletes(self) -> int:
        """Move the batches in the root whose athlete is known into their athletes' folders.

        Each is copied, the manifest last, and then removed, so that readers find it at every moment. After a
        crash the next call completes it. Only one process may remove, move or merge batches at a time.

        Returns:
            The number of batches moved.

        Raises:
            LandingError: a manifest is damaged, or the address cannot be read or written.
        """
        listing, manifests = self._read(lambda listing: listing.committed, [])
        moved = 0
        for batch_id, manifest in sorted(manifests.items()):
            target = batch_folder(batch_id, manifest.athlete_id)
            if target.athlete_id is not None and self._holds(target.athlete_id):
                self._copy(BatchFolder(batch_id, None), target)
                self._remove(BatchFolder(batch_id, None))
                moved += 1
        if listing.uncommitted:
            committed = {folder.batch_id for folder in list_batches(self._folder).committed}
            self.discard(folder for folder in listing.uncommitted if folder.batch_id in committed)
        return moved

    def erase(self) -> None:
        """Remove every batch of the shard, committed or not. Foreign files stay, and so do their folders."""
        if self.shard is not None:
            for athlete_id in self.athletes():
                self.remove_athlete(athlete_id)
            return
        listing = list_batches(self._folder)
        self.discard([*listing.committed, *listing.uncommitted])
        self._remove_write_tests()
        self._folder.remove_if_empty()

    def foreign_files(self) -> list[str]:
        """The paths below the address that this project did not write; they are never read or removed."""
        return list_foreign_files(self._folder)

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            LandingError: it cannot be written.
        """
        self._folder.check_writable()

    def _read(
        self,
        choose: Callable[[BatchListing], Iterable[BatchFolder]],
        athlete_ids: Collection[str] | None = None,
    ) -> _Batches:
        """List batches, and read the manifests of some of them."""
        manifests: dict[BatchFolder, Manifest] = {}
        listing = self._list(athlete_ids)
        for _ in range(_MAX_LISTINGS):
            chosen = dict.fromkeys(choose(listing))
            read = {folder: manifests.get(folder) or self._manifest(folder) for folder in chosen}
            manifests = {folder: manifest for folder, manifest in read.items() if manifest}
            is_whole = len(manifests) == len(chosen)
            if is_whole and not listing.uncommitted:
                break
            again = self._list(athlete_ids)
            # Another process may just have merged or moved a batch whose manifest has vanished into one that
            # is not in this listing.
            if is_whole and again.folders <= listing.folders:
                break
            listing = again
        else:
            raise LandingChangesError(self.address)
        self._settled |= {folder.batch_id for folder in manifests if folder.athlete_id is not None}
        return _Batches(
            listing,
            {
                folder.batch_id: manifest
                for folder, manifest in manifests.items()
                if athlete_ids is not None or self._holds(manifest.athlete_id)
            },
        )

    def _list(self, athlete_ids: Collection[str] | None) -> BatchListing:
        """List batches; if no athlete is named, without the folders of other shards."""
        listing = list_batches(self._folder, athlete_ids)
        if self.shard is None or athlete_ids is not None:
            return listing
        return BatchListing(
            *(
                [f for f in folders if f.athlete_id is None or self._holds(f.athlete_id)]
                for folders in listing
            )
        )

    def _holds(self, athlete_id: str | None) -> bool:
        return self.shard is None or self.shard.holds(athlete_id)

    def _manifest(self, folder: BatchFolder) -> Manifest | None:
        path = f"{folder.path}/{names.MANIFEST}"
        try:
            manifest = Manifest.from_json(self._folder.read(path))
        except FileNotFoundError:
            return None
        except DamagedDocumentError as error:
            raise self._damaged_manifest(path, str(error)) from error
        if manifest.batch_id != folder.batch_id:
            raise self._damaged_manifest(path, f"it is the manifest of {manifest.batch_id}")
        if folder.athlete_id is not None and manifest.athlete_id != folder.athlete_id:
            raise self._damaged_manifest(path, f"it is a batch of athlete {manifest.athlete_id}")
        return manifest

    def _place(self, manifest: Manifest) -> BatchFolder:
        """Where a batch was when it was listed."""
        is_settled = manifest.batch_id in self._settled
        return batch_folder(manifest.batch_id, manifest.athlete_id if is_settled else None)

    def _read_file(self, manifest: Manifest, name: str) -> tuple[str, bytes]:
        """The path and the content of a file of a batch.

        Raises:
            FileNotFoundError: it does not exist.
        """
        place, moved = self._place(manifest), batch_folder(manifest.batch_id, manifest.athlete_id)
        if place != moved:
            with contextlib.suppress(FileNotFoundError):
                path = f"{place.path}/{name}"
                return path, self._folder.read(path)
        path = f"{moved.path}/{name}"
        return path, self._folder.read(path)

    def _copy(self, source: BatchFolder, target: BatchFolder) -> None:
        """Copy the files of a batch durably, the manifest last."""
        own = own_files(self._folder, source)
        for name in sorted(own, key=lambda name: name == names.MANIFEST):
            with contextlib.suppress(FileNotFoundError):
                self._folder.put(f"{target.path}/{name}", self._folder.read(f"{source.path}/{name}"))
        self._folder.make_durable(target.folders)

    def _remove(self, folder: BatchFolder) -> bool:
        own = own_files(self._folder, folder)
        self._folder.remove([f"{folder.path}/{name}" for name in own if name == names.MANIFEST])
        self._folder.remove([f"{folder.path}/{name}" for name in own if name != names.MANIFEST])
        self._folder.remove_if_empty(folder.path)
        if folder.athlete_id is not None:
            self._folder.remove_if_empty(names.athlete_folder(folder.athlete_id))
        return bool(own)

    def _remove_write_tests(self) -> list[str]:
        leftovers = [name for name, kind in self._folder.entries() if kind == "file" and is_write_test(name)]
        self._folder.remove(leftovers)
        return leftovers

    def _unusable(self, problem: Problem) -> LandingError:
        return LandingError(
            f"The landing {self.address} cannot be used: {problem.reason}.",
            means="Responses are stored before they are processed, so nothing was fetched or lost.",
            remedy=problem.remedy
            or "Make the folder or bucket writable (permissions, free space, bucket name and role), "
            "or set STRAVA_ASSETS_LANDING_URL to another folder or bucket.",
        )

    def _damaged_manifest(self, path: str, why: str) -> DamagedFileError:
        return DamagedFileError(
            f"The manifest {self.address}/{path} cannot be read: {why}.",
            means="Nothing was loaded, because the batch beside it would be skipped silently.",
            remedy="Restore the file from a backup, or move its folder out of the landing to drop the batch. "
            "The next full listing restores what Strava still has.",
        )


def _possibly_replacing(listing: BatchListing) -> list[BatchFolder]:
    """The compacted batches that may replace another one: as old or older, and beside it or in the root."""
    beside: dict[str | None, list[BatchFolder]] = {}
    for folder in listing.committed:
        beside.setdefault(folder.athlete_id, []).append(folder)
    oldest_in_root = beside.get(None, [])[:2]
    return [
        folder
        for folder in listing.committed
        if folder.kind == "compacted"
        and any(
            other != folder and names.time_of(other.batch_id) <= names.time_of(folder.batch_id)
            for other in (*beside[folder.athlete_id], *oldest_in_root)
        )
    ]


def _not_replaced(committed: dict[str, Manifest]) -> list[Manifest]:
    replaced = {batch_id for manifest in committed.values() for batch_id in manifest.replaces}
    return [committed[batch_id] for batch_id in sorted(committed) if batch_id not in replaced]
