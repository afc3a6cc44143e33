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
from strava_assets.marts.catalog import COMPILED, FOLDER
from strava_assets.marts.compile import compiled_files
from strava_assets.marts.mart_file import MartDefinitionError, Preview
from strava_assets.schema.rules import MOST_WATTS
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

NAMES = tuple(mart.name for mart in load())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of the marts in a folder of their own, to change."""
    for name in ("activity_measures.sql", "period_totals.sql", "weekly_watts.sql", "daily_load.sql"):
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


@pytest.mark.deep
def test_what_was_compiled_is_read_back_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = load(folder)
    (folder / COMPILED.name).write_text(compiled_files(folder)[folder / COMPILED.name])
    with monkeypatch.context() as patch:
        patch.setattr("strava_assets.marts.analysis.compile_marts", None)
        assert load(folder) == compiled


def test_the_compiled_catalog_has_a_line_for_each_column() -> None:
    lines = (FOLDER / COMPILED.name).read_text(encoding="utf-8").splitlines()
    columns = [json.loads(line.rstrip(","))[0] for line in lines if line[0] == "["]
    assert columns == [column.name for mart in load() for column in mart.columns]
    assert len(lines) == len(columns) + 2 * len(load()) + 2


def test_an_edited_file_counts_at_once(folder: Path) -> None:
    path = folder / "weekly_watts.sql"
    path.write_text(path.read_text().replace("w.* EXCEPT (", "w.* EXCEPT (ride_days, "))
    before = {mart.name: mart for mart in load()}["weekly_watts"]
    after = {mart.name: mart for mart in load(folder)}["weekly_watts"]
    assert {c.name for c in before.columns} - {c.name for c in after.columns} == {"ride_days"}
    assert before.code_version != after.code_version


def test_a_changed_view_changes_the_version_of_what_reads_it(folder: Path) -> None:
    path = folder / "period_totals.sql"
    path.write_text(path.read_text().replace("COUNTIF(is_ride)", "COUNT(is_ride)"))
    before, after = ({mart.name: mart.code_version for mart in load(f)} for f in (FOLDER, folder))
    assert before["weekly_watts"] != after["weekly_watts"]
    assert before["daily_load"] == after["daily_load"]


@pytest.mark.deep
def test_a_column_of_the_shared_view_is_one_line_for_week_and_quarter(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.sql"):
        shutil.copy(path, tmp_path)
    view = tmp_path / "period_totals.sql"
    line = "    COUNTIF(is_ride) AS rides,"
    new = "    COUNTIF(is_ride AND is_flagged) AS flagged_rides,  -- [count] rides flagged as implausible\n"
    view.write_text(view.read_text().replace(line, new + line))

    marts = {mart.name: mart for mart in load(tmp_path)}

    for name in ("weekly_watts", "quarterly_overview"):
        [column] = [column for column in marts[name].columns if column.name == "flagged_rides"]
        documented = (column.type.name, column.unit, column.meaning)
        assert documented == ("INTEGER", "count", "rides flagged as implausible")
        assert marts[name].lineage["flagged_rides"] == (
            ("activity_measures", "is_flagged"),
            ("activity_measures", "is_ride"),
        )


def test_a_rule_is_filled_in_wherever_the_file_names_it(folder: Path) -> None:
    marts = {mart.name: mart for mart in load(folder)}
    assert f"a.average_watts <= {MOST_WATTS}" in marts["activity_measures"].sql
    assert "@" not in marts["activity_measures"].sql
    [column] = [column for column in marts["weekly_watts"].columns if column.name == "max_watts"]
    assert column.meaning == f"highest power a meter saw; above {MOST_WATTS} W it is taken for a fault"


def test_the_preview_stands_in_the_header() -> None:
    marts = {mart.name: mart for mart in load()}
    assert marts["power_curve"].preview == Preview(
        columns=("duration_s", "watts", "watts_per_kg", "activity_date", "name"),
        newest_by="duration_s",
        sparkline="watts",
        charts=("curve-watts", "curve-kg"),
        only=("period", ("all_time",)),
        table_only=("duration_s", ("5", "60", "300", "1200", "3600")),
    )


@pytest.mark.parametrize("mart", load(), ids=lambda mart: mart.name)
def test_a_preview_names_columns_of_its_mart(mart: Mart) -> None:
    preview, columns = mart.preview, {column.name for column in mart.columns}
    filters = [choice[0] for choice in (preview.only, preview.table_only) if choice]
    named = {*preview.columns, preview.newest_by, *filters, preview.sparkline or preview.newest_by}
    assert named - columns == set()


def test_a_mart_is_one_file_and_nothing_else(folder: Path) -> None:
    (folder / "longest.sql").write_text(
        "-- longest: The longest ride.\n-- grain: one athlete\n-- key: athlete_id\n"
        "SELECT athlete_id,  -- the athlete\n"
        "  MAX(distance_m) AS distance_m  -- [m] the most meters in one ride\n"
        "FROM activity_measures GROUP BY athlete_id\n"
    )
    mart = {mart.name: mart for mart in load(folder)}["longest"]
    assert [(c.name, c.type.name, c.unit, c.nullable) for c in mart.columns] == [
        ("athlete_id", "TEXT", "", False),
        ("distance_m", "FLOAT", "m", True),
    ]
    assert mart.lineage["distance_m"] == (("activity_measures", "distance_m"),)
    assert mart.reads == mart.depends_on == ("activity_measures",)


def test_a_view_is_replaced_by_what_it_reads(folder: Path) -> None:
    weekly = {mart.name: mart for mart in load(folder)}["weekly_watts"]
    assert weekly.reads == ("period_totals",)
    assert weekly.depends_on == ("activity_measures", "mart_settings")
    assert weekly.lineage["moving_time_s"] == (
        ("activity_measures", "is_ride"),
        ("activity_measures", "moving_time_s"),
    )


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


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_types_are_the_engines_own(
    name: str, marts: Marts, warehouse: DuckDBWarehouse, catalog: dict[str, Mart]
) -> None:
    marts([])
    empty_table = warehouse.query(f"SELECT * FROM ({catalog[name].sql}\n) WHERE FALSE")  # noqa: S608 - the mart's own SQL
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
    types = {field.name: same[str(field.type)] for field in empty_table.schema}
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
    ("text", "message"),
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
        ("-- bad: x\n-- grain: x\n-- key: x\n-- previw: x\nSELECT 1 AS x  -- x", "unknown field: previw"),
        ("-- bad: x\n-- grain: x\n-- key: x\n-- kind: cube\nSELECT 1 AS x  -- x", "unknown kind cube"),
        ("-- bad: x\n-- grain: x\n-- key: x\nSELECT @most_wats AS x  -- x", "the rule @most_wats"),
    ],
)
def test_a_file_that_is_no_mart_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.sql").write_text(text + "\n")
    with pytest.raises(MartDefinitionError) as refused:
        load(tmp_path)
    assert message in str(refused.value)
    assert "What to do" in str(refused.value)
