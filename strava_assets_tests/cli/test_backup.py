"""The commands of docs/backup.md, as they stand there: back up, destroy, restore, and compare every row."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from strava_assets_tests.cli.started import COMMAND

if TYPE_CHECKING:
    from strava_assets_tests.cli.terminal import Terminal

DOCUMENT = (Path(__file__).parents[2] / "docs" / "backup.md").read_text(encoding="utf-8")
COMMANDS = dict(re.findall(r"^```sh (\S+)\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE))
Rows = dict[str, list[tuple[Any, ...]]]


def run(terminal: Terminal, block: str) -> str:
    """Run one block of the document in the folder that holds the home, and return what it printed."""
    environment = os.environ | terminal.environ
    environment |= {"HOME": str(terminal.folder), "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"}
    done = subprocess.run(  # noqa: S603 - the document's own commands
        ["/bin/sh", "-eu", "-c", COMMANDS[block]],
        cwd=terminal.folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


LOST_TABLES = {"loaded_batches", "athlete_observations", "athlete_profile", "athlete_gear"}
LOST_COLUMNS = {"computed_at", "gear_name", "strava_distance_m"}
"""When it was loaded and computed, and what Strava's profile showed."""


def tables(home: Path, *, without_lost: bool = False) -> Rows:
    """The rows of every table, in an order of their own; if asked, without what only the warehouse has."""
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        rows = {}
        for (name,) in names:
            if without_lost and name in LOST_TABLES:
                continue
            lost = LOST_COLUMNS if without_lost else set()
            table = connection.table(name)
            selected = table.select(*(column for column in table.columns if column not in lost))
            rows[name] = sorted(selected.fetchall(), key=repr)
        return rows


@pytest.fixture
def backed_up(synced: Terminal) -> Terminal:
    """A home that has synced, and settings beside it."""
    (synced.folder / ".env").write_text("STRAVA_ASSETS_TIMEZONE=UTC\n", encoding="utf-8")
    return synced


def destroy(home: Path) -> None:
    for path in (*home.glob("landing/**/page-*"), *home.glob("streams/*/*/*"), home / "warehouse.duckdb"):
        path.write_bytes(b"gone")


@pytest.mark.deep
def test_a_copied_home_is_restored_with_every_row(backed_up: Terminal) -> None:
    rows = tables(backed_up.home)
    assert len(rows["bq_activities"]) == 12
    assert rows["activity_streams"]

    run(backed_up, "backup")
    verified = run(backed_up, "verify-the-backup")
    destroy(backed_up.home)
    assert backed_up.run("verify").status != 0
    restored = run(backed_up, "restore")

    assert restored == verified
    assert "Nothing differs" in restored
    assert tables(backed_up.home) == rows


@pytest.mark.deep
def test_a_backup_while_it_runs_has_every_row_too(backed_up: Terminal) -> None:
    rows = tables(backed_up.home)

    run(backed_up, "backup-while-up-runs")
    verified = run(backed_up, "verify-the-backup")
    destroy(backed_up.home)
    restored = run(backed_up, "restore")

    assert restored == verified
    assert tables(backed_up.home) == rows


@pytest.mark.deep
def test_without_the_warehouse_the_tables_are_made_again(backed_up: Terminal) -> None:
    # Figures that hold on every day; those of Strava's profile are known from the day they were seen.
    figures = "[[figures]]\nfrom = 2020-01-01\nftp_w = 250\nweight_kg = 70\nmax_heartrate_bpm = 190\n"
    (backed_up.home / "athlete.toml").write_text(figures, encoding="utf-8")
    assert backed_up.run("rebuild").status == 0
    rows = tables(backed_up.home, without_lost=True)
    assert rows["activity_streams"]

    run(backed_up, "backup")
    destroy(backed_up.home)
    run(backed_up, "restore-without-the-warehouse")

    assert tables(backed_up.home, without_lost=True) == rows


def test_every_command_of_the_document_is_run_by_a_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert set(COMMANDS) == set(re.findall(r'run\(backed_up, "([a-z-]+)"\)', source))
    assert len(COMMANDS) == 5
    assert DOCUMENT.count("```sh") == len(COMMANDS)
