"""Google Cloud Storage's stand-in on a free port, reached by gcsfs and by Google's own client.

It takes anybody in and does not enforce generation preconditions, so neither is tested against it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "a-bucket"
NO_OTHER_CLIENT = {"GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
"""Without it gcsfs asks for every bucket's kind by gRPC, where the emulator does not listen."""

# gcsfs reads it when it is imported.
os.environ |= NO_OTHER_CLIENT


@dataclass(frozen=True)
class StorageEmulator:
    """One that answers.

    Attributes:
        address: where.
        environment: what a process needs in its environment to talk to it instead of Google.
    """

    address: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "STORAGE_EMULATOR_HOST": self.address,
            "GOOGLE_CLOUD_PROJECT": "a-project",
            "NO_GCE_CHECK": "true",
            **NO_OTHER_CLIENT,
        }

    def names(self, prefix: str = "") -> list[str]:
        """What the bucket holds, asked by Google's own client."""
        with self._client() as client:
            return [blob.name for blob in client.list_blobs(BUCKET, prefix=prefix)]

    def content(self, name: str) -> bytes:
        with self._client() as client:
            content: bytes = client.bucket(BUCKET).blob(name).download_as_bytes()
            return content

    @contextmanager
    def _client(self) -> Iterator[Any]:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # ships no type information
        client = storage.Client("a-project", nobody, client_options={"api_endpoint": self.address})
        try:
            yield client
        finally:
            client.close()


@contextmanager
def storage_emulator() -> Iterator[StorageEmulator]:
    """An emulator with one empty bucket, until the block ends."""
    # It ships no type information.
    from gcp_storage_emulator.server import create_server  # type: ignore[import-untyped]

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    try:
        yield StorageEmulator(f"http://127.0.0.1:{server._api._httpd.server_port}")
    finally:
        server.stop()
