"""Azure's blob storage, with the same connection string or identity as adlfs uses."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.buckets.bucket import Bucket, ObjectReplacedError, Retention
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class AzureBucket(Bucket):
    """A container of a storage account."""

    @cached_property
    def _service(self) -> Any:
        from azure.storage.blob import BlobServiceClient

        if connection := os.environ.get("AZURE_STORAGE_CONNECTION_STRING"):
            return BlobServiceClient.from_connection_string(connection)
        account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        if not account:
            raise ConfigurationError(
                f"{self.address} cannot be opened: AZURE_STORAGE_ACCOUNT_NAME is not set.",
                means="The name of a container alone does not tell whose it is.",
                remedy="Set it to the name of the storage account, or set AZURE_STORAGE_CONNECTION_STRING.",
            )
        key = os.environ.get("AZURE_STORAGE_ACCOUNT_KEY") or os.environ.get("AZURE_STORAGE_SAS_TOKEN")
        if not key:
            from azure.identity import DefaultAzureCredential

            return BlobServiceClient(f"https://{account}.blob.core.windows.net", DefaultAzureCredential())
        return BlobServiceClient(f"https://{account}.blob.core.windows.net", key)

    @override
    def version(self, key: str) -> str | None:
        from azure.core.exceptions import ResourceNotFoundError

        with self._explained():
            try:
                return str(self._blob(key).get_blob_properties()["etag"])
            except ResourceNotFoundError:
                return None

    @override
    def fetch(self, key: str, to: Path) -> str | None:
        from azure.core.exceptions import ResourceNotFoundError

        with self._explained():
            try:
                # Its parts are read under the first one's ETag, so they are of one version.
                download = self._blob(key).download_blob()
            except ResourceNotFoundError:
                return None
            with to.open("wb") as file:
                download.readinto(file)
            return str(download.properties["etag"])

    @override
    def put(self, key: str, source: Path, *, replaces: str | None) -> str:
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError

        condition = (
            {"overwrite": True, "etag": replaces, "match_condition": MatchConditions.IfNotModified}
            if replaces
            else {"overwrite": False}
        )
        with self._explained(), source.open("rb") as file:
            try:
                return str(self._blob(key).upload_blob(file, **condition)["etag"])
            except HttpResponseError as error:
                if error.status_code in (409, 412):
                    raise ObjectReplacedError(self.address) from error
                raise

    @override
    def remove(self, key: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with self._explained():
            try:
                self._blob(key).delete_blob(delete_snapshots="include")
            except ResourceNotFoundError:
                return

    @override
    def purge(self, prefix: str, is_ours: Callable[[str], bool]) -> int:
        removed = 0
        with self._explained():
            container = self._service.get_container_client(self.name)
            for blob in container.list_blobs(name_starts_with=prefix, include=["versions", "snapshots"]):
                is_old = blob.snapshot or (blob.version_id and not blob.is_current_version)
                if is_old and is_ours(blob.name):
                    one = {"snapshot": blob.snapshot} if blob.snapshot else {}
                    of_version = {"version_id": blob.version_id} if blob.version_id else {}
                    container.get_blob_client(blob.name, **one).delete_blob(**of_version)
                    removed += 1
        return removed

    @override
    def retention(self) -> Retention:
        from azure.core.exceptions import AzureError

        try:
            policy = self._service.get_service_properties().get("delete_retention_policy")
        except AzureError:
            return Retention(None, "these credentials may not ask how long removed objects can be restored")
        days = policy.days if policy and policy.enabled else 0
        return Retention(timedelta(days=days), f"soft delete of {days} days" if days else "")

    def _blob(self, key: str) -> Any:
        return self._service.get_blob_client(self.name, key)
