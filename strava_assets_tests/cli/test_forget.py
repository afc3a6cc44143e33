"""`strava-assets forget` and `rebuild`: what is removed, what stays, and what can be rebuilt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from strava_assets.landing import Landing
from strava_assets.streams import StreamStore
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal
from strava_assets_tests.streams.samples import entry, recording

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox, Sandbox


def files_of(terminal: Terminal) -> set[str]:
    return {str(path.relative_to(terminal.home)) for path in terminal.home.rglob("*") if path.is_file()}


def test_it_names_what_it_would_remove_and_a_no_leaves_everything(synced: Terminal) -> None:
    before = files_of(synced)
    result = synced.run("forget", typed="n\n")
    assert result.status == 1
    for named in ("12 activities", "landing", "data/streams", "report", "Dagster", "tokens.json"):
        assert named in result.out
    assert files_of(synced) == before


def test_nothing_is_removed_where_the_report_cannot_be_looked_for(synced: Terminal) -> None:
    before = files_of(synced)
    result = synced.run("forget", "--yes", STRAVA_ASSETS_REPORT_URL="unknown://place")
    assert result.status == 1
    assert "The report at unknown://place cannot be written or read: Protocol not known" in result.err
    assert files_of(synced) == before


def test_nothing_of_the_athlete_is_left_and_the_doctor_says_so(
    synced: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    result = synced.at(strava).run("forget", "--yes")
    assert result.status == 0, result.err
    assert files_of(synced) <= {"tokens.lock", "in_use.lock"}
    assert sandbox.calls("/oauth/revoke") == 1
    doctor = synced.run("doctor", "--offline")
    assert "There is no data yet" in doctor.out
    assert "Nothing has run yet" in doctor.out
    assert "There is nothing to forget" in synced.run("forget", "--yes").out


def keep_own_files(terminal: Terminal) -> dict[str, str]:
    """Write a user's own files into the folders of the home, and symbolic links to others."""
    home, elsewhere = terminal.home, terminal.folder / "elsewhere"
    [batch] = Landing(str(home / "landing")).manifests()
    names = (
        "landing/0-taxes.txt",
        "landing/2019 holiday/photos/beach.jpg",
        "landing/Zoo/manifest.json",
        f"landing/athlete={batch.athlete_id}/{batch.batch_id}/notes.txt",
        "streams/notes.txt",
        "streams/backup/athlete=7/year=2024/part-20240101T000000.000000Z-abcdef.parquet",
        "report/report-draft.html",
        "report/report-2024-01-01-final.html",
        "report/pictures/index.html",
        "report/athlete=7/notes.txt",
        "dagster/notes.txt",
        "dagster/history/notes.txt",
        "dagster/storage/notes.txt",
        "logs/notes.log",
    )
    for name in ("report/year-2024.svg", "report/athlete=7/index.html", "report/index.html.partial"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("a page of ours")
    for path in [*(home / name for name in names), elsewhere / "manifest.json", elsewhere / "index.html"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {path.name}")
    (home / "landing" / "20200101T000000.000000Z-full-abcdef").symlink_to(elsewhere)
    (home / "streams" / "athlete=9").symlink_to(elsewhere)
    (home / "dagster" / "storage" / "8b8f9d7c-7a7c-4c53-9d4e-3d7c1f5a0b6e").symlink_to(elsewhere)
    (home / "report" / "report-2024-01-01.html").symlink_to(elsewhere / "index.html")
    return {str(path): path.read_text() for path in terminal.folder.rglob("*") if is_mine(path)}


def is_mine(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(b"mine: ")


def test_a_persons_own_files_are_left_and_named(synced: Terminal, strava: RunningSandbox) -> None:
    mine = keep_own_files(synced)
    (synced.home / "logs" / "webserver.log").write_text("a log of ours")
    result = synced.at(strava).run("forget", "--yes")
    assert result.status == 0, result.err
    assert {str(path): path.read_text() for path in synced.folder.rglob("*") if path.is_file()} == mine | {
        str(synced.home / name): "" for name in ("tokens.lock", "in_use.lock")
    }
    assert (
        f"left in {synced.home / 'landing'}: 0-taxes.txt, 2019 holiday/, 20200101T000000.000000Z-full-abcdef,"
        in result.out
    )
    assert f"left in {synced.home / 'streams'}: athlete=9, backup/, notes.txt" in result.out
    assert f"left in {synced.home / 'dagster'}: history/notes.txt, notes.txt, storage/" in result.out
    assert f"left in {synced.home / 'logs'}: notes.log" in result.out
    assert (
        f"left in {synced.home / 'report'}: athlete=7/notes.txt, pictures/, report-2024-01-01-final.html,"
        in result.out
    )


def test_a_warehouse_behind_a_symbolic_link_is_removed_with_what_it_spilled(
    synced: Terminal, strava: RunningSandbox
) -> None:
    big = synced.folder / "big disk" / "history.duckdb"
    big.parent.mkdir()
    (synced.home / "warehouse.duckdb").rename(big)
    (synced.home / "warehouse.duckdb").symlink_to(big)
    spill = big.with_name("history.duckdb.tmp")
    spill.mkdir()
    (spill / "duckdb_temp_1_0_storage_DEFAULT-0.tmp").write_text("rows of an athlete")
    result = synced.at(strava).run("forget", "--yes")
    assert result.status == 0, result.err
    assert list(big.parent.iterdir()) == []
    assert not (synced.home / "warehouse.duckdb").is_symlink()


def test_one_of_two_athletes_goes_and_the_other_stays(synced: Terminal, strava: RunningSandbox) -> None:
    synced.at(strava)
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        connection.execute(
            "INSERT INTO bq_activities SELECT * REPLACE ('77' AS athlete_id) FROM bq_activities LIMIT 3"
        )
        connection.execute(
            "INSERT INTO weekly_watts SELECT * REPLACE ('77' AS athlete_id) FROM weekly_watts LIMIT 1"
        )
    with StreamStore(str(synced.home / "streams")).writer() as writer:
        writer.add(entry("1", athlete_id="77"), recording("1", athlete_id="77"))
    report = synced.home / "report"
    for folder, title in (("athlete=77", "77"), ("athlete=78", "the other"), (".", 'data-page="athletes"')):
        (report / folder).mkdir(exist_ok=True)
        (report / folder / "index.html").write_text(f"<html {title}>")
    refused = synced.run("forget", "--yes")
    assert refused.status == 1
    assert "77 (3 activities)" in refused.err
    result = synced.run("forget", "--yes", "--athlete", "77")
    assert result.status == 0, result.err
    with duckdb.connect(synced.home / "warehouse.duckdb", read_only=True) as connection:
        for table in ("bq_activities", "weekly_watts"):
            athletes = connection.execute(f"SELECT DISTINCT athlete_id FROM {table}").fetchall()  # noqa: S608 - ours
            assert len(athletes) == 1
            assert athletes[0] != ("77",)
    assert len(Landing(str(synced.home / "landing")).manifests()) == 1
    recordings = StreamStore(str(synced.home / "streams"))
    assert "77" not in recordings.athletes()
    assert recordings.entries(), "they are the other athlete's"
    assert (synced.home / "tokens.json").exists(), "they are the other athlete's"
    assert "is about everyone here and stays" in result.out
    # The index named both; the next sync writes it anew.
    assert [path.parent.name for path in report.rglob("*.html")] == ["athlete=78"]
    assert [path.name for path in report.iterdir()] == ["athlete=78"]


def test_an_athlete_who_is_not_there_is_told(synced: Terminal) -> None:
    result = synced.run("forget", "--yes", "--athlete", "404")
    assert result.status == 1
    assert "Athlete 404 has no data here" in result.err


def test_tables_of_somebody_elses_in_the_file_are_kept(synced: Terminal, strava: RunningSandbox) -> None:
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        connection.execute("CREATE TABLE my_notes AS SELECT 1 AS n")
    result = synced.at(strava).run("forget", "--yes")
    assert "my_notes" in result.out
    with duckdb.connect(synced.home / "warehouse.duckdb", read_only=True) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("my_notes",)]


def test_while_the_daemon_runs_nothing_is_removed(synced: Terminal) -> None:
    from dagster._daemon.types import DaemonHeartbeat  # there is no public way to beat

    with dg.DagsterInstance.get() as instance:
        instance.add_daemon_heartbeat(
            DaemonHeartbeat(datetime.now(UTC).timestamp(), daemon_type="SCHEDULER", daemon_id="1", errors=[])
        )
    before = files_of(synced)
    result = synced.run("forget", "--yes")
    assert result.status == 1
    assert "Ctrl-C" in result.err
    assert files_of(synced) == before


@pytest.mark.deep
def test_a_rebuild_makes_the_tables_again_without_listing_anything(
    synced: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    count = "SELECT (SELECT COUNT(*) FROM bq_activities), (SELECT COUNT(*) FROM weekly_watts)"
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        before = connection.execute(count).fetchone()
        connection.execute("DELETE FROM bq_activities")
        connection.execute("DELETE FROM weekly_watts")
    result = synced.at(strava).run("rebuild", **CREDENTIALS)
    assert result.status == 0, result.out
    with duckdb.connect(synced.home / "warehouse.duckdb", read_only=True) as connection:
        assert connection.execute(count).fetchone() == before
    assert sandbox.calls("/athlete/activities") == 0


def test_published_tables_go_and_the_receipt_says_that_nothing_is_left(
    synced: Terminal, strava: RunningSandbox
) -> None:
    assert (synced.home / "published" / "weekly_watts" / "weekly_watts.parquet").is_file()
    (synced.home / "published" / "notes.txt").write_text("mine: notes")
    file = synced.folder / "receipt.json"

    result = synced.at(strava).run("forget", "--yes", "--receipt", str(file))

    assert result.status == 0, result.err
    assert [p.name for p in (synced.home / "published").rglob("*")] == ["notes.txt"]
    assert f"left in {synced.home / 'published'}: notes.txt" in result.out
    assert "Nothing is left in any of these places." in result.out
    receipt = json.loads(file.read_text())
    assert {place["place"] for place in receipt["places"]} == {
        *("landing", "recordings", "report", "published tables", "tables")
    }
    assert all(place["nothing_left_after"][:16] <= receipt["at"][:16] for place in receipt["places"])


def test_tables_that_an_earlier_setting_published_go_too(synced: Terminal, strava: RunningSandbox) -> None:
    assert (synced.home / "published" / "weekly_watts" / "weekly_watts.parquet").is_file()

    result = synced.at(strava).run("forget", "--yes", STRAVA_ASSETS_PUBLISH="none")

    assert result.status == 0, result.err
    assert not (synced.home / "published").exists()
    assert f"published earlier in {synced.home / 'published'} are removed" in " ".join(result.out.split())


def test_the_other_athletes_published_tables_are_made_anew(synced: Terminal, strava: RunningSandbox) -> None:
    synced.at(strava)
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        for table in ("bq_activities", "weekly_watts"):
            connection.execute(
                f"INSERT INTO {table} SELECT * REPLACE ('77' AS athlete_id) FROM {table} LIMIT 1"  # noqa: S608 - ours
            )
    file = synced.home / "published" / "weekly_watts" / "weekly_watts.parquet"
    connection = duckdb.connect()
    connection.execute(
        f"COPY (FROM '{file}' UNION ALL SELECT * REPLACE ('77' AS athlete_id) FROM '{file}') "  # noqa: S608 - ours
        f"TO '{file}.new' (FORMAT parquet, KV_METADATA {{'strava_assets.table': 'weekly_watts'}})"
    )
    file.with_name(f"{file.name}.new").replace(file)

    result = synced.run("forget", "--yes", "--athlete", "77")

    assert result.status == 0, result.err
    [[athletes, rows]] = connection.execute(
        f"SELECT COUNT(DISTINCT athlete_id), COUNT(*) FROM '{file}' WHERE athlete_id <> '77'"  # noqa: S608 - ours
    ).fetchall()
    assert athletes == 1
    assert rows
    assert not connection.execute(f"SELECT 1 FROM '{file}' WHERE athlete_id = '77'").fetchall()  # noqa: S608 - ours
    assert "are made anew without the athlete; no earlier version is left" in result.out


def test_nothing_is_removed_where_the_published_tables_cannot_be_looked_for(synced: Terminal) -> None:
    before = files_of(synced)
    result = synced.run("forget", "--yes", STRAVA_ASSETS_PUBLISH_URL="unknown://place")
    assert result.status == 1
    assert "cannot be written or read" in result.err
    assert files_of(synced) == before
