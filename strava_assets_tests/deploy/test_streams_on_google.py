"""The rides' seconds in a bucket: the same store, and a folder copied there is one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets_tests.deploy.google_storage import BUCKET, StorageEmulator, storage_emulator

pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")

import gcsfs  # type: ignore[import-untyped]  # ships no type information

from strava_assets.streams import StreamStore
from strava_assets_tests.streams.samples import entry, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def running_storage() -> Iterator[StorageEmulator]:
    with storage_emulator() as emulator:
        yield emulator


@pytest.fixture
def storage(running_storage: StorageEmulator, monkeypatch: pytest.MonkeyPatch) -> StorageEmulator:
    for name, value in running_storage.environment.items():
        monkeypatch.setenv(name, value)
    # Filesystems are kept by address, and that of another test may know another emulator.
    gcsfs.GCSFileSystem.clear_instance_cache()
    return running_storage


def filled(address: str) -> StreamStore:
    """A store of two years, where a recording was replaced and an activity has none."""
    store = StreamStore(address)
    with store.writer() as writer:
        writer.add(entry("1", year=2025), recording("1", 150))
        writer.add(entry("2"), recording("2", 200))
        writer.add(entry("3", status="none", reason="not asked"), None)
    with store.writer() as writer:
        writer.add(entry("2", fingerprint="edited"), recording("2", 210))
    return store


def held(store: StreamStore) -> dict[str, float]:
    """The watts of every recording by activity."""
    return {
        found.activity_id: table.column("watts")[0].as_py()
        for found, table in store.read(store.entries().values())
    }


def test_what_a_bucket_keeps_is_what_was_put_last_and_each_recording_is_there_once(
    storage: StorageEmulator,
) -> None:
    folder = f"streams-{uuid4().hex}"
    store = filled(f"gs://{BUCKET}/{folder}")

    store.check_writable()
    assert held(store) == {"1": 150, "2": 210}
    assert store.entries()["7", "3"].status == "none"
    # Another process sees the same: nothing is held in this one alone.
    said = (
        "from strava_assets.streams import StreamStore as S; import sys; print(len(S(sys.argv[1]).entries()))"
    )
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", said, store.address], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "3"
    assert store.remove([("7", "1")]) == 1
    assert held(store) == {"2": 210}
    assert store.remove_athlete("7") > 0
    assert storage.names(f"{folder}/") == []


def test_a_folder_copied_into_the_bucket_file_by_file_is_the_same_store(
    storage: StorageEmulator,  # noqa: ARG001 - it must run
    tmp_path: Path,
) -> None:
    here = filled(str(tmp_path / "streams"))
    address = f"gs://{BUCKET}/streams-{uuid4().hex}"

    gcsfs.GCSFileSystem().put(f"{here.address}/", address, recursive=True)

    there = StreamStore(address)
    assert there.entries() == here.entries()
    assert held(there) == held(here)
