"""What every engine keeps to, run on each of them alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from strava_assets.schema import Column, ColumnType
from strava_assets.warehouse import ForeignSchemaError, MergeCounts, Typed, UnfitRowsError, WarehouseError
from strava_assets.warehouse.errors import MissingTableError, UnfitNameError
from strava_assets_tests.warehouse.samples import (
    EARLY,
    LATE,
    RIDES,
    WEEKS,
    batch,
    full_ride,
    merge,
    ride,
    stored,
    table_of,
    with_column,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.warehouse import Warehouse
    from strava_assets_tests.warehouse.engines import Engine


# Tables from the registry


def test_a_missing_table_is_made_with_its_types_and_descriptions(engine: Engine) -> None:
    with engine.open() as warehouse:
        assert not warehouse.exists("rides")
        warehouse.ensure(RIDES)
        assert warehouse.exists("rides")
        assert warehouse.stored_columns("rides") == {column.name: column.type for column in RIDES.columns}
    descriptions = engine.descriptions("rides")
    assert descriptions["rides"] == "Rides, for the tests; it's theirs"
    assert descriptions["watts"] == "The rider's power [W]"
    assert descriptions["day"] == "Local day"


def test_ensuring_twice_keeps_the_rows(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1")]))
    warehouse.ensure(RIDES)
    assert len(stored(warehouse)) == 1


@pytest.mark.deep
def test_a_column_the_registry_gained_is_added_and_null_in_old_rows(engine: Engine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        grown = with_column(Column("select", ColumnType.INTEGER, "A keyword for a name"))
        warehouse.ensure(grown)
        merge(warehouse, batch([ride("2", select=5)], grown), table=grown)
        assert stored(warehouse, "ride_id, `select`") == [
            {"ride_id": "1", "select": None},
            {"ride_id": "2", "select": 5},
        ]
    assert engine.descriptions("rides")["select"] == "A keyword for a name"


def test_a_column_that_may_be_null_by_now_is_let_be_null(warehouse: Warehouse) -> None:
    strict = with_column(Column("gear", ColumnType.TEXT, "Bike", nullable=False))
    warehouse.ensure(strict)
    relaxed = with_column(Column("gear", ColumnType.TEXT, "Bike"))
    warehouse.ensure(relaxed)
    merge(warehouse, batch([ride("1")], relaxed), table=relaxed)
    assert stored(warehouse, "ride_id, gear") == [{"ride_id": "1", "gear": None}]


@pytest.mark.parametrize(
    ("ddl", "column", "actual", "wanted"),
    [
        ("CREATE TABLE rides (athlete_id INT64, ride_id STRING)", "athlete_id", "INT", "STRING|VARCHAR"),
        ("CREATE TABLE rides (name STRING)", "athlete_id", "missing", "NOT NULL"),
    ],
)
def test_a_table_of_someone_else_is_refused_and_not_touched(
    engine: Engine, ddl: str, column: str, actual: str, wanted: str
) -> None:
    engine.prepare(ddl)
    with engine.open() as warehouse:
        before = warehouse.stored_columns("rides")
        with pytest.raises(ForeignSchemaError) as refused:
            warehouse.ensure(RIDES)
        assert warehouse.stored_columns("rides") == before
    assert refused.value.column == column
    assert actual in refused.value.actual
    assert any(name in refused.value.expected for name in wanted.split("|"))
    assert warehouse.table_address("rides") in str(refused.value)


def test_a_required_column_cannot_be_added_to_rows_that_lack_it(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    with pytest.raises(ForeignSchemaError, match="gear is missing"):
        warehouse.ensure(with_column(Column("gear", ColumnType.TEXT, "Bike", nullable=False)))


def test_a_missing_table_has_no_columns(warehouse: Warehouse) -> None:
    assert warehouse.stored_columns("rides") == {}


def test_a_name_that_is_more_than_a_name_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UnfitNameError, match="cannot name"):
        warehouse.drop("rides; DROP TABLE rides")
    with pytest.raises(UnfitNameError):
        warehouse.ensure(replace(RIDES, name='ri"des'))


# Merging


@pytest.mark.deep
def test_new_rows_are_inserted_known_ones_updated_or_left(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    assert merge(warehouse, batch([ride("1"), ride("2"), ride("3", LATE)])) == MergeCounts(3, 3, 0, 0)
    counts = merge(
        warehouse,
        batch([ride("1", LATE, "h2"), ride("2", LATE)]),
        batch([ride("3", EARLY, "h2"), ride("4")]),
    )
    assert counts == MergeCounts(staged=4, inserted=1, updated=1, unchanged=2)
    assert stored(warehouse, "ride_id, hash, fetched_at") == [
        {"ride_id": "1", "hash": "h2", "fetched_at": LATE},
        {"ride_id": "2", "hash": "h1", "fetched_at": LATE},
        {"ride_id": "3", "hash": "h1", "fetched_at": LATE},
        {"ride_id": "4", "hash": "h1", "fetched_at": EARLY},
    ]


def test_of_rows_with_one_key_the_latest_is_kept_and_of_equals_the_last_that_came(
    warehouse: Warehouse,
) -> None:
    warehouse.ensure(RIDES)
    counts = merge(
        warehouse,
        batch([ride("1", LATE, "late"), ride("2", EARLY, "first")]),
        batch([ride("1", EARLY, "early"), ride("2", EARLY, "last")]),
    )
    assert counts == MergeCounts(staged=4, inserted=2, updated=0, unchanged=0)
    assert [row["hash"] for row in stored(warehouse)] == ["late", "last"]


def test_of_several_orders_the_first_decides_first(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(
        warehouse,
        batch([ride("1", EARLY, "h2"), ride("1", LATE, "h1"), ride("2", LATE, "h2"), ride("2", LATE, "h1")]),
        latest="hash = 'h2', fetched_at",
    )
    assert [row["hash"] for row in stored(warehouse)] == ["h2", "h2"]


def test_changes_are_counted_by_the_column_asked_for(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    first = merge(warehouse, batch([ride("1"), ride("2", digest="h2")]), count_by="hash")
    assert first.groups == {"h1": (1, 0), "h2": (1, 0)}
    second = merge(
        warehouse,
        batch([ride("1", LATE, "h3"), ride("2", LATE, "h2"), ride("3", LATE, "h3"), ride("3", EARLY, "h2")]),
        count_by="hash",
    )
    assert (second.staged, second.inserted, second.updated, second.unchanged) == (4, 1, 1, 1)
    assert second.groups == {"h2": (0, 0), "h3": (1, 1)}
    assert merge(warehouse, count_by="hash") == MergeCounts(0, 0, 0, 0)


@pytest.mark.deep
def test_a_row_that_never_wins_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1")]))
    assert merge(warehouse, batch([ride("1", LATE, "h2")]), wins="FALSE") == MergeCounts(1, 0, 0, 1)
    assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]


@pytest.mark.deep
def test_the_same_id_of_another_athlete_is_another_row(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1")]))
    assert merge(warehouse, batch([{**ride("1"), "athlete_id": "8"}])).inserted == 1


def test_merging_nothing_is_nothing(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    assert merge(warehouse) == MergeCounts(0, 0, 0, 0)
    assert merge(warehouse, batch([])) == MergeCounts(0, 0, 0, 0)


@pytest.mark.deep
def test_a_null_in_a_condition_does_not_win(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1", watts=None)]))
    counts = merge(warehouse, batch([ride("1", LATE, "h2", watts=200.0)]), wins="S.watts > T.watts")
    assert counts == MergeCounts(1, 0, 0, 1)


def test_every_type_comes_back_as_it_went_in(engine: Engine) -> None:
    sent = [full_ride("1"), ride("2")]
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch(sent))
    with engine.open() as again:
        got = stored(again)
    for row in (*sent, *got):
        row["extra"] = json.loads(row["extra"]) if row.get("extra") else None
    assert got == [{column.name: row.get(column.name) for column in RIDES.columns} for row in sent]


@pytest.mark.deep
def test_merging_again_after_a_merge_replaces_every_value(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([full_ride("1")]))
    merge(warehouse, batch([ride("1", LATE, "h2", seconds=5)]))
    (row,) = stored(warehouse)
    assert row["seconds"] == 5
    assert row["watts"] is row["extra"] is row["day"] is None


@pytest.mark.deep
@pytest.mark.parametrize(
    ("rows", "column", "problem"),
    [
        (
            pa.table({**{c: ["x"] for c in ("athlete_id", "ride_id")}, "mood": ["good"]}),
            "mood",
            "not declared",
        ),
        (pa.table({"athlete_id": ["7"], "fetched_at": [EARLY]}), "ride_id", "missing"),
        (table_of([ride("1"), {**ride("2"), "ride_id": None}]), "ride_id", "null in 1 of 2"),
        (table_of([ride("1")]).set_column(5, "seconds", [["fast"]]), "seconds", "string, expected int64"),
        (table_of([ride("1")]).set_column(5, "seconds", [[1.5]]), "seconds", "double, expected int64"),
        (table_of([ride("1")]).set_column(8, "began", [[EARLY]]), "began", "wall-clock"),
    ],
)
def test_rows_that_do_not_fit_are_refused_with_the_column_named(
    engine: Engine, rows: pa.Table, column: str, problem: str
) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        with pytest.raises(UnfitRowsError, match=problem) as refused:
            merge(warehouse, batch([ride("9")]), *rows.to_batches())
        assert refused.value.column == column
        assert stored(warehouse) == []
    assert engine.tables() == {"rides"}


@pytest.mark.deep
def test_a_source_that_breaks_half_way_leaves_the_table_and_no_staging(engine: Engine) -> None:
    def breaking() -> Iterator[pa.RecordBatch]:
        yield batch([ride("1", LATE, "h2"), ride("2")])
        raise ConnectionResetError("the reader died")

    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        with pytest.raises(ConnectionResetError, match="the reader died"):
            warehouse.merge(RIDES, breaking(), wins="TRUE", changed="TRUE", latest="fetched_at")
        assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]
        assert merge(warehouse, batch([ride("2")])).inserted == 1
    assert engine.tables() == {"rides"}


def test_a_merge_the_engine_refuses_leaves_the_table_and_no_staging(engine: Engine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        with pytest.raises(WarehouseError, match="no_such_column"):
            merge(warehouse, batch([ride("1", LATE, "h2")]), wins="S.no_such_column > 0")
        assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]
    assert engine.tables() == {"rides"}


# Whole tables, tables and views from queries


@pytest.mark.deep
def test_replacing_puts_new_rows_for_old_ones_and_keeps_the_descriptions(engine: Engine) -> None:
    with engine.open() as warehouse:
        assert warehouse.replace(RIDES, table_of([ride("1"), ride("2")])) == 2
        assert warehouse.replace(RIDES, table_of([full_ride("3")])) == 1
        assert [row["ride_id"] for row in stored(warehouse)] == ["3"]
        assert warehouse.replace(RIDES, table_of([])) == 0
        assert stored(warehouse) == []
    assert engine.descriptions("rides")["watts"] == "The rider's power [W]"
    assert engine.tables() == {"rides"}


def test_a_replacement_that_does_not_fit_leaves_the_old_table(engine: Engine) -> None:
    with engine.open() as warehouse:
        warehouse.replace(RIDES, table_of([ride("1")]))
        with pytest.raises(UnfitRowsError):
            warehouse.replace(RIDES, table_of([ride("2"), {**ride("3"), "fetched_at": None}]))
        assert [row["ride_id"] for row in stored(warehouse)] == ["1"]
    assert engine.tables() == {"rides"}


def test_a_table_from_a_query_has_the_declared_types_and_descriptions(engine: Engine) -> None:
    with engine.open() as warehouse:
        made = warehouse.create_table_as(
            "weekly",
            "SELECT 200 AS watts, DATE '2026-01-05' AS week, 3 AS rides"
            " UNION ALL SELECT NULL, DATE '2026-01-12', 0",
            description="The rider's weeks",
            columns=WEEKS,
        )
        assert made == 2
        assert warehouse.stored_columns("weekly") == {column.name: column.type for column in WEEKS}
        assert stored(warehouse, name="weekly") == [
            {"week": date(2026, 1, 5), "rides": 3, "watts": 200.0},
            {"week": date(2026, 1, 12), "rides": 0, "watts": None},
        ]
    descriptions = engine.descriptions("weekly")
    assert descriptions["weekly"] == "The rider's weeks"
    assert descriptions["watts"] == "Mean of the rider's power [W]"


def test_a_query_that_fails_leaves_the_table_it_would_have_replaced(engine: Engine) -> None:
    good = "SELECT DATE '2026-01-05' AS week, 3 AS rides, 1.0 AS watts"
    with engine.open() as warehouse:
        warehouse.create_table_as("weekly", good, description="", columns=WEEKS)
        bad_ones = ["SELECT week, rides, watts FROM nowhere", "SELECT week, rides FROM weekly"]
        if engine.refuses_null_where_required:
            bad_ones.append("SELECT week, CAST(NULL AS INT64) AS rides, watts FROM weekly")
        for bad in bad_ones:
            with pytest.raises(WarehouseError):
                warehouse.create_table_as("weekly", bad, description="", columns=WEEKS)
        if engine.replaces_whole_or_not_at_all:
            assert stored(warehouse, name="weekly") == [{"week": date(2026, 1, 5), "rides": 3, "watts": 1.0}]
    assert engine.tables() == {"weekly"}


@pytest.mark.deep
def test_a_view_follows_its_table_and_may_change_places_with_one(engine: Engine) -> None:
    count = "SELECT day AS week, COUNT(*) AS rides, AVG(watts) AS watts FROM rides GROUP BY day"
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        warehouse.create_view_as("weekly", count, description="The rider's weeks", columns=WEEKS)
        merge(warehouse, batch([ride("1", day=date(2026, 1, 5)), ride("2", day=date(2026, 1, 5))]))
        assert stored(warehouse, name="weekly") == [{"week": date(2026, 1, 5), "rides": 2, "watts": None}]
        assert warehouse.stored_columns("weekly")["watts"] is ColumnType.FLOAT
        assert warehouse.create_table_as("weekly", count, description="", columns=WEEKS) == 1
        warehouse.create_view_as("weekly", count, description="The rider's weeks", columns=WEEKS)
        assert warehouse.exists("weekly")
    assert engine.descriptions("weekly") == {
        "weekly": "The rider's weeks",
        "week": "First day",
        "rides": "How many [count]",
        "watts": "Mean of the rider's power [W]",
    }


def test_dropping_removes_tables_and_views_and_bears_their_absence(engine: Engine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        warehouse.create_view_as(
            "same", "SELECT athlete_id FROM rides", description="", columns=RIDES.columns[:1]
        )
        for name in ("same", "rides", "rides"):
            warehouse.drop(name)
    assert engine.tables() == set()


# Statements and their parameters


@pytest.mark.deep
@pytest.mark.parametrize(
    "value",
    [
        'it\'s; -- "text" ☃',
        "",
        2**63 - 1,
        -1,
        0.1,
        True,
        False,
        date(1969, 12, 31),
        datetime(2026, 3, 29, 2, 30, 0, 123456),  # noqa: DTZ001 -- a wall clock, on purpose
        datetime(1965, 1, 1, tzinfo=UTC),
        ["a", "b"],
        [1, 2],
    ],
    ids=repr,
)
def test_a_parameter_of_every_type_arrives_as_it_is(warehouse: Warehouse, value: Any) -> None:
    (row,) = warehouse.query("SELECT @value AS value", {"value": value}).to_pylist()
    assert row["value"] == value
    assert type(row["value"]) is type(value)


@pytest.mark.parametrize("column_type", [t for t in ColumnType if t is not ColumnType.JSON])
def test_a_null_is_a_parameter_of_its_type(warehouse: Warehouse, column_type: ColumnType) -> None:
    (row,) = warehouse.query(
        "SELECT @value IS NULL AS absent", {"value": Typed(None, column_type)}
    ).to_pylist()
    assert row["absent"] is True


def test_a_null_parameter_is_stored_as_null(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([full_ride("1")]))
    changed = warehouse.execute(
        "UPDATE rides SET day = @day WHERE TRUE", {"day": Typed(None, ColumnType.DATE)}
    )
    assert changed == 1
    assert stored(warehouse, "ride_id, day") == [{"ride_id": "1", "day": None}]


def test_a_list_selects_its_members_and_an_empty_one_none(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1"), ride("2"), ride("3")]))
    among = "SELECT ride_id FROM rides WHERE ride_id IN UNNEST(@ids) ORDER BY 1"
    assert warehouse.query(among, {"ids": ["3", "1", "x"]}).to_pylist() == [
        {"ride_id": "1"},
        {"ride_id": "3"},
    ]
    assert warehouse.query(among, {"ids": Typed([], ColumnType.TEXT)}).num_rows == 0
    rest = "SELECT COUNT(*) AS n FROM rides WHERE NOT ride_id IN UNNEST(@ids)"
    assert warehouse.query(rest, {"ids": Typed([], ColumnType.TEXT)}).to_pylist() == [{"n": 3}]


def test_a_statement_says_how_many_rows_it_changed(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    merge(warehouse, batch([ride("1"), ride("2")]))
    assert warehouse.execute("UPDATE rides SET hash = 'x' WHERE ride_id = @id", {"id": "1"}) == 1
    assert warehouse.execute("UPDATE rides SET hash = 'x' WHERE FALSE") == 0
    assert warehouse.execute("DELETE FROM rides WHERE TRUE") == 2


def test_answers_have_one_integer_one_float_and_instants_in_utc(warehouse: Warehouse) -> None:
    answer = warehouse.query(
        "SELECT SUM(n) AS total, COUNT(*) AS n, AVG(n) AS mean, 1 AS one,"
        " TIMESTAMP '2026-01-01 12:00:00+02:00' AS t,"
        " DATETIME '2026-01-01 12:00:00' AS d FROM (SELECT 1 AS n UNION ALL SELECT 2)"
    )
    assert [str(kind) for kind in answer.schema.types] == [
        "int64",
        "int64",
        "double",
        "int64",
        "timestamp[us, tz=UTC]",
        "timestamp[us]",
    ]
    assert answer.to_pylist()[0]["t"] == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_a_long_answer_comes_in_batches_while_other_statements_run(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    days = [ride(str(n), day=date(2000, 1, 1) + timedelta(days=n)) for n in range(5_000)]
    merge(warehouse, batch(days))
    seen = set()
    batches = 0
    for piece in warehouse.query_batches(
        "SELECT ride_id FROM rides WHERE hash = @h", {"h": "h1"}, batch_rows=2_048
    ):
        warehouse.query("SELECT 1 AS x")
        seen.update(piece.column("ride_id").to_pylist())
        batches += 1
    assert len(seen) == 5_000
    assert batches > 1


def test_a_refused_statement_says_what_was_wrong_with_it(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    with pytest.raises(WarehouseError, match="no_such_table"):
        warehouse.query("SELECT * FROM no_such_table")
    with pytest.raises(WarehouseError, match="not one SQL statement"):
        warehouse.query("SELECT FROM WHERE (")


def test_what_was_run_is_reported_once(warehouse: Warehouse) -> None:
    warehouse.ensure(RIDES)
    warehouse.take_reports()
    merge(warehouse, batch([ride("1"), ride("2")]))
    warehouse.query("SELECT ride_id FROM rides")
    reports = warehouse.take_reports()
    assert [report.rows for report in reports if report.kind in ("MERGE", "INSERT")] == [2]
    assert (reports[-1].kind, reports[-1].rows) == ("SELECT", 2)
    assert all(report.seconds >= 0 for report in reports)
    assert warehouse.take_reports() == []


def test_closing_twice_is_closing_once(engine: Engine) -> None:
    warehouse = engine.open()
    warehouse.close()
    warehouse.close()


@pytest.mark.parametrize(
    ("table", "asset"), [("weekly_watts", "weekly_watts"), ("loaded_batches", "bq_activities")]
)
def test_a_table_that_is_not_there_yet_is_told_with_the_asset_that_makes_it(
    warehouse: Warehouse, table: str, asset: str
) -> None:
    warehouse.ensure(RIDES)
    for ask in (
        lambda: warehouse.query(f"SELECT COUNT(*) AS n FROM {table}"),  # noqa: S608 - our own names
        lambda: warehouse.execute(f"DELETE FROM {table} WHERE TRUE"),  # noqa: S608 - the same
        lambda: list(warehouse.query_batches(f"SELECT * FROM {table}")),  # noqa: S608 - the same
    ):
        with pytest.raises(MissingTableError) as failure:
            ask()
        assert failure.value.table == table
        assert f"Materialize {asset} first" in failure.value.remedy
