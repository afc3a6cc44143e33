"""The commands there are: every module that declares one can be called by its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner

import strava_assets.cli
from strava_assets.cli.main import COMMANDS, main

FOLDER = Path(strava_assets.cli.__file__).parent


def declared() -> set[str]:
    """The names of the modules that define a function `command`."""
    return {
        path.stem.replace("_", "-")
        for path in FOLDER.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "command"
    }


def test_every_command_that_is_written_can_be_called() -> None:
    assert set(COMMANDS) == declared()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])

    assert answer.exit_code == 0, answer.output
    assert len(answer.output.splitlines()) > 4
