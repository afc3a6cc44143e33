"""Invalid settings: every command prints an error message, starts nothing and changes nothing."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from strava_assets.cli.main import COMMANDS
from strava_assets.sandbox import REFRESH_TOKEN
from strava_assets_tests.cli.started import COMMAND
from strava_assets_tests.cli.terminal import copy_home

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.cli.terminal import Terminal

WITH_SETTINGS = (
    "up --once",
    "login --no-browser",
    "athletes",
    "sync",
    "import",
    "report",
    "doctor --offline",
    "load",
    "rebuild",
    "verify",
    "copy --from duckdb --to bigquery",
    "logout",
    "forget --yes",
    "webserver",
    "webhook status --offline",
    "bi grafana --out grafana",
)
# The exit status 1 of `verify` means that something differs.
FAILED = {"verify": 2}
BAD_FILES = {
    "not UTF-8": (b"STRAVA_ASSETS_HOME=/srv/R\xe9glages\n", "is not UTF-8: line 1"),
    "a NUL": (b"STRAVA_ASSETS_HOME=a\0b\n", "Line 1 of .env contains a NUL character"),
    "a line that would be lost": (b"\nSTRAVA_ASSETS_HOME /srv\n", "Line 2 of .env is not NAME=VALUE."),
    "lower case": (b"strava_assets_home=/srv\n", "it is written in capitals: STRAVA_ASSETS_HOME"),
    "a misspelt name": (b"STRAVA_ASSETS_HOM=/srv\n", "did you mean STRAVA_ASSETS_HOME?"),
}


def test_every_command_that_reads_settings_is_tried() -> None:
    assert {line.split()[0] for line in WITH_SETTINGS} == set(COMMANDS) - {"sandbox"}


@pytest.mark.parametrize("command", WITH_SETTINGS)
@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_read_stops_every_command(
    terminal: Terminal, command: str, content: bytes, message: str
) -> None:
    file = terminal.folder / ".env"
    file.write_bytes(content)

    result = terminal.run(*shlex.split(command))

    assert result.status == FAILED.get(command, 1)
    assert message in " ".join((result.out + result.err).split())
    assert [path.name for path in terminal.folder.iterdir()] == [".env"]


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_a_folder_named_as_the_file_stops_every_command(terminal: Terminal, command: str) -> None:
    (terminal.folder / ".env").mkdir()

    result = terminal.run(*shlex.split(command))

    assert result.status == FAILED.get(command, 1)
    assert ".env is a folder" in result.out + result.err


@pytest.mark.parametrize("command", WITH_SETTINGS)
@pytest.mark.parametrize(
    "home", ["file", "file/below", "what?", "[a]", "a::b", "a%20b", "~nobody-of-this-name"]
)
def test_a_home_that_cannot_be_used_stops_every_command(terminal: Terminal, command: str, home: str) -> None:
    (terminal.folder / "file").write_text("mine")

    result = terminal.run(*shlex.split(command), STRAVA_ASSETS_HOME=home)

    assert result.status == FAILED.get(command, 1)
    assert f"STRAVA_ASSETS_HOME={home}: " in result.out + result.err
    assert [path.name for path in terminal.folder.iterdir()] == ["file"]


# Nobody can make a folder there, root included.
@pytest.mark.parametrize(
    "command",
    [line for line in WITH_SETTINGS if not line.startswith(("copy", "import", "verify", "webhook", "bi "))],
)
def test_a_home_that_cannot_be_made_is_told(terminal: Terminal, command: str) -> None:
    result = terminal.run(
        *shlex.split(command),
        STRAVA_ASSETS_HOME="/proc/strava-assets",
        STRAVA_CLIENT_ID="1",
        STRAVA_CLIENT_SECRET="s",
        STRAVA_REFRESH_TOKEN=REFRESH_TOKEN,
        STRAVA_OAUTH_BASE_URL="http://127.0.0.1:9/oauth",
    )

    assert result.status == 1
    assert "/proc/strava-assets" in result.out + result.err
    assert "report this" not in result.out


@pytest.mark.deep
def test_files_that_are_closed_to_this_user_are_told_without_a_traceback(
    synced_home: Path, tmp_path: Path
) -> None:
    copy_home(synced_home, tmp_path)
    closed = tmp_path / "data" / "dagster" / "dagster.yaml"
    closed.chmod(0)
    command = [str(COMMAND), "forget", "--yes"]
    if os.geteuid() == 0:
        # Without these capabilities, root has the permissions of any user.
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root may open every file, and setpriv, which could restrict it, is not installed")
        taken = "-dac_override,-dac_read_search"
        command = [setpriv, f"--bounding-set={taken}", f"--inh-caps={taken}", *command]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STRAVA_", "DAGSTER_"))}

    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=tmp_path, env=own, check=False, capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 1
    assert f"{closed} cannot be used: Permission denied." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_without_settings_and_the_help_need_no_file(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_bytes(b"\xff")

    assert terminal.run("sandbox", "--port", "-1").status == 2
    assert terminal.run("sync", "--help").status == 0


@pytest.mark.deep
@pytest.mark.parametrize("content", ["", "{{{", "5", "load_from: 5", "other: 1", "\udcff"])
def test_what_is_not_a_workspace_file_is_told(terminal: Terminal, content: str) -> None:
    file = terminal.folder / "workspace.yaml"
    file.write_text(content, encoding="utf-8", errors="surrogateescape")
    (terminal.home / "dagster").mkdir(parents=True)

    result = terminal.run("webserver", "--workspace", str(file))

    assert result.status == 1
    assert f"{file} is not a workspace file: " in result.err
    assert "What to do: " in result.err


def test_the_doctor_tells_it_to_programs_as_a_finding(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_bytes(b"canary\n")

    result = terminal.run("doctor", "--json")

    assert result.status == 1
    [finding] = json.loads(result.out)["findings"]
    assert finding["about"] == "settings"
    assert "Line 1 of .env is not NAME=VALUE." in finding["message"]
    assert "canary" not in result.out + result.err


def test_what_the_file_sets_is_read_by_the_settings_and_by_the_secret_store(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text(
        "STRAVA_ASSETS_SECRET_STORE=env\nSTRAVA_CLIENT_ID=7\nSTRAVA_CLIENT_SECRET=s\nSTRAVA_REFRESH_TOKEN=r\n"
    )

    result = terminal.run("doctor", "--offline")

    assert "Client id, client secret and refresh token are in the environment" in result.out
