"""`strava-assets import`: its import, its output, and the report it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.archive.devices import a_ride, fit
from strava_assets_tests.archive.exports import Exported, day, exported_ride, packed, write_export
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from strava_assets_tests.cli.terminal import Terminal

# One process at a time: each of these fills a core.
pytestmark = pytest.mark.xdist_group("import_archive")


def an_export(folder: Path, *more: Exported) -> Path:
    rides = [exported_ride(n, a_ride(60, day(-n), seed=n)) for n in range(1, 5)]
    write_export(folder / "unpacked", [*rides, *more], "fr")
    return packed(folder / "unpacked", folder / "export_4711.zip")


@pytest.mark.deep
def test_the_newest_export_of_the_home_is_imported_told_and_shown(terminal: Terminal) -> None:
    broken = Exported(9, day(-9), "activities/9.fit.gz", b"broken")
    (terminal.home / "archive").mkdir(parents=True)
    whole = fit(a_ride(600, day(-10)))
    cut_short = Exported(10, day(-10), "activities/10.fit", whole[: len(whole) // 2])
    path = an_export(terminal.folder, broken, cut_short, Exported(8, day(-8), sport="Promenade lunaire"))
    path.rename(terminal.home / "archive" / path.name)

    result = terminal.run("import-archive")

    assert result.status == 0, result.out + result.err
    output = " ".join(result.out.split())
    assert "The export of athlete 4711, made 2026-11-20, in French: 7 activities, 7 new, 0 changed" in output
    assert "Recordings kept: 5, decoded now: 5; activities typed in by hand, which have none: 1." in output
    assert "Recordings set aside, whose activities are kept: 1" in output
    assert "(activities/9.fit.gz): it is neither FIT nor GPX nor TCX" in output
    assert "Recordings that were repaired: 1" in output
    assert "(activities/10.fit): The file is damaged after" in output
    assert "Activity types not known in French, which count as other: Promenade lunaire (1)." in output
    assert "bq_activities: 7 activities: 7 new" in output
    assert "The report:" in output
    assert (terminal.home / "report" / "index.html").is_file()
    with DuckDBWarehouse(terminal.home / "warehouse.duckdb") as warehouse:
        [row] = warehouse.query("SELECT SUM(rides) AS rides FROM weekly_watts").to_pylist()
    assert row["rides"] == 6

    with dg.DagsterInstance.from_config(str(terminal.home / "dagster")) as instance:
        [record] = instance.fetch_materializations(dg.AssetKey("archive_activities"), limit=5).records
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["added"].value == 7
    assert "10.fit" in str(record.asset_materialization.metadata["repaired_files"].value)


@pytest.mark.deep
def test_a_folder_of_recordings_is_imported_and_counts(terminal: Terminal) -> None:
    folder = terminal.folder / "device"
    folder.mkdir()
    for number in range(1, 4):
        content = fit(a_ride(60, day(-number), seed=number), sport=(2, 7))
        (folder / f"{number}.fit").write_bytes(content)
    (folder / "again.fit").write_bytes(content)
    (folder / "course.fit").write_bytes(fit(a_ride(60), file_type=6))
    (folder / "notes.txt").write_text("notes")

    result = terminal.run("import", str(folder))

    assert result.status == 0, result.out + result.err
    output = " ".join(result.out.split())
    assert (
        "5 recordings, of no athlete yet (the first login or export adopts them): 3 new, 0 imported before, "
        "1 copy." in output
    )
    assert "Copies of another file, counted once: 1" in output
    assert "course.fit: it is a course, not a recorded activity" in output
    assert "Files that are no recordings, and were left out: 1" in output
    with DuckDBWarehouse(terminal.home / "warehouse.duckdb") as warehouse:
        [row] = warehouse.query(
            "SELECT SUM(rides) AS rides, SUM(power_rides) AS power FROM weekly_watts"
        ).to_pylist()
    assert (row["rides"], row["power"]) == (3, 3)
    assert terminal.run("verify").status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "There is no export_….zip in"),
        (("export_4711.zip", "--athlete", "5"), "disagree"),
        (("photos",), "neither activities.csv nor a FIT, GPX or TCX file"),
    ],
)
def test_what_cannot_be_imported_is_reported_with_its_remedy(
    terminal: Terminal, arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_export(terminal.folder)
    (terminal.folder / "photos").mkdir()
    (terminal.folder / "photos" / "beach.jpg").write_bytes(b"x")
    monkeypatch.chdir(terminal.folder)

    result = terminal.run("import", *arguments)

    assert result.status == 1
    assert message in result.err
    assert "What to do:" in result.err
    assert "Traceback" not in result.out + result.err


@pytest.mark.deep
def test_ctrl_c_stops_it_and_says_that_it_goes_on(terminal: Terminal) -> None:
    rides = [exported_ride(n, a_ride(3_000, day(-n), seed=n)) for n in range(1, 61)]
    folder = write_export(terminal.folder / "unpacked", rides)
    command = [str(Path(sys.executable).parent / "strava-assets"), "import", str(folder)]
    environ = os.environ | terminal.environ | {"STRAVA_ASSETS_HOME": str(terminal.home), "FORCE_COLOR": "1"}
    with Child(
        command, env=environ, cwd=terminal.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        seen = ""
        while "/60" not in seen:
            seen += process.stdout.read(1) or pytest.fail(f"It ended:\n{seen}")
        os.killpg(process.pid, signal.SIGINT)
        out = process.stdout.read()
        status = process.wait(60)

    assert status == 130, out
    assert "the same command goes on from there" in out
    assert "Traceback" not in out
