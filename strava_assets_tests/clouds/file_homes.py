"""The places where files may be: a folder, and buckets of three clouds on their emulators.

Each is seen through its cloud's own client as well, so that what fsspec says of it is not believed twice.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets_tests.clouds.amazon import BUCKET as AMAZON_BUCKET
from strava_assets_tests.clouds.amazon import running_amazon
from strava_assets_tests.clouds.azure_storage import ACCOUNT, CONTAINER, running_azure_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class FileHome:
    """One place.

    Attributes:
        root: Its address as the settings name it.
        nobodys: An address where there is no bucket.
        environment: What a process needs to reach it.
        names: The names of all objects below a path.
        content: What an object holds.
        forget_clients: Makes fsspec connect anew.
    """

    root: str
    nobodys: str
    environment: Mapping[str, str]
    names: Callable[[str], list[str]]
    content: Callable[[str], bytes]
    forget_clients: Callable[[], None]

    def address(self, name: str) -> str:
        """A fresh address below the root."""
        return f"{self.root}/{name}-{uuid4().hex}"

    def path(self, address: str) -> str:
        """An address as the cloud's own client names it."""
        return address.removeprefix(f"{self.root}/")


@contextmanager
def folder(tmp_path: Path) -> Iterator[FileHome]:
    """A folder of this machine."""

    def names(path: str) -> list[str]:
        return sorted(
            str(each.relative_to(tmp_path)) for each in (tmp_path / path).rglob("*") if each.is_file()
        )

    yield FileHome(
        str(tmp_path),
        "/proc/nobodys",
        {},
        names,
        lambda path: (tmp_path / path).read_bytes(),
        lambda: None,
    )


@contextmanager
def google(_: Path) -> Iterator[FileHome]:
    """A bucket of Google's, on its emulator."""
    pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
    pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")
    import gcsfs  # type: ignore[import-untyped]  # ships no type information

    from strava_assets_tests.deploy.google_storage import BUCKET, storage_emulator

    with storage_emulator() as storage:
        yield FileHome(
            f"gs://{BUCKET}",
            "gs://nobodys-bucket/landing",
            storage.environment,
            lambda path: storage.names(f"{path}/"),
            storage.content,
            gcsfs.GCSFileSystem.clear_instance_cache,
        )


@contextmanager
def amazon(_: Path) -> Iterator[FileHome]:
    """A bucket of Amazon's, on moto."""
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    with running_amazon() as server:
        s3 = server.client("s3")

        def names(path: str) -> list[str]:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=AMAZON_BUCKET, Prefix=f"{path}/")
            return [each["Key"] for page in pages for each in page.get("Contents", ())]

        def content(path: str) -> bytes:
            body: bytes = s3.get_object(Bucket=AMAZON_BUCKET, Key=path)["Body"].read()
            return body

        yield FileHome(
            f"s3://{AMAZON_BUCKET}",
            "s3://nobodys-bucket/landing",
            server.environment,
            names,
            content,
            s3fs.S3FileSystem.clear_instance_cache,
        )


@contextmanager
def azure(_: Path) -> Iterator[FileHome]:
    """A container of Azure's, on Azurite."""
    adlfs = pytest.importorskip("adlfs", reason="the extra `azure` is not installed")
    with running_azure_storage() as server, server.container() as container:
        account = f"{ACCOUNT}.dfs.core.windows.net"
        yield FileHome(
            f"abfs://{CONTAINER}@{account}",
            f"abfs://nobodys@{account}/landing",
            server.environment,
            lambda path: sorted(container.list_blob_names(name_starts_with=f"{path}/")),
            lambda path: container.download_blob(path).readall(),
            adlfs.AzureBlobFileSystem.clear_instance_cache,
        )


HOMES = {"folder": folder, "gs": google, "s3": amazon, "abfs": azure}
