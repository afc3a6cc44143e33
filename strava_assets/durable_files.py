"""Files and folders that outlast a power cut.

A rename is atomic, but neither it nor a new file's content is on disk before it is synced: the file for its
content, the folder for the names in it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


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


def write(path: Path, content: bytes) -> None:
    """Write a file: after a kill or a power cut it is whole, or it is as it was before."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    replace(partial, path)


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
