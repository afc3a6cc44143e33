"""The published tables as assets: what is published, what is not, and what the checks say."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from pyarrow import parquet

from strava_assets.checks.marts import checks_of
from strava_assets.marts import catalog
from strava_assets.marts.publishable import publishable, published_table, withheld
from strava_assets.schema.columns import Column, ColumnType

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.chain import Chain, Run

TABLES = [table.name for table in publishable(catalog.load())]


def published_file(platform: Chain, name: str = "weekly_watts") -> Path:
    return platform.home / "published" / name / f"{name}.parquet"


def prove(platform: Chain, *marts: str) -> None:
    """Put the results of their checks on record; the platform's is empty."""
    keys = [
        (mart.name, check.name) for mart in catalog.load() if mart.name in marts for check in checks_of(mart)
    ]
    assert platform.check(*keys).succeeded


def run(platform: Chain, *keys: list[str] | str, checks: bool = True, **fields: Any) -> Run:
    selection = dg.AssetSelection.assets(*keys)
    return platform._run_selection(
        selection if checks else selection - dg.AssetSelection.all_asset_checks(), fields=fields
    )


def test_every_mart_is_published_after_a_run_and_described(loaded: Chain) -> None:
    files = {path.parent.name for path in (loaded.home / "published").rglob("*.parquet")}
    assert files == set(TABLES)
    assert "activity_measures" in files
    assert "period_totals" not in files, "it is a view"
    schema = parquet.read_schema(published_file(loaded))
    assert schema.field("average_watts").metadata[b"comment"].endswith(b"[W]")
    weeks = parquet.read_table(published_file(loaded), columns=["week", "rides"]).to_pylist()
    assert weeks == loaded.rows("SELECT week, rides FROM weekly_watts ORDER BY athlete_id, week")


def test_a_table_without_a_change_is_left_alone(loaded: Chain) -> None:
    prove(loaded, "weekly_watts")
    file = published_file(loaded)
    before = file.stat().st_ino

    result = run(loaded, ["published", "weekly_watts"])

    assert result.succeeded, result.failures()
    metadata = result.materialized()["published/weekly_watts"]
    assert metadata["rows_changed"] is False
    assert metadata["address"] == str(file)
    assert file.stat().st_ino == before
    check = result.checks()["published/weekly_watts", "read_back"]
    assert check.passed
    assert f"{metadata['dagster/row_count']} rows" in str(check.description)


def test_a_mart_with_a_failed_check_is_not_published_and_the_check_says_so(loaded: Chain) -> None:
    file = published_file(loaded)
    before = file.read_bytes()
    assert run(loaded, "weekly_watts", "daily_load").succeeded
    loaded.tamper("INSERT INTO weekly_watts SELECT * FROM weekly_watts LIMIT 1")
    assert not loaded.check(("weekly_watts", "key_unique")).succeeded

    result = run(loaded, ["published", "weekly_watts"], ["published", "daily_load"])

    assert result.succeeded, result.failures()
    assert set(result.materialized()) == {"published/daily_load"}
    assert file.read_bytes() == before
    check = result.checks()["published/weekly_watts", "read_back"]
    assert not check.passed
    assert "weekly_watts is not published: its check key_unique failed" in str(check.description)
    assert "Readers see the version before" in str(check.description)


@pytest.mark.deep
def test_a_mart_that_no_check_has_seen_since_it_was_made_is_not_published(loaded: Chain) -> None:
    assert run(loaded, "weekly_watts", checks=False).succeeded

    result = run(loaded, ["published", "weekly_watts"])

    assert result.materialized() == {}
    check = result.checks()["published/weekly_watts", "read_back"]
    assert "its check key_unique has no result since the table was made" in str(check.description)


