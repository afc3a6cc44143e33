"""The marks `{sum}` and `{ratio: …}`: what they may say, and that every mart's own numbers agree."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.bi.formulas import SQL, write_formula
from strava_assets.marts import Mart, load
from strava_assets.marts.catalog import FOLDER
from strava_assets.marts.mart_file import MartDefinitionError
from strava_assets.marts.ratio import (
    RATIO,
    SUM,
    Number,
    Operation,
    Power,
    Total,
    check_summaries,
    parse_ratio,
    summary_expression,
    total_columns,
)
from strava_assets.warehouse.statements import for_duckdb
from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays
from strava_assets_tests.marts.seconds import random_seconds, random_zones

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.schema.columns import Column
    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
MARTS = {mart.name: mart for mart in load()}
RATIOS = [
    (mart, column) for mart in MARTS.values() for column in mart.columns if column.summary.startswith(RATIO)
]


def test_an_expression_is_sums_numbers_and_operators() -> None:
    assert parse_ratio("1000 * work_kj / power_s") == Operation(
        "/", Operation("*", Number(1000), Total("work_kj")), Total("power_s")
    )
    assert parse_ratio("POWER(a / (b + c), 0.25)") == Power(
        Operation("/", Total("a"), Operation("+", Total("b"), Total("c"))), 0.25
    )
    assert total_columns(parse_ratio("POWER(a / (b + 2 * c), 0.25)")) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "a /", "a ** 2", "-a / b", "a // b", "a % b", "'x'", "True", "a.b", "a[0]", "a if b else c"),
        *("SQRT(a)", "POWER(a, b)", "POWER(a)", "POWER(a, 2, 3)", "POWER(a, True)", "POWER(base=a)", "a < b"),
        *("a; b", "__import__('os')", "lambda: a", "(a, b)"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expression|meaning"):
        parse_ratio(text)


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ("ratio: 1000 * work_kj / energy_s", "energy_s is not a column of this mart that is marked {sum}"),
        ("ratio: work_kj / days_since_used", "days_since_used is not a column of this mart"),
        ("ratio: average_watts / power_s", "average_watts is not a column of this mart"),
        ("ratio: SQRT(work_kj)", "`SQRT(work_kj)` has no meaning in a ratio"),
        ("ratio: 200", "it names no column"),
        ("mean", "it is neither `sum` nor `ratio: …`"),
    ],
)
def test_a_wrong_mark_is_refused_with_its_place(mark: str, complaint: str) -> None:
    [column] = [column for column in MARTS["gear_use"].columns if column.name == "average_watts"]
    others = [other for other in MARTS["gear_use"].columns if other is not column]
    with pytest.raises(MartDefinitionError) as refused:
        check_summaries("gear_use", [*others, replace(column, summary=mark)])
    assert "gear_use.average_watts" in str(refused.value)
    assert complaint in str(refused.value)


def test_a_file_with_a_wrong_mark_is_refused(tmp_path: Path) -> None:
    for name in ("activity_measures.sql", "gear_use.sql"):
        shutil.copy(FOLDER / name, tmp_path)
    path = tmp_path / "gear_use.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("-- the athlete\n", "-- the athlete {sum}\n"), encoding="utf-8")
    with pytest.raises(MartDefinitionError, match="a STRING cannot be summarized"):
        load(tmp_path)


def test_a_view_hands_its_marks_on() -> None:
    for name in ("period_totals", "weekly_watts", "quarterly_overview"):
        [column] = [column for column in MARTS[name].columns if column.name == "average_watts"]
        assert column.summary == "ratio: 1000 * work_kj / power_s"
        assert "{" not in column.meaning


def test_what_rolls_or_is_a_best_has_no_mark() -> None:
    weekly = {column.name: column.summary for column in MARTS["weekly_watts"].columns}
    assert {weekly[name] for name in ("average_watts_4w", "max_watts", "iso_year", "days_elapsed")} == {""}
    # Each row of it is a week or a quarter, so that a sum over rows counts every activity twice.
    assert {column.summary for column in MARTS["intensity_distribution"].columns} == {""}


def unequal(warehouse: DuckDBWarehouse, mart: Mart, column: Column, ratio: str = "") -> int:
    """How many rows have another value than the ratio gives for that row alone."""
    expression = parse_ratio(ratio) if ratio else summary_expression(column)
    assert expression is not None
    formula = write_formula(expression, SQL)
    [[count]] = warehouse._run(
        f"SELECT COUNT(*) FROM (SELECT {formula} AS ratio, ANY_VALUE({column.name}) AS value"  # noqa: S608 - names of the catalog
        f" FROM ({for_duckdb(mart.sql)}) GROUP BY {', '.join(mart.key)})"
        " WHERE ratio IS DISTINCT FROM value AND NOT COALESCE(ABS(ratio - value) <= 1e-9 * ABS(value), FALSE)"
    ).fetchall()
    return int(count)


@some(max_examples=examples(2))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_in_every_row_the_ratio_is_the_column(
    marts: Marts, warehouse: DuckDBWarehouse, data: st.DataObject, seed: int
) -> None:
    history = data.draw(histories())
    power, bests = random_seconds(seed, history)
    zones = random_zones(seed, history)
    profile = data.draw(figures())
    marts(history, as_of=todays(history, seed), figures=profile, power=power, bests=bests, zones=zones)
    assert [f"{mart.name}.{column.name}" for mart, column in RATIOS if unequal(warehouse, mart, column)] == []


def test_a_ratio_of_other_sums_is_noticed(marts: Marts, warehouse: DuckDBWarehouse) -> None:
    without = activity(MONDAY, "2", average_watts=None, weighted_average_watts=None)
    marts([activity(MONDAY, "1"), without], as_of=MONDAY)
    mart = MARTS["weekly_watts"]
    [column] = [column for column in mart.columns if column.name == "average_watts"]
    assert unequal(warehouse, mart, column) == 0
    assert unequal(warehouse, mart, column, "1000 * work_kj / moving_time_s") == 1


@pytest.mark.deep
@some(max_examples=examples(4))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_all_weeks_add_up_to_what_all_quarters_do(marts: Marts, data: st.DataObject, seed: int) -> None:
    history = data.draw(histories())
    power, bests = random_seconds(seed, history)
    weeks, quarters = marts(
        history, "weekly_watts", "quarterly_overview", as_of=todays(history, seed), power=power, bests=bests
    )
    summed = [
        column.name
        for column in MARTS["weekly_watts"].columns
        if column.summary == SUM
        and column.name in {other.name for other in MARTS["quarterly_overview"].columns}
    ]
    assert len(summed) > 20
    for name in summed:
        by_week, by_quarter = (math.fsum(row[name] or 0 for row in rows) for rows in (weeks, quarters))
        assert by_week == pytest.approx(by_quarter, rel=1e-9), name
