"""The commands there are: every module that declares one can be called by its name."""

from __future__ import annotations

import ast
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import strava_assets.cli
from strava_assets.cli.main import ALIASES, COMMANDS, main

FOLDER = Path(strava_assets.cli.__file__).parent


def declared() -> set[str]:
    """The names of the modules that define a function `command`."""
    return {
        path.stem.rstrip("_")
        for path in FOLDER.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "command"
    }


def test_every_command_that_is_written_can_be_called() -> None:
    assert set(COMMANDS) == declared()
    assert set(ALIASES.values()) <= set(COMMANDS)


@pytest.mark.parametrize("name", [*COMMANDS, *ALIASES])
def test_every_command_says_what_it_does(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])

    assert answer.exit_code == 0, answer.output
    assert len(answer.output.splitlines()) > 4


def test_the_list_of_commands_has_a_whole_sentence_for_each() -> None:
    listed = (
        CliRunner().invoke(main, ["--help"], terminal_width=80).output.split("Commands:\n")[1].splitlines()
    )

    assert len(listed) == len(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("..")] == []


BAD_ARGUMENTS = {
    "up --port 0": "'--port'",
    "up --port 70000": "'--port'",
    "up --port x": "'x' is not a valid port.",
    "login --port -1": "'--port'",
    "login --port 65536": "'--port'",
    "login --store env": "'--store'",
    "athletes --share-numbers me": "'me' is not a valid id.",
    "athletes more": "unexpected extra argument",
    "load more": "unexpected extra argument",
    "sync more": "unexpected extra argument",
    "sync --nonsense": "No such option",
    "import nothere.zip": "Path 'nothere.zip' does not exist.",
    "import ''": "The path is empty.",
    "import --athlete me": "'me' is not a valid id.",
    "import --processes 0": "'--processes'",
    "report --open=x": "does not take a value",
    "report --year=last": "'last' is not a valid integer range.",
    "report --athlete me": "'me' is not a valid id.",
    "bi excel": "No such command",
    "bi powerbi --out ''": "The path is empty.",
    "bi quicksight --account 12": "12 digits",
    "bi data-studio x": "unexpected extra argument",
    "doctor --json=x": "does not take a value",
    "rebuild x": "unexpected extra argument",
    "verify x": "unexpected extra argument",
    "copy --from duckdb": "Missing option '--to'",
    "copy --from x --to bigquery": "'--from'",
    "logout x": "unexpected extra argument",
    "forget --athlete -5": "'--athlete'",
    "webserver --port 0": "'--port'",
    "webserver --workspace nothere.yaml": "does not exist",
    "webhook serve --port 65536": "'--port'",
    "webhook subscribe": "Missing option '--url'",
    "webhook status x": "unexpected extra argument",
    "webhook nothing": "No such command",
    "sandbox --port -1": "'--port'",
    "sandbox --port 65536": "'--port'",
    "sandbox --athlete-seed -1": "'--athlete-seed'",
    "sandbox --activities .": "is a directory",
    "sandbox --activities ~nobody-of-this-name/x": "there is no such user",
}


def test_every_command_is_tried_with_bad_arguments() -> None:
    assert {line.split()[0] for line in BAD_ARGUMENTS} == set(COMMANDS)


@pytest.mark.parametrize(("line", "complaint"), BAD_ARGUMENTS.items())
def test_bad_arguments_are_refused(line: str, complaint: str) -> None:
    answer = CliRunner().invoke(main, shlex.split(line))

    assert answer.exit_code == 2, answer.output
    assert complaint in answer.output


def test_bad_arguments_are_refused_before_anything_heavy_is_imported() -> None:
    program = """
import json, shlex, sys
from strava_assets.cli import main
for line in json.load(sys.stdin):
    try:
        main(shlex.split(line), standalone_mode=False)
    except Exception as error:
        assert type(error).__module__ == "click.exceptions", error
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""
    done = subprocess.run(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-c", program],
        input=json.dumps(list(BAD_ARGUMENTS)),
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert set(done.stdout.split()) & {"dagster", "duckdb", "pyarrow", "pandas", "fsspec", "altair"} == set()


def test_a_tilde_in_a_path_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.json").write_text("{}")

    answer = CliRunner().invoke(main, ["sandbox", "--port", "0", "--activities=~/mine.json"])

    assert "it contains no list of activities" in answer.output


def test_a_terminal_whose_encoding_lacks_a_character_shows_an_escape(tmp_path: Path) -> None:
    program = "from strava_assets.cli import main; main(['verify'])"
    environ = os.environ | {"STRAVA_ASSETS_HOME": str(tmp_path), "PYTHONIOENCODING": "ascii"}

    result = subprocess.run(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-c", program],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in result.stderr
    assert result.stdout.startswith(r"\u2713 ")
