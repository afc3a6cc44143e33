"""Which Python `make` takes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def chosen(folder: Path, *variables: str) -> str:
    """What PYTHON is, with the programs of a folder first on the path and its pyenv versions."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    done = subprocess.run(  # noqa: S603 - the project's own file
        [make, "--silent", "--eval", "show: ; @echo '$(PYTHON)'", "show", *variables],
        cwd=ROOT,
        env={"PATH": f"{folder / 'bin'}{os.pathsep}/bin", "HOME": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def put(path: Path, status: int = 0) -> None:
    """A program that ends with a status, as a Python with or without the module venv does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)


def test_the_first_python_that_works_is_taken(tmp_path: Path) -> None:
    # On the path, and unable to make an environment.
    put(tmp_path / "bin" / "python3.11", status=1)
    put(tmp_path / "bin" / "python3.13")
    assert chosen(tmp_path) == "python3.13"

    in_pyenv = tmp_path / ".pyenv" / "versions" / "3.12.9" / "bin" / "python3.12"
    put(in_pyenv)
    assert chosen(tmp_path) == str(in_pyenv)

    put(tmp_path / "bin" / "python3.11")
    assert chosen(tmp_path) == "python3.11"


def test_another_one_can_be_named(tmp_path: Path) -> None:
    put(tmp_path / "bin" / "python3.11")
    assert chosen(tmp_path, "PYTHON=/opt/mine/python") == "/opt/mine/python"


def test_the_versions_it_looks_for_are_those_that_the_package_allows() -> None:
    setup = (ROOT / "setup.cfg").read_text()
    for version in ("3.11", "3.12", "3.13"):
        assert f"Programming Language :: Python :: {version}\n" in setup
    assert "python_requires = >=3.11,<3.14\n" in setup
    assert "for version in 3.11 3.12 3.13;" in (ROOT / "Makefile").read_text()
