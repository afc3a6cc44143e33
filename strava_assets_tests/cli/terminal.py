"""A terminal for tests of commands: a folder, an environment, and the output of commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from click.testing import CliRunner

from strava_assets.cli import main
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from strava_assets.sandbox import RunningSandbox

CREDENTIALS = {
    "STRAVA_CLIENT_ID": CLIENT_ID,
    "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
    "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
}


@dataclass(frozen=True)
class CommandResult:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str


@dataclass
class Terminal:
    """Runs commands in `folder`; the home is `folder/data`."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "data"

    def run(self, *arguments: str, typed: str = "", **environ: str) -> CommandResult:
        """Run a command in this process."""
        before, umask = dict(os.environ), os.umask(0o022)
        try:
            result = CliRunner().invoke(main, arguments, input=typed, env=self.environ | environ)
        finally:
            os.umask(umask)
            # A command adds the variables of .env, which the next command must not see.
            os.environ.clear()
            os.environ.update(before)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    def at(self, server: RunningSandbox) -> Terminal:
        """The same terminal with a sandbox as Strava."""
        self.environ |= addresses(server)
        return self


def addresses(server: RunningSandbox) -> dict[str, str]:
    """The variables that replace Strava with a sandbox."""
    return {
        "STRAVA_API_BASE_URL": f"{server.base_url}/api/v3",
        "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
    }


def own_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Remove the settings of the machine, and restore the environment after the test."""
    for name in os.environ:
        if name.startswith(("STRAVA_", "DAGSTER_")):
            patch.delenv(name)
    # Commands set these two variables.
    patch.setenv("STRAVA_ASSETS_UMASK", "022")
    patch.setenv("DAGSTER_HOME", str(folder / "data" / "dagster"))
    patch.chdir(folder)


def copy_home(template: Path, folder: Path) -> None:
    """Copy a prepared home into a test's folder."""
    shutil.copytree(template, folder / "data")


@contextmanager
def held_open(terminal: Terminal) -> Iterator[int]:
    """Another process that has the warehouse open; yields its pid."""
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    path = terminal.home / "warehouse.duckdb"
    with Child(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        yield holder.pid
        holder.communicate("\n")
