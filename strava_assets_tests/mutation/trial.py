"""Tries one mutant: writes it into a copy of the project and runs tests in a child of this process.

The child is forked, so that pytest, Dagster, DuckDB and others are imported once for all mutants. This
process never imports `strava_assets`; each child imports it from the copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from strava_assets_tests.mutation.mutant import Mutant

Verdict = Literal["killed", "survived", "hung", "unreached"]
_SHARED_IMPORTS = (
    *("pytest", "hypothesis", "xdist", "numpy", "pyarrow.parquet", "duckdb", "pandas", "sqlglot", "dagster"),
    *("fsspec", "requests", "click.testing", "rich.console", "pydantic", "uvicorn", "starlette.testclient"),
)
_OWN = ("strava_assets", "strava_assets_tests")


@dataclass(frozen=True)
class Trial:
    """What became of a mutant, and what the tests said."""

    verdict: Verdict
    seconds: float
    output: str = ""


class _Chosen:
    """A plugin of pytest that keeps the chosen tests, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._place]
        items[:] = sorted(chosen, key=lambda item: self._place[item.nodeid])


def copy_project(checkout: Path, folder: Path) -> Path:
    """Copy the project with changes not committed yet, and link what its tests find beside it."""
    project = folder / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git of the path
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (checkout / name).is_file() and not (checkout / name).is_symlink():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, project / name)
    for name, target in ((".tools", checkout / ".tools"), ("../shared", checkout.parent / "shared")):
        if target.exists():
            (project / name).symlink_to(target.resolve())
    return project


def import_shared() -> None:
    """Import what every child would import for itself."""
    sys.dont_write_bytecode = True
    for name in _SHARED_IMPORTS:
        import_module(name)


def try_mutant(mutant: Mutant, project: Path, tests: Sequence[tuple[str, float]]) -> Trial:
    """Run the tests on the copy with the mutant, until the first one fails.

    Args:
        mutant: The change.
        project: The copy; it is as before afterwards.
        tests: The ids of the tests and how long each usually takes, in seconds.
    """
    if not tests:
        return Trial("unreached", 0)
    path = project / mutant.path
    text = path.read_text(encoding="utf-8")
    path.write_text(mutant.changed(text), encoding="utf-8")
    _forget_bytecode(path)
    try:
        return run_tests(project, [test for test, _ in tests], _limit_s(tests))
    finally:
        path.write_text(text, encoding="utf-8")
        _forget_bytecode(path)


def _limit_s(tests: Sequence[tuple[str, float]]) -> float:
    """How long tests may take: much longer than usually, as the machine may do other work too."""
    return 120 + 10 * sum(seconds for _, seconds in tests)


def run_tests(project: Path, tests: Sequence[str], limit_s: float) -> Trial:
    """Run tests of the copy in a child process, which is killed with its own children after `limit_s`."""
    began = time.monotonic()
    log = project.parent / "output.txt"
    pid = os.fork()
    if not pid:
        _run_in_child(project, tests, log)
    status = None
    try:
        while time.monotonic() - began < limit_s:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
            status = None
            time.sleep(0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        if status is None:
            os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    output = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    if status is None:
        return Trial("hung", seconds, output)
    return Trial("killed" if status else "survived", seconds, output)


def _run_in_child(project: Path, tests: Sequence[str], log: Path) -> None:
    """Run pytest and end the process with its exit status."""
    status = 99
    try:
        os.setsid()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(file, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(project)
        os.environ |= {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in [name for name in sys.modules if name.partition(".")[0] in _OWN]:
            del sys.modules[name]
        sys.path[:] = [str(project), *(entry for entry in sys.path if entry not in ("", str(project)))]
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        options = ["-x", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-p", "no:instafail"]
        # What was imported beforehand cannot be rewritten, which pytest warns of.
        options += ["-o", "addopts=-m 'not deep' -q --strict-markers", "-W", "ignore:Module already imported"]
        options += [f"--basetemp={project.parent / 'pytest'}", "--rootdir", str(project)]
        status = int(import_module("pytest").main([*options, *files], plugins=[_Chosen(tests)]))
        sys.stdout.flush()
    finally:
        os._exit(status)


def _forget_bytecode(path: Path) -> None:
    """Remove compiled code: of two versions of one second and one length, Python would use the first."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()
