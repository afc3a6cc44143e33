"""The processes that `strava-assets up` starts: watched, started again when they die, ended when it ends.

Nothing here imports Dagster: `up` lives as long as they do and should be small.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

from strava_assets.cli.console import say
from strava_assets.errors import StravaAssetsError
from strava_assets.execution.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

# Dagster's processes note first that their runs were stopped; beyond this they are killed.
STOP_LIMIT_S = 20
# What a killed `up` left has had time to end by itself already.
LEFTOVER_LIMIT_S = 5
# A process that dies again and again is started after ever longer pauses.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
# One that has lived so long has recovered.
RECOVERED_AFTER_S = 300.0
LOG_LIMIT_BYTES = 5_000_000
WATCH_INTERVAL_S = 0.5


class ProcessEndedError(StravaAssetsError):
    """A process ended before it was ready."""


@dataclass(frozen=True)
class Program:
    """A process to start.

    Args:
        title: its name for people, e.g. `The Dagster UI`.
        module: the module in `strava_assets.services` that is its main program.
        arguments: its own options.
        log: the file that takes what it prints; None for this command's own output.
    """

    title: str
    module: str
    arguments: tuple[str, ...] = ()
    log: Path | None = None


@dataclass
class Processes:
    """The processes of one `up`.

    Args:
        locks: the folder of their lock files.
        environ: their environment.
        lifeline: the reading end of a pipe that reports the end of this process to them.
    """

    locks: Path
    environ: Mapping[str, str]
    lifeline: int
    _running: dict[Program, subprocess.Popen[bytes]] = field(default_factory=dict)
    _started_at: dict[Program, float] = field(default_factory=dict)
    _pause_s: dict[Program, float] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        """Start a process that is to live as long as this one."""
        self._running[program] = self._spawn(program)
        self._started_at[program] = time.monotonic()

    def run(self, program: Program) -> int:
        """Run a process to its end, and watch over the others meanwhile.

        Returns:
            Its exit status.

        Raises:
            KeyboardInterrupt: a signal came; the process was asked to end and has ended.
        """
        process = self._spawn(program)
        try:
            while process.poll() is None:
                self.watch()
                time.sleep(WATCH_INTERVAL_S)
        finally:
            _stop(process, signal.SIGINT)
        return process.returncode

    def watch(self) -> None:
        """Start again what died, and keep the logs small; to be called every second or so."""
        self._start_again_what_died()
        for log in {program.log for program in self._running if program.log}:
            if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def refuse_ended(self) -> None:
        """Say so if one of them has ended.

        Raises:
            ProcessEndedError: one has; the message holds the end of its log.
        """
        for program, process in self._running.items():
            if process.poll() is not None:
                raise ProcessEndedError(
                    f"{program.title} ended with status {process.returncode}.",
                    means=_tail(program.log),
                    remedy=f"The whole log is in {program.log}." if program.log else "",
                )

    def _start_again_what_died(self) -> None:
        """Start each process again that has ended by itself, after ever longer pauses."""
        for program, process in list(self._running.items()):
            alive_s = time.monotonic() - self._started_at[program]
            if process.poll() is None:
                if alive_s > RECOVERED_AFTER_S:
                    self._pause_s.pop(program, None)
                continue
            pause_s = self._pause_s.get(program, FIRST_PAUSE_S)
            if alive_s < pause_s:
                continue
            self._pause_s[program] = min(2 * pause_s, LONGEST_PAUSE_S)
            end_group(process.pid)
            say(
                "warning",
                f"{program.title} ended with status {process.returncode} and is started again; its log is "
                f"{program.log}.",
            )
            self.start(program)

    def stop(self) -> None:
        """End all of them, with everything they have started."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            _stop(process, signal.SIGTERM)
        self._running.clear()

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        """A process in a session of its own, so that Ctrl-C reaches it through us and in our order."""
        command = [
            *(sys.executable, "-m", f"strava_assets.services.{program.module}"),
            *("--lifeline", str(self.lifeline), "--lock", str(self.locks / f"{program.module}.lock")),
            *program.arguments,
        ]
        with ExitStack() as stack:
            output = stack.enter_context(program.log.open("ab")) if program.log else None
            return subprocess.Popen(  # noqa: S603 - our own modules
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=self.environ,
                pass_fds=[self.lifeline],
                start_new_session=True,
            )


@contextmanager
def processes(locks: Path, environ: Mapping[str, str]) -> Iterator[Processes]:
    """Processes that end with this block, and with this process however it ends."""
    end_leftovers(locks)
    reading, writing = os.pipe()
    started = Processes(locks, environ, reading)
    try:
        yield started
    finally:
        started.stop()
        os.close(writing)
        os.close(reading)


def end_leftovers(locks: Path) -> None:
    """End what an `up` that was killed has left running."""
    for path in sorted(locks.glob("*.lock")):
        lock = ProcessLock(path)
        if lock.is_held() and (owner := _process_on_this_machine(lock.note())):
            say(
                "warning",
                f"An earlier strava-assets up was killed; its {path.stem} (process {owner}) is ended.",
            )
            end_group(owner, LEFTOVER_LIMIT_S)
            wait_until(lambda lock=lock: not lock.is_held(), STOP_LIMIT_S)  # type: ignore[misc]


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Ask a process of ours to end, kill it if it does not, and end what it has left running."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(leader: int, limit_s: float = STOP_LIMIT_S) -> None:
    """End every process of a group: asked first, killed after a while."""
    # The group lasts as long as one of its processes lives.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGTERM)
        if not wait_until(lambda: not _group_lives(leader), limit_s):
            os.killpg(leader, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], limit_s: float) -> bool:
    """Whether a condition came true within a limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def wait_for_answer(address: str, watched: Processes, limit_s: float = 180) -> None:
    """Wait until a server of this machine answers.

    Raises:
        ProcessEndedError: a process ended meanwhile.
        StravaAssetsError: nothing answered within the limit.
    """
    # A proxy of the environment is for other machines.
    opener = build_opener(ProxyHandler({}))

    def answers() -> bool:
        watched.refuse_ended()
        with suppress(OSError, HTTPException), opener.open(address, timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    if not wait_until(answers, limit_s):
        raise StravaAssetsError(
            f"The Dagster UI did not answer at {address} within {limit_s:.0f} seconds.",
            remedy="Look into the logs in the folder logs of STRAVA_ASSETS_HOME; a busy machine may need a "
            "second try.",
        )


def _group_lives(leader: int) -> bool:
    # In a container without an init process, orphans that have ended wait for us to reap them.
    with suppress(ChildProcessError):
        while os.waitpid(-leader, os.WNOHANG)[0]:
            pass
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _process_on_this_machine(note: str) -> int | None:
    """The process id in a lock's note, where its process is one of this machine."""
    match = re.fullmatch(r"process (\d+) on (.+)", note)
    return int(match[1]) if match and match[2] == socket.gethostname() else None


def _tail(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
