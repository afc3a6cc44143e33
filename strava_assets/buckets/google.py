"""Google Cloud Storage, with the application's default credentials as gcsfs uses them."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.buckets.bucket import Bucket, ObjectReplacedError, Retention

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class GoogleBucket(Bucket):
    """A bucket of Google Cloud Storage; a version is the object's generation."""

    @cached_property
    def _bucket(self) -> Any:
        from google.cloud import storage

        return storage.Client().bucket(self.name)

    @override
    def version(self, key: str) -> str | None:
        with self._explained():
            blob = self._bucket.get_blob(key)
            return str(blob.generation) if blob else None

    @override
    def fetch(self, key: str, to: Path) -> str | None:
        with self._explained():
            blob = self._bucket.get_blob(key)
            if blob is None:
                return None
            generation = blob.generation
            blob.download_to_filename(str(to), if_generation_match=generation)
            return str(generation)

    @override
    def put(self, key: str, source: Path, *, replaces: str | None) -> str:
        from google.api_core.exceptions import PreconditionFailed

        blob = self._bucket.blob(key)
        with self._explained():
            try:
                blob.upload_from_filename(str(source), if_generation_match=int(replaces or 0))
            except PreconditionFailed as error:
                raise ObjectReplacedError(self.address) from error
            return str(blob.generation)

    @override
    def remove(self, key: str) -> None:
        from google.api_core.exceptions import NotFound

        with self._explained():
            try:
                self._bucket.blob(key).delete()
            except NotFound:
                return

    @override
    def purge(self, prefix: str, is_ours: Callable[[str], bool]) -> int:
        with self._explained():
            # What is current is asked for last, so that an object written meanwhile is none of the versions.
            versions = [
                (blob.name, blob.generation)
                for blob in self._bucket.list_blobs(prefix=prefix, versions=True)
                if is_ours(blob.name)
            ]
            current = {(blob.name, blob.generation) for blob in self._bucket.list_blobs(prefix=prefix)}
            old = [version for version in versions if version not in current]
            for name, generation in old:
                self._bucket.blob(name, generation=generation).delete()
        return len(old)

    @override
    def retention(self) -> Retention:
        from google.api_core.exceptions import GoogleAPIError

        try:
            self._bucket.reload()
        except GoogleAPIError:
            return Retention(None, "these credentials may not ask how long removed objects can be restored")
        seconds = int(self._bucket.soft_delete_policy.retention_duration_seconds or 0)
        window = timedelta(seconds=seconds)
        return Retention(window, f"soft delete of {window.days} days" if window else "")
