"""The file `.env` is read whole or refused with the line that is wrong, never read in part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from strava_assets.env_file import export_env_file, read_env_file
from strava_assets.errors import ConfigurationError
from strava_assets.settings_reader import load_settings

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def refusal(file: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({}, env_file=file)
    return str(refused.value)


def test_what_dotenv_understands_is_read(file: Path) -> None:
    file.write_text(
        "# a comment\r\n\r\nexport STRAVA_ASSETS_UNITS=imperial # why not\r\n"
        "STRAVA_CLIENT_SECRET='with # and \"'\nSTRAVA_ASSETS_HOME = ${NOT_SET:-/srv/data}\n"
    )
    assert read_env_file(file) == {
        "STRAVA_ASSETS_UNITS": "imperial",
        "STRAVA_CLIENT_SECRET": 'with # and "',
        "STRAVA_ASSETS_HOME": "/srv/data",
    }


def test_no_file_and_an_empty_file_set_nothing(file: Path) -> None:
    assert read_env_file(file) == {}
    file.touch()
    assert read_env_file(file) == {}


def test_the_mark_that_windows_editors_put_first_is_no_part_of_a_name(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfSTRAVA_ASSETS_UNITS=imperial")
    assert load_settings({}, env_file=file).units == "imperial"


@pytest.mark.parametrize(
    "line",
    [
        "STRAVA_ASSETS_HOME /srv/canary",
        "STRAVA_ASSETS_HOME: /srv/canary",
        "STRAVA_ASSETS_HOME",
        "export",
        "=canary",
        "STRAVA_CLIENT_SECRET='canary",
        'STRAVA_CLIENT_SECRET="canary" and more',
        "canary",
    ],
)
def test_a_line_that_would_be_lost_is_refused_by_its_number_and_not_quoted(file: Path, line: str) -> None:
    file.write_text(f"STRAVA_ASSETS_UNITS=metric\n\n# a comment\n\n{line}\nSTRAVA_ASSETS_STREAMS=none\n")
    message = refusal(file)
    assert f"Line 5 of {file} is not NAME=VALUE." in message
    assert "What to do: Correct the line" in message
    assert CANARY not in message


def test_a_file_of_another_encoding_is_refused_by_the_line(file: Path) -> None:
    file.write_bytes(b"STRAVA_ASSETS_UNITS=metric\nSTRAVA_ASSETS_HOME=/srv/R\xe9glages\n")
    assert "is not UTF-8: line 2" in refusal(file)
    file.write_text("STRAVA_ASSETS_UNITS=metric\n", encoding="utf-16")
    assert "is not UTF-8: line 1" in refusal(file)


def test_a_nul_character_is_refused_by_the_line(file: Path) -> None:
    file.write_bytes(b"A=1\nSTRAVA_ASSETS_HOME=/srv\0/data\n")
    assert f"Line 2 of {file} contains a NUL character" in refusal(file)


def test_a_folder_of_that_name_is_refused(file: Path) -> None:
    file.mkdir()
    assert f"{file} is a folder" in refusal(file)


def test_a_link_that_leads_nowhere_is_refused(file: Path) -> None:
    file.symlink_to(file.with_name("gone"))
    assert f"{file} is a link to a file that does not exist." in refusal(file)


def test_a_file_that_cannot_be_read_is_refused(file: Path) -> None:
    # A link to itself cannot be opened by anybody, root included.
    file.symlink_to(file)
    assert f"{file} cannot be read: " in refusal(file)


def test_the_environment_takes_what_it_does_not_have(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"STRAVA_CLIENT_ID": "1", "STRAVA_CLIENT_SECRET": ""})
    file.write_text("STRAVA_CLIENT_ID=2\nSTRAVA_CLIENT_SECRET=s\nSTRAVA_REFRESH_TOKEN=r\n")
    export_env_file(file)
    assert os.environ == {
        "STRAVA_CLIENT_ID": "1",
        "STRAVA_CLIENT_SECRET": "",
        "STRAVA_REFRESH_TOKEN": "r",
    }
