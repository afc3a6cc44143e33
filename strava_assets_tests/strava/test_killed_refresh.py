"""A run that is killed (SIGKILL) at any step of a refresh never locks the next one out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.sandbox import Sandbox, serve
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.seeded import SeededStore
from strava_assets.strava import errors
from strava_assets.strava.auth import Authenticator
from strava_assets_tests.processes import Child
from strava_assets_tests.stores import open_store, values_of
from strava_assets_tests.strava.conversation import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
STEPS = ("before the lock", "inside the lock", "before the write", "after the write", "after the lock")

RUN = """
import sys
from pathlib import Path
from strava_assets_tests.stores import values_of
from strava_assets.secrets.seeded import SeededStore
from strava_assets.strava.auth import Authenticator
from strava_assets_tests.strava.conversation import ENVIRON
from strava_assets_tests.strava.test_killed_refresh import DeadlyFileStore
_, path, base_url, step, whom = sys.argv
store = SeededStore(DeadlyFileStore(Path(path), step, whom), values_of(ENVIRON))
Authenticator(store, base_url + "/oauth").access_token(base_url)
print("survived")
"""


class DeadlyFileStore(FileStore):
    """A file store under which a process is killed at one step; it is used by the refresh's own process."""

    def __init__(self, path: Path, step: str, whom: str) -> None:
        super().__init__(path)
        self.step = step
        self.whom = whom

    def reach(self, step: str) -> None:
        if step == self.step:
            os.kill(os.getppid() if self.whom == "the run" else os.getpid(), signal.SIGKILL)

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.reach("before the lock")
        with super().lock():
            self.reach("inside the lock")
            yield
        self.reach("after the lock")

    def replace(self, values: Mapping[str, str]) -> None:
        self.reach("before the write")
        super().replace(values)
        self.reach("after the write")


def run(base_url: str, path: Path, step: str, whom: str) -> str:
    """A run that refreshes; what it printed before it ended."""
    command = [sys.executable, "-c", RUN, str(path), base_url, step, whom]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    return done.stdout.strip()


def next_run_works(base_url: str, path: Path) -> bool:
    store = open_store("file", environ=ENVIRON, path=path)
    token = Authenticator(store, f"{base_url}/oauth").access_token(base_url)
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{base_url}/athlete", headers=headers, timeout=5).ok


@pytest.mark.deep
@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_during_a_refresh_does_not_lock_out_the_next(tmp_path: Path, step: str) -> None:
    sandbox = Sandbox()
    path = tmp_path / "tokens.json"
    with serve(sandbox) as server:
        assert run(server.base_url, path, step, "the run") == ""
        assert next_run_works(server.base_url, path)
    stored = open_store("file", environ=ENVIRON, path=path).read()
    assert stored["refresh_token"] == sandbox.tokens.valid_refresh_token
    assert sandbox.calls("/oauth/token") == 1


@pytest.mark.deep
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_killed_while_strava_answers_does_not_lock_out_the_next(tmp_path: Path, moment: str) -> None:
    sandbox = Sandbox()
    path = tmp_path / "tokens.json"
    started: list[subprocess.Popen[str]] = []
    refresh = sandbox.tokens.refresh

    def deadly(refresh_token: str) -> object:
        if moment == "before" and started:
            started.pop().kill()
        grant = refresh(refresh_token)
        if started:
            started.pop().kill()
        return grant

    sandbox.tokens.refresh = deadly  # type: ignore[method-assign, assignment]  # the moment is inside the server
    with serve(sandbox) as server:
        command = [sys.executable, "-c", RUN, str(path), server.base_url, "never", "nobody"]
        with Child(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as doomed:
            started.append(doomed)
            assert doomed.communicate(timeout=60)[0] == ""
            assert doomed.returncode == -signal.SIGKILL
        assert next_run_works(server.base_url, path)
    assert sandbox.calls("/oauth/token") == 1


@pytest.mark.deep
@pytest.mark.parametrize("step", [step for step in STEPS if step != "before the write"])
def test_even_the_refreshing_process_may_be_killed_outside_the_one_moment(tmp_path: Path, step: str) -> None:
    sandbox = Sandbox()
    path = tmp_path / "tokens.json"
    with serve(sandbox) as server:
        assert run(server.base_url, path, step, "the refresh") == ""
        assert next_run_works(server.base_url, path)


def test_the_one_moment_that_cannot_be_saved_is_reported_with_its_remedy(tmp_path: Path) -> None:
    sandbox = Sandbox()
    path = tmp_path / "tokens.json"
    with serve(sandbox) as server:
        assert run(server.base_url, path, "before the write", "the refresh") == ""
        with pytest.raises(errors.InvalidRefreshTokenError) as raised:
            next_run_works(server.base_url, path)
    assert "strava-assets login" in raised.value.remedy


@pytest.mark.deep
def test_without_rotation_no_moment_matters(tmp_path: Path) -> None:
    sandbox = Sandbox()
    sandbox.tokens.rotate_refresh_token = False
    path = tmp_path / "tokens.json"
    with serve(sandbox) as server:
        assert run(server.base_url, path, "before the write", "the refresh") == ""
        assert next_run_works(server.base_url, path)


def test_a_draft_left_by_a_killed_write_is_not_mistaken_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = SeededStore(FileStore(path), values_of(ENVIRON))
    store.write({"access_token": "kept"})
    (tmp_path / ".tokens.json.0123").write_text('{"access_token": "ha')
    assert store.read()["access_token"] == "kept"
