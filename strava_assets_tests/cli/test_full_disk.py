"""A full disk under Dagster's records: one sentence, and the next command works once there is room."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from strava_assets.cli.storage_errors import as_storage_error
from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.cli.started import running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(600)]


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A real filesystem of its own in memory; skips where it cannot be mounted."""
    folder.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small filesystem")
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if mounted.returncode:
        pytest.skip(f"no filesystem can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - as above


def remount(folder: Path, kilobytes: int) -> None:
    command = ["mount", "-o", f"remount,size={kilobytes}k", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 - as above


# From a disk that does not hold an empty database to one that is full in the last steps.
@pytest.mark.deep
@pytest.mark.parametrize("kilobytes", [300, 1_500, 2_000, 2_600, 3_500])
def test_a_full_disk_is_one_message_and_the_next_run_works(tmp_path: Path, kilobytes: int) -> None:
    sandbox = Sandbox.many(300)
    sandbox.tokens.rotate_refresh_token = False
    with small_disk(tmp_path / "disk", kilobytes) as disk, serve(sandbox) as server:
        environ = CREDENTIALS | addresses(server) | {"STRAVA_ASSETS_HOME": str(disk / "home")}
        with running_command(tmp_path, command="sync", **environ) as full:
            assert full.wait() == 1, full.out
        assert "Traceback" not in full.out
        assert "sqlalche.me" not in full.out
        assert "What to do: " in full.out
        remount(disk, 200_000)

        with running_command(tmp_path, command="sync", **environ) as next_one:
            assert next_one.wait() == 0, next_one.out
    assert "300 activities: 300 new" in next_one.out or "300 activities: 0 new" in next_one.out


def sqlite_error(statement: str, path: Path) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as raised:
        sqlite3.connect(path).execute(statement)
    return raised.value


def test_what_sqlalchemy_wraps_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but long enough to be read as one" * 50)
    cause = sqlite_error("SELECT * FROM runs", tmp_path / "text.db")
    error = sqlalchemy.exc.DatabaseError("SELECT", {}, cause)

    message = as_storage_error(error)

    assert message
    assert "damaged" in str(message)
    assert "Move the folder dagster out of the home" in str(message)


def test_a_folder_where_the_database_should_be_is_said(tmp_path: Path) -> None:
    message = as_storage_error(sqlite_error("SELECT 1 FROM runs", tmp_path))

    assert message
    assert "cannot be written or read" in str(message)


@pytest.mark.parametrize("error", [ValueError("no"), OSError(2, "No such file"), sqlite3.Error("other")])
def test_any_other_error_is_not_taken_for_one_of_the_disk(error: Exception) -> None:
    assert as_storage_error(error) is None
