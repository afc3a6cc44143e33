"""Folders that this user may not read, for tests that may run as root."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder be one that this user may not read, which no folder is to root."""
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)
