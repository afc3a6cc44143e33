"""The places that tables are published to: a folder, S3 on moto, Azure's storage on Azurite.

The emulators run as processes of their own and are reached over HTTP. `make tools-clouds` installs them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOUDS = Path(__file__).parents[2] / ".tools" / "clouds"
BUCKET = "a-bucket"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Emulator:
    """A process that answers.

    Args:
        address: where.
        environment: what a process needs in its environment to talk to it.
    """

    address: str
    environment: dict[str, str] = field(default_factory=dict)


def needs(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path.name} is not installed; `make tools-clouds` installs it")
    return path


@contextmanager
def moto(port: int = 0) -> Iterator[Emulator]:
    """S3 and Glue, with one empty bucket."""
    server = needs(CLOUDS / "python" / "bin" / "moto_server")
    port = port or free_port()
    with _running([str(server), "-H", "127.0.0.1", "-p", str(port)], port):
        address = f"http://127.0.0.1:{port}"
        environment = {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        emulator = Emulator(address, environment)
        s3_client(emulator).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield emulator


@contextmanager
def azurite() -> Iterator[Emulator]:
    """Azure's blob storage, with one empty container."""
    server = needs(CLOUDS / "node" / "node_modules" / ".bin" / "azurite-blob")
    behind, port = free_port(), free_port()
    front = [sys.executable, str(Path(__file__).with_name("azure_front.py")), str(port), str(behind)]
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    with (
        _running([str(server), "--blobHost", "127.0.0.1", "--blobPort", str(behind), *options], behind),
        _running(front, port),
    ):
        address = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};"
            f"BlobEndpoint={address};"
        )
        emulator = Emulator(address, {"AZURE_STORAGE_CONNECTION_STRING": connection})
        with azure_client(emulator) as client:
            client.create_container(BUCKET)
        yield emulator


def s3_client(emulator: Emulator, service: str = "s3") -> Any:
    import boto3

    return boto3.client(
        service,
        endpoint_url=emulator.address,
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def azure_client(emulator: Emulator) -> Any:
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient.from_connection_string(emulator.environment["AZURE_STORAGE_CONNECTION_STRING"])


def other_duckdb(query: str, environment: dict[str, str], *extensions: str) -> list[list[Any]]:
    """The answer of another DuckDB, in a process of its own, with extensions that read Iceberg and Delta."""
    python = needs(CLOUDS / "python" / "bin" / "python")
    program = f"""
import datetime, importlib, json, pathlib
import duckdb
connection = duckdb.connect()
for name in {list(extensions)!r}:
    folder = pathlib.Path(importlib.import_module("duckdb_extension_" + name).__file__).parent
    [file] = folder.rglob(name + ".duckdb_extension")
    connection.execute(f"LOAD '{{file}}'")
for statement in {query!r}.split(";"):
    answer = connection.execute(statement)
print(json.dumps(answer.fetchall(), default=str))
"""
    result = subprocess.run(  # noqa: S603 - the program above
        [str(python), "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    rows: list[list[Any]] = json.loads(result.stdout)
    return rows


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - as above
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the emulator ended"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the emulator did not answer")


def reset_moto(emulator: Emulator) -> None:
    request = urllib.request.Request(f"{emulator.address}/moto-api/reset", method="POST")  # noqa: S310 - on loopback
    urllib.request.urlopen(request).close()  # noqa: S310 - the same
