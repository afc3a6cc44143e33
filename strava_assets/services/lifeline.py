"""Ends a process when `strava-assets up` ends, and holds a lock while the process is alive.

`up` holds the write end of a pipe and never writes. When `up` ends for any reason, the read end in each of
its processes reports the end of the file.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from strava_assets.execution.locks import ProcessLock

if TYPE_CHECKING:
    from pathlib import Path

# Active runs have this time to record that they were stopped.
GRACE_S = 8.0


def tie_to_parent(lifeline: int, lock: Path) -> ProcessLock:
    """Take this service's lock, and end the process group when the parent ends.

    `lifeline` is the read end of the parent's pipe.

    Raises:
        LockedError: The same service of another `up` is running.
    """
    process_lock = ProcessLock(lock)
    process_lock.take()
    threading.Thread(target=_exit_with, args=(lifeline,), name="lifeline", daemon=True).start()
    return process_lock


def _exit_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    group = os.getpgrp()
    os.killpg(group, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(group, signal.SIGKILL)
