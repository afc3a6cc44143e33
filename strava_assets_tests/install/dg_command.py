"""Dagster's command line for projects, `dg`, as a person starts it in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def dg_output(project: Path, *arguments: str) -> str:
    """What `dg` prints in a project; it has to succeed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STRAVA_", "DAGSTER_"))}
    done = subprocess.run(  # noqa: S603 - beside this Python
        [str(Path(sys.executable).with_name("dg")), *arguments],
        cwd=project,
        env=own | {"VIRTUAL_ENV": sys.prefix, "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
