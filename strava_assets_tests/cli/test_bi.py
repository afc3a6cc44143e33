"""`strava-assets bi`: what is written where, and what is left alone."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from strava_assets.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRAVA_ASSETS_HOME", str(tmp_path / "home"))


def run(line: str) -> Result:
    return CliRunner().invoke(main, shlex.split(f"bi {line}"))


def test_power_bi_gets_a_project_at_the_address(tmp_path: Path) -> None:
    answer = run("powerbi --address /data/published")
    assert answer.exit_code == 0, answer.output
    assert "powerbi/strava_assets.pbip" in answer.output
    model = tmp_path / "powerbi" / "strava_assets.SemanticModel" / "definition"
    assert '"/data/published"' in (model / "expressions.tmdl").read_text(encoding="utf-8")


def test_the_default_address_is_in_the_home(tmp_path: Path) -> None:
    assert run("grafana").exit_code == 0
    text = (tmp_path / "grafana" / "dashboard.json").read_text(encoding="utf-8")
    assert f"{tmp_path}/home/published/weekly_watts/weekly_watts.parquet" in text


def test_quicksight_gets_a_file_for_each_request(tmp_path: Path) -> None:
    answer = run("quicksight --account 123456789012 --region eu-west-1 --database rides --out made")
    assert answer.exit_code == 0, answer.output
    files = sorted(str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*.json"))
    assert {"data_source.json", "dashboard.json", "data_sets/weekly_watts.json"} <= set(files)
    data_set = json.loads((tmp_path / "made/data_sets/weekly_watts.json").read_text(encoding="utf-8"))
    table = data_set["PhysicalTableMap"]["published"]["RelationalTable"]
    assert table["Schema"] == "rides"
    assert table["DataSourceArn"] == "arn:aws:quicksight:eu-west-1:123456789012:datasource/strava-assets"


def test_data_studio_gets_formulas_on_the_screen() -> None:
    answer = run("data-studio")
    assert "  average_watts over rows = 1000 * SUM(work_kj) / NULLIF(SUM(power_s), 0)" in answer.output


@pytest.mark.parametrize("tool", ["powerbi", "grafana", "quicksight --account 123456789012"])
def test_a_folder_with_files_is_left_as_it_is(tmp_path: Path, tool: str) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    answer = run(f"{tool} --out made")
    assert answer.exit_code == 1
    assert "is there already and not empty" in answer.output
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["mine.txt"]
    assert {path.name for path in tmp_path.iterdir()} == {"made"}


def test_an_empty_folder_is_filled_and_half_a_one_is_not_left(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / ".made.unfinished").mkdir()
    (tmp_path / ".made.unfinished" / "left.txt").write_text("of a killed command")
    assert run("grafana --out made").exit_code == 0
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {
        "made",
        "made/dashboard.json",
    }


def test_the_folder_may_be_the_one_where_one_stands(tmp_path: Path) -> None:
    assert run("grafana --out .").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["dashboard.json"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    answer = run("grafana --out file/made")
    assert answer.exit_code == 1
    assert "cannot be written" in answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_address_with_a_secret_is_refused_without_it(tmp_path: Path) -> None:
    for tool in ("powerbi", "grafana"):
        answer = run(f"{tool} --address 'https://host/p?sig=hush'")
        assert answer.exit_code == 1
        assert "hush" not in answer.output
        assert not any(tmp_path.iterdir())
