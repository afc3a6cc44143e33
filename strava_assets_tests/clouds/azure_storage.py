"""Azure's storage on a loopback port: Azurite in a process of its own.

It checks the account's key, but neither identities and roles nor hierarchical namespaces.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.clouds.started import started
from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parents[2] / ".tools" / "clouds" / "node" / "node_modules" / ".bin" / "azurite-blob"
CONTAINER = "strava"
ACCOUNT = "devstoreaccount1"
# The account and key of every Azurite, from its documentation.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class AzureStorage:
    """A server that answers.

    Attributes:
        address: Where.
    """

    address: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to talk to it instead of Azure."""
        return {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={_KEY};"
            f"BlobEndpoint={self.address}/{ACCOUNT};"
        )

    @contextmanager
    def container(self, name: str = CONTAINER) -> Iterator[Any]:
        """Azure's own client of a container."""
        from azure.storage.blob import ContainerClient

        with ContainerClient.from_connection_string(self.connection_string, name) as client:
            yield client


@contextmanager
def running_azure_storage() -> Iterator[AzureStorage]:
    """A server with one empty container, until the block ends."""
    if not SERVER.exists() or not shutil.which("node"):
        pytest.skip("Azurite is not installed: make tools-clouds (it needs Node)")
    port = free_port()
    options = ("--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence", "--silent")
    with started(port, str(SERVER), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options):
        storage = AzureStorage(f"http://127.0.0.1:{port}")
        with storage.container() as container:
            container.create_container()
        yield storage
