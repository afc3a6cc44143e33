"""DuckDB's file between the runs of a container without a disk: fetched before, put back after.

The object's own precondition decides between two writers: the second is refused and runs again. Nothing is
lost with the file, because its tables can be made from the landing.
"""

from __future__ import annotations

import filecmp
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.buckets import Bucket, ObjectReplacedError, open_bucket
from strava_assets.durable_files import make_folder, replace, write
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class StoredFile:
    """A DuckDB file whose place is an object in a bucket.

    Args:
        path: the file on this machine.
        address: the object's, e.g. `s3://bucket/warehouse.duckdb`.
    """

    path: Path
    address: str

    def fetch(self) -> None:
        """Bring the stored file to this machine, unless it is here already.

        Where none is stored, whatever is here goes on.

        Raises:
            BucketError: the bucket cannot be read.
            ConfigurationError: a file is here that never came from the stored one.
        """
        bucket, key = self._place()
        stored = bucket.version(key)
        if stored is None:
            self._forget_version()
            return
        if self.path.exists():
            if self._known_version() == stored:
                return
            if self._known_version() is None:
                self._require_same(bucket, key)
        self._replace_local(bucket, key)

    def store(self) -> None:
        """Put the file back, if nobody else has done so since it was fetched.

        Raises:
            ObjectReplacedError: somebody has. The file on this machine is removed, so that the next `fetch`
                brings the other one.
            BucketError: the bucket cannot be written; the file stays here.
        """
        from strava_assets.warehouse.duckdb_file import connect, remove_file

        if not self.path.exists():
            return
        # What a run that was killed left in the log belongs to the file.
        connect(self.path).close()
        bucket, key = self._place()
        try:
            version = bucket.put(key, self.path, replaces=self._known_version())
        except ObjectReplacedError:
            remove_file(self.path)
            self._forget_version()
            raise
        self._remember_version(version)

    def remove(self) -> None:
        """Remove the stored object."""
        bucket, key = self._place()
        bucket.remove(key)
        self._forget_version()

    @property
    def _version_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.version")

    def _known_version(self) -> str | None:
        """The version of the object that the file was; None where it was none, or one of another address."""
        if not self._version_file.exists():
            return None
        # Before the address stood beside it, the version was alone.
        version, _, address = self._version_file.read_text(encoding="utf-8").partition("\n")
        return version if address in ("", self.address) else None

    def _remember_version(self, version: str) -> None:
        write(self._version_file, f"{version}\n{self.address}".encode())

    def _forget_version(self) -> None:
        self._version_file.unlink(missing_ok=True)

    def _require_same(self, bucket: Bucket, key: str) -> None:
        """See that the file is the stored one.

        It can be without a version, because a run that is killed after `put` has not written it.
        """
        with self._draft() as draft:
            if bucket.fetch(key, draft) is not None and not filecmp.cmp(draft, self.path, shallow=False):
                raise self._two_files()

    def _replace_local(self, bucket: Bucket, key: str) -> None:
        from strava_assets.warehouse.duckdb_file import remove_file

        make_folder(self.path.parent)
        with self._draft() as draft:
            version = bucket.fetch(key, draft)
            remove_file(self.path)
            if version is None:  # removed since it was asked for
                self._forget_version()
                return
            # The version first: a file without one would count as another warehouse than the stored one.
            self._remember_version(version)
            replace(draft, self.path)

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        for abandoned in self.path.parent.glob(f".{self.path.name}.????????.new"):
            abandoned.unlink(missing_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.new")
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    def _place(self) -> tuple[Bucket, str]:
        opened = open_bucket(self.address)
        if opened is None:
            raise ConfigurationError(
                f"{self.address} is not in a bucket.", remedy="See STRAVA_ASSETS_DUCKDB_URL."
            )
        return opened

    def _two_files(self) -> ConfigurationError:
        return ConfigurationError(
            f"There are two warehouses: {self.path} and {self.address}, and the first never was the second.",
            means="One would replace the other, so nothing was touched.",
            remedy="Move away the one that you do not want, or unset STRAVA_ASSETS_DUCKDB_URL.",
        )
