"""Ties a process to `strava-assets up`: it shows that it is alive, and ends when `up` is gone.

`up` holds the writing end of a pipe and writes nothing. When it ends, however it ends, the reading end in
each of its processes reports the end of the file.
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

# Runs that are going on have this long to note that they were stopped.
GRACE_S = 8.0


def tie_to_parent(lifeline: int, lock: Path) -> ProcessLock:
    """Hold a lock for as long as this process lives, and end its process group when the parent is gone.

    Args:
        lifeline: the reading end of the parent's pipe.
        lock: the lock file of this service.

    Raises:
        LockedError: the same service of another `up` is running.
    """
    process_lock = ProcessLock(lock)
    process_lock.take()
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    return process_lock


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    group = os.getpgrp()
    os.killpg(group, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(group, signal.SIGKILL)
