"""The landing itself: begin a batch, write its pages, commit it; list what is committed, read it back.

Any fsspec address serves (`file`, `gs`, `s3`, `abfs`, `memory`). Two things make it trustworthy: a file is
put in place whole or not at all, and a batch without a manifest does not exist for any reader.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets.errors import StravaAssetsError
from strava_assets.file_modes import modes_at
from strava_assets.landing.manifest import Kind, Manifest, PageEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fsspec import AbstractFileSystem

MANIFEST = "manifest.json"
CONCLUSIONS = "concluded.json"
# Pages are repetitive text: the fastest level already makes them a fifth of their size.
_GZIP_LEVEL = 1


class LandingError(StravaAssetsError):
    """The landing cannot be written or read as it stands."""


@dataclass(frozen=True)
class LandedPage:
    """One page as it was received: its bytes and when they came."""

    entry: PageEntry
    body: bytes


class Landing:
    """Batches under one address.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._opened: tuple[AbstractFileSystem, str] | None = None

    def __repr__(self) -> str:
        return f"Landing({self.address!r})"

    def begin(self, kind: Kind, started_at: datetime) -> OpenBatch:
        """Open a new batch; nothing of it counts until it is committed.

        Raises:
            LandingError: the address cannot be written.
        """
        # The random tail keeps two batches of the same microsecond apart.
        batch_id = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{kind}-{secrets.token_hex(3)}"
        return OpenBatch(self, batch_id)

    def manifests(self) -> list[Manifest]:
        """Every committed batch in the order they began; those that a compacted one replaces are left out.

        Raises:
            LandingError: a manifest is damaged, or the address cannot be read.
        """
        found = []
        for path in self._manifest_paths():
            try:
                found.append(Manifest.from_json(self._read(path)))
            except (ValueError, KeyError, TypeError) as error:
                raise LandingError(
                    f"The manifest {path} cannot be read: {error}.",
                    means="The batch beside it would be skipped silently, so nothing was loaded.",
                    remedy="restore the file from a backup, or move its folder out of the landing to give "
                    "the batch up; the next full listing brings back what Strava still has.",
                ) from error
        replaced = {batch_id for manifest in found for batch_id in manifest.replaces}
        return sorted((m for m in found if m.batch_id not in replaced), key=lambda m: m.batch_id)

    def pages(self, manifest: Manifest) -> Iterator[LandedPage]:
        """The pages of a committed batch, verified against their digests, one at a time.

        Raises:
            LandingError: a page is missing or is not what was received.
        """
        for entry in manifest.pages:
            path = f"{manifest.batch_id}/{entry.name}"
            try:
                body = gzip.decompress(self._read(path))
            except (OSError, EOFError, zlib.error) as error:
                raise self._damaged(path, str(error)) from error
            if hashlib.sha256(body).hexdigest() != entry.sha256:
                raise self._damaged(path, "its content is not what the manifest says")
            yield LandedPage(entry, body)

    def conclusions(self, manifest: Manifest) -> dict[str, Any] | None:
        """What was once concluded from a batch's listing; None where nothing was yet.

        Kept beside the batch, so that a rebuild repeats the decision instead of taking it anew under
        other settings.
        """
        path = f"{manifest.batch_id}/{CONCLUSIONS}"
        try:
            stored: dict[str, Any] = json.loads(self._read(path))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._damaged(path, str(error)) from error
        return stored

    def conclude(self, manifest: Manifest, conclusions: dict[str, Any]) -> None:
        """Write down what was concluded from a batch's listing."""
        self._put(f"{manifest.batch_id}/{CONCLUSIONS}", json.dumps(conclusions).encode())

    def remove(self, batch_ids: list[str]) -> None:
        """Remove batches, each one's manifest first, so that a crash leaves no batch half there."""
        for batch_id in batch_ids:
            self._take_away(f"{batch_id}/{MANIFEST}")
            self._take_away(batch_id)

    def sweep(self, now: datetime, older_than: timedelta = timedelta(days=1)) -> list[str]:
        """Remove what no reader sees: batches never committed and batches that a compacted one replaces.

        Args:
            now: the present, UTC.
            older_than: how old an uncommitted batch must be to be given up; a running sync is never touched.
        """
        kept = {manifest.batch_id for manifest in self.manifests()}
        limit = f"{(now - older_than).astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
        uncommitted = set(self.uncommitted())
        stale = [
            name for name in self._names() if name not in kept and (name not in uncommitted or name < limit)
        ]
        self.remove(stale)
        return stale

    def uncommitted(self) -> list[str]:
        """Batches without a manifest: of a sync that runs, or of one that died."""
        committed = {path.split("/")[0] for path in self._manifest_paths()}
        return [name for name in self._names() if name not in committed]

    def uncommitted_pages(self, batch_id: str) -> Iterator[bytes]:
        """What a batch without a manifest holds; files that cannot be read are left out."""
        fs, root = self._open()
        for path in sorted(fs.glob(f"{root}/{batch_id}/page-*.gz")):
            with contextlib.suppress(OSError, EOFError, zlib.error):
                yield gzip.decompress(fs.cat_file(path))

    def erase(self) -> None:
        """Remove the whole landing."""
        self._take_away("")
        self._opened = None

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            LandingError: it cannot be written.
        """
        name = f".write-test-{secrets.token_hex(4)}"
        self._put(name, b"", durable=False)
        self._take_away(name)

    def _open(self) -> tuple[AbstractFileSystem, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            # gcsfs reads it when it is first imported, and warns at every file where it is not set.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

            with self._told():
                fs, root = url_to_fs(self.address, use_listings_cache=False)
                fs.makedirs(root, exist_ok=True)
            self._opened = fs, root.rstrip("/")
        return self._opened

    def _names(self) -> list[str]:
        fs, root = self._open()
        # An object store has no empty folder.
        with self._told(), contextlib.suppress(FileNotFoundError):
            return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in fs.ls(root, detail=False))
        return []

    def _manifest_paths(self) -> list[str]:
        fs, root = self._open()
        with self._told():
            found = fs.glob(f"{root}/*/{MANIFEST}")
        return sorted(
            path[len(root) + 1 :] if path.startswith(root) else path.lstrip("/")[len(root.lstrip("/")) + 1 :]
            for path in found
        )

    def _read(self, path: str) -> bytes:
        fs, root = self._open()
        content: bytes = fs.cat_file(f"{root}/{path}")
        return content

    def _put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        """Put a file in place whole or not at all: a rename on a disk, a single PUT on an object store.

        Args:
            path: where, in the landing.
            content: all of it.
            durable: whether a disk has it for good when this returns; `_make_durable` does many at once.
        """
        fs, root = self._open()
        full = f"{root}/{path}"
        with self._told():
            if "file" not in _protocols(fs):
                fs.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
                fs.pipe_file(full, content)
                return
            target = Path(full)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f"{target.name}.partial")
            with partial.open("wb") as file:
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            partial.replace(target)

    def _make_durable(self, folder: str, names: list[str]) -> None:
        """Have a disk keep files for good, and that they are there; an object store does so by itself."""
        fs, root = self._open()
        if "file" not in _protocols(fs):
            return
        with self._told():
            for path in (*(Path(root, folder, name) for name in names), Path(root, folder), Path(root)):
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)

    def _take_away(self, path: str) -> None:
        fs, root = self._open()
        # Not a directory: what lies there is a file, of a writing test that died.
        with self._told(), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            fs.rm(f"{root}/{path}".rstrip("/"), recursive=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with modes_at(self.address):
                yield
        except Exception as error:  # every filesystem of fsspec's brings errors of its own
            raise LandingError(
                f"The landing {self.address} cannot be used: {error}.",
                means="Answers are written down before anything is made of them, so nothing was fetched and "
                "nothing is lost.",
                remedy="make the place writable (permissions, free space, the bucket's name and role), or "
                "set STRAVA_ASSETS_LANDING_URL to another folder or bucket.",
            ) from error

    def _damaged(self, path: str, why: str) -> LandingError:
        return LandingError(
            f"The landed file {self.address}/{path} is damaged: {why}.",
            means="What Strava sent cannot be read back from it; the table was left as it was.",
            remedy="restore the file from a backup, or move its batch folder out of the landing and run a "
            "full listing.",
        )


class OpenBatch:
    """A batch under construction."""

    def __init__(self, landing: Landing, batch_id: str) -> None:
        self._landing = landing
        self.batch_id = batch_id
        self.pages: list[PageEntry] = []

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Write one page down exactly as it was received (compressed, which is undone on reading).

        Raises:
            LandingError: it cannot be written.
        """
        name = f"page-{number:05d}.json.gz"
        content = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        self._landing._put(f"{self.batch_id}/{name}", content, durable=False)  # noqa: SLF001 - the landing's own other half
        self.pages.append(PageEntry(name, len(body), hashlib.sha256(body).hexdigest(), records, fetched_at))

    def commit(self, manifest: Manifest) -> Manifest:
        """Put the manifest in place; from here on the batch counts.

        The pages are made durable first, all at once: that takes little longer than for one of them.
        """
        if self.pages:
            self._landing._make_durable(self.batch_id, [page.name for page in self.pages])  # noqa: SLF001 - as above
        self._landing._put(f"{self.batch_id}/{MANIFEST}", manifest.to_json().encode())  # noqa: SLF001 - as above
        return manifest


def _protocols(fs: AbstractFileSystem) -> tuple[str, ...]:
    protocol = fs.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
