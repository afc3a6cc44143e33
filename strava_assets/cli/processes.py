"""Child processes that live as long as the command: started with signals of their own, stopped by pid."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Dagster's processes end their own children first; beyond this they are killed.
STOP_LIMIT_S = 20


class ChildEnded(StravaAssetsError):  # noqa: N818 - it says what happened
    """A process that should have gone on has ended."""


@dataclass(frozen=True)
class Child:
    """One process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Say so if it has ended.

        Raises:
            ChildEnded: it has; the message holds the end of its log.
        """
        status = self.process.poll()
        if status is None:
            return
        tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise ChildEnded(
            f"{self.name} ended with status {status}.",
            means=tail,
            remedy=f"the whole log is in {self.log}.",
        )

    def stop(self) -> None:
        """End it as Ctrl-C would, with all it has started, and kill what that does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._end_group()

    def _end_group(self) -> None:
        """End what it has started and left behind, as Dagster does when it is stopped while it starts."""
        deadline = time.monotonic() + STOP_LIMIT_S
        # The group lasts as long as one of its processes lives.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
            while time.monotonic() < deadline:
                time.sleep(0.1)
                os.killpg(self.process.pid, 0)
            os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def children(commands: Sequence[tuple[str, list[str], Path]]) -> Iterator[list[Child]]:
    """Start processes and stop them, last first, when the block ends.

    Args:
        commands: name, command line and log file of each.
    """
    started: list[Child] = []
    try:
        for name, command, log in commands:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - our own command lines
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # A session of its own, so that Ctrl-C reaches it through us and in our order. Dagster
                    # copies an ignored SIGINT to SIGTERM and could then not be stopped, hence the default.
                    start_new_session=True,
                    preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no threads are held here that could deadlock
                )
            started.append(Child(name, process, log))
        yield started
    finally:
        for child in started:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGINT)
        for child in reversed(started):
            child.stop()


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for_address(address: str, watched: Sequence[Child], limit_s: float = 120) -> None:
    """Wait until an address answers.

    Raises:
        ChildEnded: a process ended meanwhile.
        StravaAssetsError: nothing answered within the limit.
    """
    import requests

    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        for child in watched:
            child.check()
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.3)
    raise StravaAssetsError(
        f"{address} did not answer within {limit_s:.0f} s.",
        remedy="look into the logs named above; a busy machine may need a second try.",
    )
