"""Recordings in Google's bucket beyond what `clouds/test_file_homes.py` asks of every place."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest

from strava_assets_tests.deploy.google_storage import BUCKET, StorageEmulator

pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")

from strava_assets.streams import StreamsError, StreamStore
from strava_assets.streams.folder import Folder
from strava_assets.streams.part import DamagedPartError, PartDraft, StreamsChangedError, open_part
from strava_assets.streams.recording_table import from_channels
from strava_assets_tests.streams import test_store as contract
from strava_assets_tests.streams.samples import ATHLETE, entry
from strava_assets_tests.warehouse.front import refusal, standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(storage: StorageEmulator) -> StreamStore:  # noqa: ARG001 - it must run
    return StreamStore(f"gs://{BUCKET}/streams-{uuid4().hex}")


def test_a_folder_copied_into_the_bucket_file_by_file_is_the_same_store(
    store: StreamStore, tmp_path: Path
) -> None:
    import gcsfs  # type: ignore[import-untyped]  # ships no type information

    here = StreamStore(str(tmp_path / "streams"))
    contract.keep(here, "1", "2")

    gcsfs.GCSFileSystem().put(f"{here.address}/", store.address, recursive=True)

    assert store.entries() == here.entries()
    assert [table for _, table in store.read(store.entries().values())] == [
        table for _, table in here.read(here.entries().values())
    ]


@pytest.mark.parametrize(
    ("at", "ask"), [("POST", StreamStore.check_writable), ("GET", StreamStore.entries)], ids=["write", "list"]
)
def test_a_refusal_is_told_with_what_to_do(
    storage: StorageEmulator,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    ask: Callable[[StreamStore], object],
) -> None:
    with standing(storage.address) as front:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", front.address)
        store = StreamStore(f"gs://{BUCKET}/streams-{uuid4().hex}")
        front.order(f"^{at} ", 403, refusal(403, "forbidden", "does not have storage.objects.create access"))
        with pytest.raises(StreamsError, match="cannot be used") as failure:
            ask(store)
        assert "bucket name and role" in str(failure.value)


def test_a_refusal_while_a_recording_is_read_is_no_damage(
    storage: StorageEmulator, store: StreamStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract.keep(store, "1")
    with standing(storage.address) as front:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", front.address)
        store = StreamStore(store.address)
        front.order(
            "^GET .*alt=media", 403, refusal(403, "forbidden", "does not have storage.objects.get access")
        )
        with pytest.raises(StreamsError, match="cannot be used") as failure:
            store.entries()
    assert not isinstance(failure.value, DamagedPartError)
    assert "remove it" not in str(failure.value)


@pytest.mark.parametrize("others", [["9"], ["1", "9"]])
def test_a_part_that_is_replaced_while_it_is_read_is_no_damage(store: StreamStore, others: list[str]) -> None:
    seconds = 20_000  # more than the footer is read with
    rng = np.random.default_rng(1)
    contract.keep(store, "1", "2")
    folder = Folder(store.address)
    [part] = folder.parts()

    def write(*names: str) -> None:
        with PartDraft(folder, part) as draft:
            for name in names:
                watts = rng.uniform(0, 900, seconds)
                channels = {"t_s": np.arange(seconds), "watts": watts}
                draft.add(entry(name), from_channels(ATHLETE, name, channels))
            draft.finish()
            draft.place()

    write("1", "2", "3")
    with open_part(folder, part) as opened:
        write(*others)
        with pytest.raises(StreamsChangedError):
            opened.recording(opened.entries[1])
