"""A lock file shows that a process is alive, because the operating system releases it at the end."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from strava_assets.execution.locks import LockedError, ProcessLock, exclusive, this_process
from strava_assets.execution.run_locks import RunLocks

HOLD = """
import sys
from pathlib import Path
from strava_assets.execution.locks import ProcessLock
ProcessLock(Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_held_until_its_process_is_killed(path: Path) -> None:
    with holder(path) as process:
        assert ProcessLock(path).is_held()
        with pytest.raises(LockedError, match=f"process {process.pid} on "):
            ProcessLock(path).take()
        process.kill()
        process.wait()

    assert path.exists()
    assert not ProcessLock(path).is_held()
    ProcessLock(path).take()


def test_a_released_lock_leaves_no_file_and_can_be_taken_again(path: Path) -> None:
    lock = ProcessLock(path)
    lock.take("first")
    assert lock.note() == "first"
    lock.release()
    assert not path.exists()
    assert not lock.is_held()

    again = ProcessLock(path)
    again.take()
    assert again.note() == this_process()


def test_no_file_is_no_lock(path: Path) -> None:
    assert not ProcessLock(path).is_held()
    assert not path.exists(), "looking makes nothing"


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    ProcessLock(path).take()

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_lock_on_a_file_that_was_removed_meanwhile_counts_for_nothing(path: Path) -> None:
    with holder(path) as process:
        path.unlink()
        ProcessLock(path).take()
        process.kill()

    assert ProcessLock(path).is_held(), "ours, on the new file"


def test_a_lock_that_is_taken_while_abandoned_ones_are_removed_is_held(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner would count as dead, and its run as failed, without a file."""
    path.touch()
    owner, unlink, taken = ProcessLock(path), Path.unlink, []

    def taken_just_before(file: Path, *, missing_ok: bool = False) -> None:
        with suppress(LockedError):
            owner.take()
            taken.append(owner)
        unlink(file, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", taken_just_before)
    RunLocks(path.parent).remove_abandoned()
    monkeypatch.undo()
    if not taken:
        owner.take()

    assert ProcessLock(path).is_held()


def test_looking_never_takes_a_lock_away_from_its_owner(path: Path) -> None:
    """`is_held` locks the file for an instant, but `take` at this moment still succeeds.

    They look a thousand times more often than services do, yet not without a pause: then the file would never
    be free.
    """
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.001):
            ProcessLock(path).is_held()

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(200):
            lock = ProcessLock(path)
            lock.take()
            lock.release()
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()


def test_one_who_looks_for_long_is_no_owner(path: Path) -> None:
    """Its process may be stopped at this moment; the owner waits, and others who look see no owner."""
    path.touch()
    looks = path.open()
    fcntl.flock(looks, fcntl.LOCK_SH)
    assert not ProcessLock(path).is_held()

    threading.Timer(1, looks.close).start()
    lock = ProcessLock(path)
    lock.take()

    assert looks.closed
    assert ProcessLock(path).is_held()


def test_one_at_a_time_is_in_an_exclusive_block(path: Path) -> None:
    inside: list[int] = []

    def enter() -> None:
        with exclusive(path):
            inside.append(1)
            assert len(inside) == 1
            os.sched_yield()
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == []
