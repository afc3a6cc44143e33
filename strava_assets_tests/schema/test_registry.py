"""The registry is sound: what engines, documents and checks are made from cannot contradict itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strava_assets.schema import Column, ColumnType, Table
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.tables import TABLES

RECORDED = Path(__file__).parents[3] / "shared" / "fixtures" / "recorded" / "athlete_activities.json"
# The end of a name says the unit, and the other way round.
UNIT_OF_ENDING = {
    "_s": "s",
    "_m": "m",
    "_m_per_s": "m/s",
    "_bpm": "bpm",
    "_rpm": "rpm",
    "_c": "°C",
    "_kg": "kg",
    "_w": "W",
    "_count": "count",
    "watts": "W",
    "kilojoules": "kJ",
}

A_KEY = Column("k", ColumnType.TEXT, "the key", nullable=False)


def columns() -> list[tuple[str, Column]]:
    return [(table.name, column) for table in TABLES.values() for column in table.columns]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_says_what_it_holds(table: Table) -> None:
    assert table.description
    assert table.grain
    assert table.key


@pytest.mark.parametrize(("table", "column"), columns(), ids=lambda part: getattr(part, "name", part))
def test_every_column_says_what_it_means_in_one_line(table: str, column: Column) -> None:
    assert column.meaning, table
    assert "\n" not in column.meaning
    assert not column.meaning.endswith(".")


def test_names_and_units_agree() -> None:
    for table, column in columns():
        if column.type not in (ColumnType.INTEGER, ColumnType.FLOAT):
            assert not column.unit, (table, column.name)
            continue
        endings = [ending for ending in UNIT_OF_ENDING if column.name.endswith(ending)]
        if endings:
            assert column.unit == UNIT_OF_ENDING[max(endings, key=len)], (table, column.name)


@pytest.mark.skipif(not RECORDED.is_file(), reason="the shared fixtures are not here")
def test_every_field_the_registry_reads_is_one_that_strava_sends() -> None:
    seen: set[str] = set()
    for record in json.loads(RECORDED.read_text())["body"]:
        seen |= set(record) | {f"{k}.{n}" for k, v in record.items() if isinstance(v, dict) for n in v}
    # The recording is of runs and has no power.
    absent_in_runs = {"device_watts", "average_watts", "weighted_average_watts", "max_watts", "kilojoules"}
    of_the_export = {"gear_name"}
    assert {c.source for c in ACTIVITIES.columns if c.source} - seen <= absent_in_runs | of_the_export


def test_every_athlete_s_table_begins_its_key_with_the_athlete() -> None:
    # A batch's name is unique over all athletes, and whose it is may be unknown.
    tables = [table for table in TABLES.values() if table.name != "loaded_batches"]
    for table in tables:
        assert "athlete_id" not in {c.name for c in table.columns} or table.key[0] == "athlete_id", table.name


def test_a_doubled_column_is_refused() -> None:
    with pytest.raises(ValueError, match="declares \\['k'\\] twice"):
        Table("t", "d", "g", ("k",), (A_KEY, A_KEY))


def test_a_nullable_key_is_refused() -> None:
    with pytest.raises(ValueError, match="may not be nullable"):
        Table("t", "d", "g", ("k",), (Column("k", ColumnType.TEXT, "m"),))


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(KeyError, match="no column 'other'"):
        Table("t", "d", "g", ("other",), (A_KEY,))


def test_storage_is_split_by_dates_alone() -> None:
    with pytest.raises(ValueError, match="must be a date"):
        Table("t", "d", "g", ("k",), (A_KEY,), partition_by="k")


def test_every_activity_has_its_ids_times_and_origin() -> None:
    assert [column.name for column in ACTIVITIES.columns if not column.nullable] == [
        *("athlete_id", "activity_id", "start_date", "start_date_local", "activity_date"),
        *("week", "quarter", "year", "source", "fetched_at", "batch_id", "content_hash"),
    ]