@pytest.mark.deep
def test_a_blocking_check_of_the_same_run_leaves_all_tables_as_they_were(
    loaded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    from strava_assets.assets import marts

    before = {name: published_file(loaded, name).read_bytes() for name in TABLES}
    refresh = marts.refresh_mart

    def refresh_twice(engine: Any, mart: Any) -> int | None:
        rows = refresh(engine, mart)
        if mart.name == "eddington":
            engine.execute("INSERT INTO eddington SELECT * FROM eddington LIMIT 1")
        return rows

    monkeypatch.setattr(marts, "refresh_mart", refresh_twice)
    result = run(loaded, "eddington", *(["published", name] for name in TABLES))

    assert not result.succeeded
    assert not any(name.startswith("published") for name in result.materialized())
    assert {name: published_file(loaded, name).read_bytes() for name in TABLES} == before


def test_rows_that_are_not_the_marts_fail_the_check(loaded: Chain) -> None:
    file = published_file(loaded)
    table = parquet.read_table(file)
    parquet.write_table(table.slice(1), file)

    result = loaded._run_selection(
        dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["published", "weekly_watts"]), "read_back"))
    )

    check = result.checks()["published/weekly_watts", "read_back"]
    assert not check.passed
    assert "rows of the published table are not the mart's, e.g. {'athlete_id': '7'" in str(check.description)
    assert check.metadata["measured"].value
    assert result.materialized() == {}, "only the check was asked for"


def test_a_foreign_file_is_refused_and_the_others_are_published(loaded: Chain) -> None:
    prove(loaded, "weekly_watts", "daily_load")
    file = published_file(loaded)
    file.write_bytes(b"not ours")
    published_file(loaded, "daily_load").unlink()

    result = run(loaded, ["published", "weekly_watts"], ["published", "daily_load"])

    assert not result.succeeded
    assert "is not a table of this project" in result.failures()["published"]
    assert "It was not touched" in result.failures()["published"]
    assert file.read_bytes() == b"not ours"
    assert published_file(loaded, "daily_load").is_file()


@pytest.mark.deep
def test_a_place_outside_the_home_has_the_modes_of_the_users_choice(
    loaded: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove(loaded, "weekly_watts")
    outside = tmp_path / "for grafana"
    monkeypatch.setenv("STRAVA_ASSETS_UMASK", "022")
    monkeypatch.setenv("STRAVA_ASSETS_HOME", str(loaded.home))
    before = os.umask(0o077)
    try:
        assert run(loaded, ["published", "weekly_watts"], publish_url=str(outside)).succeeded
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in outside.rglob("*")}
    assert modes == {"weekly_watts": 0o755, "weekly_watts.parquet": 0o644}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


@pytest.mark.deep
def test_delta_is_one_setting_away(loaded: Chain) -> None:
    prove(loaded, "weekly_watts")
    result = run(
        loaded, ["published", "weekly_watts"], publish="delta", publish_url=str(loaded.home / "delta")
    )

    assert result.succeeded, result.failures()
    assert result.checks()["published/weekly_watts", "read_back"].passed
    assert (loaded.home / "delta" / "weekly_watts" / "_delta_log").is_dir()


def test_nothing_is_published_where_nothing_is_wanted(loaded: Chain) -> None:
    graph = loaded.definitions(publish="none").resolve_asset_graph()
    assert not any(key.path[0] == "published" for key in graph.get_all_asset_keys())


def test_raw_json_places_and_local_times_are_withheld() -> None:
    marts = catalog.load()
    by_name = {mart.name: mart for mart in marts}
    assert [mart.name for mart in marts if withheld(mart, by_name)] == []
    from dataclasses import replace

    mart = next(mart for mart in marts if mart.name == "weekly_watts")
    added = (
        Column("raw", ColumnType.JSON, "raw JSON"),
        Column("started_at_local", ColumnType.DATETIME, "on the athlete's clock"),
        Column("town", ColumnType.TEXT, "the start's place"),
    )
    private = replace(
        mart,
        columns=mart.columns + added,
        lineage=mart.lineage | {"town": (("bq_activities", "extra"),)},
    )

    assert withheld(private, by_name) == {"raw", "started_at_local", "town"}
    assert published_table(private, by_name).columns == mart.columns
