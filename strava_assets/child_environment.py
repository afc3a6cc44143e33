"""The environment of Python processes that this project starts."""

from __future__ import annotations

import os
import sys


def child_environment() -> dict[str, str]:
    """This process's environment, with its import path: a child finds the same modules."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
