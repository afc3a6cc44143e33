"""S3, through boto3, which finds credentials and an emulator's endpoint in their usual places."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.buckets.bucket import Bucket, ObjectReplacedError, Retention

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MISSING = {"404", "NoSuchKey", "NoSuchVersion"}
# Two writes at the same moment are a conflict of their own.
_REPLACED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "NoSuchKey"}


class AmazonBucket(Bucket):
    """A bucket of S3."""

    @cached_property
    def _client(self) -> Any:
        import boto3

        return boto3.client("s3")

    @override
    def version(self, key: str) -> str | None:
        with self._explained():
            head = self._or_none("head_object", key)
            return str(head["ETag"]) if head else None

    @override
    def fetch(self, key: str, to: Path) -> str | None:
        with self._explained():
            answer = self._or_none("get_object", key)
            if answer is None:
                return None
            with to.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(2**20):
                    file.write(chunk)
            return str(answer["ETag"])

    @override
    def put(self, key: str, source: Path, *, replaces: str | None) -> str:
        from botocore.exceptions import ClientError

        condition = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        with self._explained(), source.open("rb") as file:
            try:
                answer = self._client.put_object(Bucket=self.name, Key=key, Body=file, **condition)
            except ClientError as error:
                if _code(error) in _REPLACED:
                    raise ObjectReplacedError(self.address) from error
                raise
            return str(answer["ETag"])

    @override
    def remove(self, key: str) -> None:
        with self._explained():
            self._client.delete_object(Bucket=self.name, Key=key)

    @override
    def purge(self, prefix: str, is_ours: Callable[[str], bool]) -> int:
        versions, markers = [], []
        with self._explained():
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                versions += [v for v in page.get("Versions", []) if not v["IsLatest"] and is_ours(v["Key"])]
                markers += [m for m in page.get("DeleteMarkers", []) if is_ours(m["Key"])]
            # Markers last: without the newest one the version before would be the current one.
            old = [(each["Key"], each["VersionId"]) for each in (*versions, *markers)]
            for key, version_id in old:
                self._client.delete_object(Bucket=self.name, Key=key, VersionId=version_id)
        return len(old)

    @override
    def retention(self) -> Retention:
        return Retention(timedelta(0), "")

    def _or_none(self, operation: str, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return getattr(self._client, operation)(Bucket=self.name, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
