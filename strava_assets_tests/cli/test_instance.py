"""Dagster's home: its configuration is ours until its owner changes it."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
import yaml

from strava_assets.cli.instance import configuration_is_edited, prepare_home
from strava_assets.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

OURS = files("strava_assets.services").joinpath("dagster.yaml").read_text(encoding="utf-8")


@pytest.fixture
def dagster_home(tmp_path: Path) -> Path:
    """A home that a command has prepared."""
    return prepare_home(Settings(home=tmp_path / "home"))


def test_preparing_a_home_for_other_processes_leaves_this_ones_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    before = dict(os.environ)

    prepare_home(Settings(home=tmp_path / "home"))

    assert dict(os.environ) == before


def prepare_again(dagster_home: Path) -> str:
    """The configuration after the next command."""
    prepare_home(Settings(home=dagster_home.parent))
    return (dagster_home / "dagster.yaml").read_text(encoding="utf-8")


def a_newer_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """This program with another configuration of its own."""
    newer = f"{OURS}# newer\n"
    (tmp_path / "dagster.yaml").write_text(newer, encoding="utf-8")
    monkeypatch.setattr("strava_assets.cli.instance.files", lambda _: tmp_path)
    return newer


def test_a_new_home_has_our_configuration(dagster_home: Path) -> None:
    assert (dagster_home / "dagster.yaml").read_text() == OURS
    assert not configuration_is_edited(dagster_home)
    assert yaml.safe_load(OURS)["run_monitoring"]["free_slots_after_run_end_seconds"] > 0


def test_what_its_owner_changed_survives_every_command(
    dagster_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dagster_home / "dagster.yaml").write_text(f"{OURS}# mine\n")

    assert prepare_again(dagster_home) == f"{OURS}# mine\n"
    assert prepare_again(dagster_home) == f"{OURS}# mine\n"

    assert configuration_is_edited(dagster_home)
    assert capsys.readouterr().out == "", "nothing is new"


def test_a_newer_version_replaces_ours(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = a_newer_version(monkeypatch, tmp_path)

    assert prepare_again(dagster_home) == newer


def test_a_newer_version_is_put_beside_the_owners_and_said_once(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dagster_home / "dagster.yaml").write_text("# all mine\n")
    newer = a_newer_version(monkeypatch, tmp_path)

    assert prepare_again(dagster_home) == "# all mine\n"
    assert (dagster_home / "dagster.yaml.shipped").read_text() == newer
    assert "was edited and is kept. The new version is dagster.yaml.shipped in the same folder" in (
        " ".join(capsys.readouterr().out.split())
    )
    assert prepare_again(dagster_home) == "# all mine\n"
    assert capsys.readouterr().out == ""


def test_a_home_of_an_earlier_version_keeps_a_copy_of_what_was_there(dagster_home: Path) -> None:
    """Earlier versions kept no record of what they had copied."""
    (dagster_home / "dagster.yaml.shipped").unlink()
    (dagster_home / "dagster.yaml").write_text("# perhaps edited\n")

    assert prepare_again(dagster_home) == OURS
    assert (dagster_home / "dagster.yaml.before").read_text() == "# perhaps edited\n"


def test_a_command_that_died_while_copying_leaves_no_half_of_it(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It died after the configuration and before the note of what was copied."""
    newer = a_newer_version(monkeypatch, tmp_path)
    (dagster_home / "dagster.yaml").write_text(newer)

    assert prepare_again(dagster_home) == newer
    assert not configuration_is_edited(dagster_home)
