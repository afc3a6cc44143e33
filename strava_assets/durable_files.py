"""Files and folders that outlast a power cut.

A rename is atomic, but neither it nor a new file's content is on disk before it is synced: the file for its
content, the folder for the names in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

PARTIAL = ".partial"
"""The suffix of files that are being written."""


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder and its parents where they are missing, and sync what was created.

    Args:
        folder: the folder.
        mode: the permissions of the folder itself, less the umask.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for path in reversed(missing):
        sync(path.parent)


def replace(draft: Path, target: Path) -> None:
    """Put a draft in the place of a file of the same folder.

    After a power cut the draft is there whole, or the old file is.
    """
    sync(draft)
    draft.replace(target)
    sync(target.parent)


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file: after a kill or a power cut it is whole, or it is as it was before.

    Two processes that write the same file take turns.

    Args:
        path: the file.
        content: what will be in it.
        durable: whether it is synced; else a power cut may leave the name without the content.
    """
    draft = path.with_name(f"{path.name}{PARTIAL}")
    with _open_alone(draft) as file:
        file.write(content)
        file.flush()
        if durable:
            replace(draft, path)
        else:
            draft.replace(path)


def _open_alone(draft: Path) -> BinaryIO:
    """Open a draft that no other process is writing, and empty it."""
    while True:
        file = draft.open("ab")
        # Some network filesystems have no locks.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), draft.stat()):
                file.truncate(0)
                return file
        # Meanwhile the other process has put it in its place.
        file.close()


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders_of(paths: Iterable[Path]) -> None:
    """Sync the folders of files that were removed or renamed, as far as they exist."""
    for folder in sorted({path.parent for path in paths}):
        if folder.is_dir():
            sync(folder)
