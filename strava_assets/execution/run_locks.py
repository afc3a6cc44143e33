"""The lock of a run: taken before its first step and held until its process ends.

The locks are in a folder of Dagster's home. The folder has an id, and each run has this id as a tag. On a
server the webserver, the daemon and the runs may have different homes, and a run whose lock is in another
folder must not count as dead.
"""

from __future__ import annotations

import atexit
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dagster._core.utils import make_new_run_id

from strava_assets.execution.locks import ProcessLock, exclusive, this_process
from strava_assets.execution.tags import LOCKS_TAG, PROCESS_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

_ID = "id"
# The locks of this process by run id. They are held until the process ends, because Dagster records the end
# of a run only after its last step.
_locks: dict[str, ProcessLock] = {}


def hold_run_lock(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Hold the lock of a run until this process ends."""
    locks = RunLocks.of(instance)
    if locks is None or run.run_id in _locks:
        return
    _locks[run.run_id] = locks.take(run.run_id)
    atexit.register(_locks[run.run_id].release)
    instance.add_run_tags(run.run_id, locks.tags())


@contextmanager
def lock_for_new_run(instance: dg.DagsterInstance) -> Iterator[tuple[str, dict[str, str]]]:
    """Hold the lock of a new run while the block creates and executes it.

    Yields:
        The id and the tags for the run.
    """
    run_id = make_new_run_id()
    locks = RunLocks.of(instance)
    if locks is None:
        yield run_id, {}
        return
    _locks[run_id] = locks.take(run_id)
    try:
        yield run_id, locks.tags()
    finally:
        _locks.pop(run_id).release()


class RunLocks:
    """The folder with the lock files of one Dagster home, created with the first lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, instance: dg.DagsterInstance) -> RunLocks | None:
        """The locks of an instance, or None for an ephemeral instance."""
        if instance.is_ephemeral:
            return None
        shared = getattr(instance.run_launcher, "locks_in", None)
        return cls(Path(shared or instance.root_directory) / "running")

    def tags(self) -> dict[str, str]:
        """The tags of a run that this process executes."""
        return {LOCKS_TAG: self._make_folder(), PROCESS_TAG: this_process()}

    def take(self, run_id: str) -> ProcessLock:
        """Take the lock of a run."""
        self._make_folder()
        lock = self._lock(run_id)
        lock.take()
        return lock

    def owns(self, run: dg.DagsterRun) -> bool:
        """Whether the run's lock is in this folder."""
        path = self._folder / _ID
        return path.is_file() and run.tags.get(LOCKS_TAG) == path.read_text(encoding="ascii")

    def is_alive(self, run_id: str) -> bool:
        """Whether a process holds the run's lock."""
        return self._lock(run_id).is_held()

    def remove_abandoned(self) -> None:
        """Remove the lock files of killed processes."""
        for path in self._folder.glob("*.lock"):
            ProcessLock(path).remove_if_abandoned()

    def _lock(self, run_id: str) -> ProcessLock:
        return ProcessLock(self._folder / f"{run_id}.lock")

    def _make_folder(self) -> str:
        """Create the folder if necessary and return its id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _ID
        with exclusive(path):
            if not path.read_text(encoding="ascii"):
                path.write_text(uuid.uuid4().hex, encoding="ascii")
        return path.read_text(encoding="ascii")
