"""`strava-assets verify` and `doctor --deep`: what they print and return, and that they change nothing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, held_open

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and the time of its last change."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def tamper(terminal: Terminal, statement: str) -> None:
    with duckdb.connect(terminal.home / "warehouse.duckdb") as connection:
        connection.execute(statement)


def damaged_page(terminal: Terminal) -> Path:
    page = next((terminal.home / "landing").rglob("page-*.gz"))
    page.write_bytes(page.read_bytes()[:-9])
    return page


def test_a_home_that_is_whole_is_told_so_and_left_as_it_was(synced: Terminal) -> None:
    before = contents(synced.home)
    result = synced.run("verify")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "✓ landing",
        "✓ bq_activities",
        "✓ rejected_records",
        "✓ streams",
        "✓ Everything stored is as it was received, and the tables are what a rebuild would make.",
    ]
    assert "12 rows compared with a rebuild from the landing. Nothing differs." in result.out
    assert contents(synced.home) == before
    assert not list(synced.home.glob("verify-*"))


def test_differences_are_named_with_what_to_do_and_the_status_says_so(synced: Terminal) -> None:
    tamper(synced, "UPDATE bq_activities SET name = 'a secret place'")
    before = contents(synced.home)
    result = synced.run("verify")
    assert result.status == 1
    assert "✗ bq_activities: 12 rows compared with a rebuild from the landing. 12 differences:" in result.out
    assert result.out.count("differs in name.") == 12
    assert result.out.splitlines()[-1] == "✗ 12 differences found."
    assert "What to do: Run strava-assets rebuild" in result.out
    assert "a secret place" not in result.out, "values may be anything"
    assert contents(synced.home) == before


@pytest.mark.deep
def test_a_rebuild_makes_the_differences_go(synced: Terminal) -> None:
    tamper(
        synced, "DELETE FROM bq_activities WHERE activity_id = (SELECT MIN(activity_id) FROM bq_activities)"
    )
    assert synced.run("verify").status == 1
    synced.run("rebuild", **CREDENTIALS)
    assert synced.run("verify").status == 0


def test_a_damaged_page_is_named_and_the_streams_are_verified_all_the_same(synced: Terminal) -> None:
    page = damaged_page(synced)
    result = synced.run("verify")
    assert result.status == 1
    assert str(page) in result.out
    assert "✗ bq_activities: It was not compared, because landed files are damaged." in result.out
    assert "✓ streams" in result.out


def test_a_file_that_is_no_warehouse_is_an_error_and_no_difference(synced: Terminal) -> None:
    (synced.home / "warehouse.duckdb").write_text("dear diary")
    result = synced.run("verify")
    assert result.status == 2
    assert "cannot be opened as a DuckDB file" in result.err
    assert not list(synced.home.glob("verify-*"))


def test_a_misspelt_setting_is_an_error_and_no_difference(synced: Terminal) -> None:
    assert synced.run("verify", STRAVA_ASSETS_WAREHOSE="duckdb").status == 2


def test_what_nobody_foresaw_is_an_error_and_no_difference(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_settings: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr("strava_assets.cli.verification.has_stored_data", fail)
    result = synced.run("verify")
    assert result.status == 2
    assert "ZeroDivisionError" in result.err


def test_before_anything_there_is_nothing_to_verify_and_nothing_is_made(terminal: Terminal) -> None:
    result = terminal.run("verify")
    assert result.status == 0
    assert "There is nothing to verify yet" in result.out
    assert not terminal.home.exists()


def test_a_landing_without_a_warehouse_is_verified_alone(synced: Terminal) -> None:
    (synced.home / "warehouse.duckdb").unlink()
    result = synced.run("verify")
    assert result.status == 0
    assert "✓ landing" in result.out
    assert "bq_activities" not in result.out
    assert not (synced.home / "warehouse.duckdb").exists()


def test_what_a_killed_verify_left_is_removed_a_day_later(synced: Terminal) -> None:
    fresh, old = synced.home / "verify-0a1b2c3d", synced.home / "verify-4e5f6a7b"
    for folder in (fresh, old, synced.home / "verify-mine"):
        (folder / "scratch.duckdb.tmp").mkdir(parents=True)
        (folder / "scratch.duckdb").touch()
        (folder / "scratch.duckdb.tmp" / "duckdb_temp_1_0_owner").touch()
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    assert synced.run("verify").status == 0
    assert {path.name for path in synced.home.glob("verify-*")} == {"verify-0a1b2c3d", "verify-mine"}


@pytest.mark.xdist_group("doctor")
class TestTheDoctor:
    def test_says_that_everything_is_whole(self, synced: Terminal) -> None:
        result = synced.run("doctor", "--offline", "--deep", **CREDENTIALS)
        assert result.status == 0, result.out
        assert [
            line.split(":")[0].split()[-1] for line in result.out.splitlines() if line.startswith("✓ verify")
        ] == [
            "landing",
            "bq_activities",
            "rejected_records",
            "streams",
        ]

    def test_names_a_difference_with_what_to_do(self, synced: Terminal) -> None:
        tamper(synced, "UPDATE bq_activities SET name = 'x'")
        result = synced.run("doctor", "--offline", "--deep", **CREDENTIALS)
        assert result.status == 1
        [line] = [text for text in result.out.splitlines() if text.startswith("✗ verify")]
        assert "differs in name. And 11 more differences." in line
        assert "strava-assets rebuild" in line

    def test_looks_no_deeper_than_asked(self, synced: Terminal) -> None:
        damaged_page(synced)
        result = synced.run("doctor", "--offline", **CREDENTIALS)
        assert result.status == 0
        assert "verify" not in result.out

    def test_takes_a_sync_that_runs_for_no_fault(
        self, synced: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("strava_assets.cli.verification.WAIT_FOR_LOCK_S", 0)
        with held_open(synced):
            result = synced.run("doctor", "--offline", "--deep", **CREDENTIALS)
        assert result.status == 0
        assert "! verify" in result.out
