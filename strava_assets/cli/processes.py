"""Starts, watches, restarts and stops the processes of `strava-assets up`.

Nothing here imports Dagster, because `up` runs as long as its processes and should need little memory.
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

# Dagster's processes first record that their runs were stopped; after this time they are killed.
STOP_LIMIT_S = 20
# Processes of a killed `up` have already had time to end.
LEFTOVER_LIMIT_S = 5
# If a process ends repeatedly, the pause before its restart doubles each time.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
# After this time the pause is reset.
RECOVERED_AFTER_S = 300.0
LOG_LIMIT_BYTES = 5_000_000
WATCH_INTERVAL_S = 0.5


class ProcessEndedError(StravaAssetsError):
    """A process ended before it was ready."""


@dataclass(frozen=True)
class Program:
    """A process to start.

    Args:
        title: Its name in messages, e.g. `The Dagster UI`.
        module: Its main module in `strava_assets.services`.
        arguments: Its options.
        log: The file for its output, or None for the output of this command.
    """

    title: str
    module: str
    arguments: tuple[str, ...] = ()
    log: Path | None = None


@dataclass
class Processes:
    """The processes of one `up`.

    Args:
        locks: The folder of their lock files.
        environ: Their environment.
        lifeline: The read end of a pipe by which they notice the end of this process.
    """

    locks: Path
    environ: Mapping[str, str]
    lifeline: int
    _running: dict[Program, subprocess.Popen[bytes]] = field(default_factory=dict)
    _started_at: dict[Program, float] = field(default_factory=dict)
    _pause_s: dict[Program, float] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        """Start a process and keep it running."""
        self._running[program] = self._spawn(program)
        self._started_at[program] = time.monotonic()

    def run(self, program: Program) -> int:
        """Run a process until it ends, watch the others meanwhile, and return its exit status.

        Raises:
            KeyboardInterrupt: A signal arrived. The process was stopped.
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
        """Restart ended processes and rotate large logs; call it about every second."""
        self._restart_ended()
        for log in {program.log for program in self._running if program.log}:
            if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def check_running(self) -> None:
        """Check that no process has ended.

        Raises:
            ProcessEndedError: A process has ended; the message contains the end of its log.
        """
        for program, process in self._running.items():
            if process.poll() is not None:
                raise ProcessEndedError(
                    f"{program.title} ended with status {process.returncode}.",
                    means=_tail(program.log),
                    remedy=f"Read the full log in {program.log}." if program.log else "",
                )

    def _restart_ended(self) -> None:
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
                "warning" if process.returncode else "step",
                f"{program.title} ended with status {process.returncode} and is restarted. "
                f"Its log is {program.log}.",
            )
            self.start(program)

    def stop(self) -> None:
        """Stop all processes and their children."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            _stop(process, signal.SIGTERM)
        self._running.clear()

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        """Start a process in its own session, so that Ctrl-C reaches only this command."""
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
    """Processes that end with the block, or when this process ends for any reason."""
    end_leftover_processes(locks)
    reading, writing = os.pipe()
    services = Processes(locks, environ, reading)
    try:
        yield services
    finally:
        services.stop()
        os.close(writing)
        os.close(reading)


def end_leftover_processes(locks: Path) -> None:
    """End the processes of an `up` that was killed."""
    for path in sorted(locks.glob("*.lock")):
        lock = ProcessLock(path)
        if lock.is_held() and (owner := _process_on_this_machine(lock.note())):
            say(
                "warning",
                f"An earlier strava-assets up was killed. Its {path.stem} (process {owner}) is stopped.",
            )
            end_group(owner, LEFTOVER_LIMIT_S)
            wait_until(lambda lock=lock: not lock.is_held(), STOP_LIMIT_S)  # type: ignore[misc]


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Stop a process with a signal, kill it if it does not end, and end its children."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(leader: int, limit_s: float = STOP_LIMIT_S) -> None:
    """Terminate all processes of a group, and kill them after a time limit."""
    # The group exists as long as one of its processes.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGTERM)
        if not wait_until(lambda: not _group_exists(leader), limit_s):
            os.killpg(leader, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], limit_s: float) -> bool:
    """Wait for a condition; returns False at the time limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def wait_for_answer(address: str, services: Processes, limit_s: float = 180) -> None:
    """Wait until a server on this machine responds.

    Raises:
        ProcessEndedError: A process ended.
        StravaAssetsError: The server did not respond within the time limit.
    """
    # Proxies in the environment do not apply to this machine.
    opener = build_opener(ProxyHandler({}))

    def answers() -> bool:
        services.check_running()
        with suppress(OSError, HTTPException), opener.open(address, timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    if not wait_until(answers, limit_s):
        raise StravaAssetsError(
            f"The Dagster UI did not respond at {address} within {limit_s:.0f} seconds.",
            remedy="Read the logs in STRAVA_ASSETS_HOME/logs. If the machine is busy, try again.",
        )


def _group_exists(leader: int) -> bool:
    # In a container without an init process, this process must reap ended orphans.
    with suppress(ChildProcessError):
        while os.waitpid(-leader, os.WNOHANG)[0]:
            pass
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _process_on_this_machine(note: str) -> int | None:
    """The process id in a lock's note, or None if the process is on another machine."""
    match = re.fullmatch(r"process (\d+) on (.+)", note)
    return int(match[1]) if match and match[2] == socket.gethostname() else None


def _tail(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
