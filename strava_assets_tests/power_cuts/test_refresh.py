"""A token refresh on a disk that is full or broken: Strava must not replace a token that cannot be kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.seeded import SeededStore
from strava_assets.strava.refresh import Refresh
from strava_assets_tests.power_cuts.disk import Disk, Stop
from strava_assets_tests.simulation.in_process import BASE_URL, SandboxAdapter
from strava_assets_tests.stores import values_of
from strava_assets_tests.strava.conversation import ENVIRON

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def adapter() -> SandboxAdapter:
    return SandboxAdapter(Sandbox(clock=lambda: NOW))


def refresh(store: SeededStore) -> Refresh:
    return Refresh(store, f"{BASE_URL}/oauth", (1, 1), NOW)


@pytest.mark.parametrize("stop", [Stop.full, Stop.broken])
def test_strava_is_not_asked_if_the_new_token_could_not_be_kept(
    tmp_path: Path, adapter: SandboxAdapter, stop: Stop
) -> None:
    store = SeededStore(FileStore(tmp_path / "home" / "tokens.json"), values_of(ENVIRON))
    store.write({"athlete_id": "7"})
    with Disk(tmp_path) as counting, store.lock():
        store.check_writable()
    assert [call.split()[0] for call in counting.calls] == ["create", "write", "sync", "unlink"]
    for at in range(1, 5 if stop is Stop.broken else 3):
        with Disk(tmp_path, stop, at), pytest.raises(SecretStoreError):
            refresh(store).make(adapter.session())
        assert adapter.sandbox.requests == []
    outcome = refresh(store).make(adapter.session())
    assert store.read()["refresh_token"] == outcome.values["refresh_token"]
    assert outcome.values["refresh_token"] == adapter.sandbox.tokens.valid_refresh_token
