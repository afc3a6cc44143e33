"""The catalog: what follows from the SQL files, how fast it is there, and what a wrong file is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from strava_assets.marts import Mart, load
from strava_assets.marts.analysis import MartDefinitionError, compile_marts
from strava_assets.marts.catalog import COMPILED, FOLDER, document
from strava_assets.marts.compile import compiled_files
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

NAMES = tuple(mart.name for mart in load())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of the marts in a folder of their own, to change."""
    for name in ("activity_measures.sql", "weekly_watts.sql", "daily_load.sql", COMPILED.name):
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def test_the_compiled_catalog_and_the_dictionary_are_fresh() -> None:
    stale = [path.name for path, text in compiled_files().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python -m strava_assets.marts.compile"


def test_loading_needs_no_sql_parser_and_no_engine() -> None:
    script = (
        "import sys; from strava_assets.marts import load; load();"
        "print([m for m in ('sqlglot', 'duckdb', 'pyarrow', 'pandas', 'dagster') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter and script
    assert answer.stdout.strip() == "[]"


def test_what_was_compiled_is_read_back_as_it_was(folder: Path) -> None:
    compiled = compile_marts(folder)
    (folder / COMPILED.name).write_text(json.dumps(document(compiled, folder)))
    assert load(folder) == compiled


def test_an_edited_file_counts_at_once(folder: Path) -> None:
    path = folder / "weekly_watts.sql"
    path.write_text(path.read_text().replace("  ride_days,  -- [days] days with a ride\n", ""))
    before = {mart.name: mart for mart in load()}["weekly_watts"]
    after = {mart.name: mart for mart in load(folder)}["weekly_watts"]
    assert {c.name for c in before.columns} - {c.name for c in after.columns} == {"ride_days"}
    assert before.code_version != after.code_version


def test_a_changed_view_changes_the_version_of_what_reads_it(folder: Path) -> None:
    path = folder / "activity_measures.sql"
    path.write_text(path.read_text().replace("<= 2500", "<= 2400"))
    before, after = ({mart.name: mart.code_version for mart in load(f)} for f in (FOLDER, folder))
    assert before["daily_load"] != after["daily_load"]


def test_a_mart_is_one_file_and_nothing_else(folder: Path) -> None:
    (folder / "longest.sql").write_text(
        "-- longest: The longest ride.\n-- grain: one athlete\n-- key: athlete_id\n"
        "SELECT athlete_id,  -- the athlete\n"
        "  MAX(distance_m) AS distance_m  -- [m] the most metres in one ride\n"
        "FROM activity_measures GROUP BY athlete_id\n"
    )
    mart = {mart.name: mart for mart in load(folder)}["longest"]
    assert [(c.name, c.type.name, c.unit, c.nullable) for c in mart.columns] == [
        ("athlete_id", "TEXT", "", False),
        ("distance_m", "FLOAT", "m", True),
    ]
    assert mart.lineage["distance_m"] == (("bq_activities", "distance_m"),)
    assert mart.reads == ("activity_measures",)
    assert "bq_activities" in mart.depends_on
    assert "activity_measures" not in mart.depends_on


def test_marts_come_after_what_they_read() -> None:
    placed: set[str] = set(TABLES)
    for mart in load():
        assert set(mart.reads) <= placed
        placed.add(mart.name)


def test_lineage_ends_at_columns_that_are_stored() -> None:
    stored = {table.name: {column.name for column in table.columns} for table in TABLES.values()}
    stored |= {mart.name: {column.name for column in mart.columns} for mart in load() if not mart.is_view}
    for mart in load():
        assert set(mart.lineage) == {column.name for column in mart.columns}
        for origins in mart.lineage.values():
            assert {table for table, _ in origins} <= set(mart.depends_on)
            assert [o for o in origins if o[1] not in stored[o[0]]] == []


@pytest.mark.parametrize("name", NAMES)
def test_types_are_the_engines_own(
    name: str, marts: Marts, warehouse: DuckDBWarehouse, catalog: dict[str, Mart]
) -> None:
    marts([])
    found = warehouse.query(f"SELECT * FROM ({catalog[name].sql}\n) WHERE FALSE")  # noqa: S608 - the mart's own SQL
    # A sum of integers is wider in DuckDB than BigQuery's INT64; the warehouse narrows it when it stores it.
    same = {
        "string": "TEXT",
        "large_string": "TEXT",
        "int64": "INTEGER",
        "int32": "INTEGER",
        "decimal128(38, 0)": "INTEGER",
        "double": "FLOAT",
        "bool": "BOOLEAN",
        "date32[day]": "DATE",
    }
    types = {field.name: same[str(field.type)] for field in found.schema}
    assert types == {column.name: column.type.name for column in catalog[name].columns}


@pytest.mark.parametrize("mart", load(), ids=lambda mart: mart.name)
def test_every_mart_says_what_its_columns_are(mart: Mart) -> None:
    assert len(mart.description) > 40
    assert mart.grain
    units = {
        "_s": "s",
        "_m": "m",
        "_w": "W",
        "_watts": "W",
        "_pct": "%",
        "_bpm": "bpm",
        "_kj": "kJ",
        "_j": "J",
        "_kg": {"kg", "W/kg", "J/kg"},
        "_per_s": {"m/s"},
        "_share": "0-1",
    }
    for column in mart.columns:
        assert len(column.meaning) > 3, column.name
        suffix = max((s for s in units if column.name.endswith(s)), key=len, default=None)
        if suffix and column.name != "best_week":
            assert column.unit in units[suffix], f"{mart.name}.{column.name} [{column.unit}]"


@pytest.mark.parametrize("mart", load(), ids=lambda mart: mart.name)
def test_no_mart_asks_a_clock_truncates_a_timestamp_or_approximates(mart: Mart) -> None:
    code = re.sub(r"--.*", "", mart.sql).upper()
    assert re.findall(r"CURRENT_\w+|TIMESTAMP_TRUNC|DATETIME_TRUNC|DATE_TRUNC|APPROX\w+|ISOWEEK", code) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT 1 AS x  -- one", "does not say: bad, grain, key"),
        ("-- bad: x\n-- grain: x\n-- key: x\nSELECT FROM WHERE", "cannot be read as BigQuery SQL"),
        ("-- bad: x\n-- grain: x\n-- key: x\nDROP TABLE x", "is not a query"),
        (
            "-- bad: x\n-- grain: x\n-- key: x\nSELECT x  -- x\nFROM nowhere",
            "bad reads nowhere, which is neither",
        ),
        (
            "-- bad: x\n-- grain: x\n-- key: x\nSELECT x  -- x\nFROM mart_settings",
            "names something its tables",
        ),
        (
            "-- bad: x\n-- grain: x\n-- key: x\nSELECT as_of AS x\nFROM mart_settings",
            "bad.x has no comment beside it",
        ),
        ("-- bad: x\n-- grain: x\n-- key: y\nSELECT as_of AS x  -- x\nFROM mart_settings", "no column y"),
        (
            "-- bad: x\n-- grain: x\n-- key: x\nSELECT [as_of] AS x  -- x\nFROM mart_settings",
            "type of bad.x does not",
        ),
        ("-- bad: x\n-- grain: x\n-- key: x\nSELECT x  -- x\nFROM bad", "in a circle: bad → bad"),
    ],
)
def test_a_file_that_is_no_mart_is_refused_with_the_reason(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.sql").write_text(text + "\n")
    with pytest.raises(MartDefinitionError) as refused:
        compile_marts(tmp_path)
    assert told in str(refused.value)
    assert "What to do" in str(refused.value)
