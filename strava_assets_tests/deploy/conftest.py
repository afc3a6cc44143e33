"""A storage emulator for tests of files in buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.deploy.google_storage import StorageEmulator, storage_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running_storage() -> Iterator[StorageEmulator]:
    with storage_emulator() as emulator:
        yield emulator


@pytest.fixture
def storage(running_storage: StorageEmulator, monkeypatch: pytest.MonkeyPatch) -> StorageEmulator:
    for name, value in running_storage.environment.items():
        monkeypatch.setenv(name, value)
    # Filesystems are cached by address, and another test may have used another emulator.
    import gcsfs  # type: ignore[import-untyped]  # ships no type information

    gcsfs.GCSFileSystem.clear_instance_cache()
    return running_storage
