"""One number: a year's watts are the same in every tool, by weeks and by quarters; no mean of means."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.bi.data_studio_fields import fields_by_table
from strava_assets.bi.formulas import SQL, write_formula
from strava_assets.bi.powerbi import project_files
from strava_assets.bi.quicksight import QuickSightHome, quicksight_requests
from strava_assets.bi.sources import power_bi_source
from strava_assets.bi.tables import exported_tables
from strava_assets_tests.bi.conftest import YEAR
from strava_assets_tests.bi.evaluator import DATA_STUDIO, DAX, QUICKSIGHT, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.bi.evaluator import Tool

Row = dict[str, Any]
PERIODS = ("weekly_watts", "quarterly_overview")
TABLES = {table.name: table for table in exported_tables()}


def dax_measures() -> dict[str, tuple[str, str]]:
    """Table and formula of each measure of the written model, by its name."""
    measures = {}
    for path, text in project_files(power_bi_source("/data/published")).items():
        if path.endswith(".tmdl"):
            for name, formula in re.findall(r"^\tmeasure '([^']+)' = (.+)$", text, re.MULTILINE):
                measures[name] = (path.rpartition("/")[2].removesuffix(".tmdl"), formula)
    return measures


def quicksight_fields() -> dict[str, tuple[str, str]]:
    """Table and formula of each calculated field of the written dashboard, by its name."""
    definition = quicksight_requests(QuickSightHome("123456789012")).dashboard["Definition"]
    return {
        field["Name"]: (field["DataSetIdentifier"], field["Expression"])
        for field in definition["CalculatedFields"]
    }


def data_studio_fields() -> dict[str, tuple[str, str]]:
    """Table and formula of each printed field."""
    return {
        f"{name.removesuffix(' over rows')} ({table})": (table, formula)
        for table, fields in fields_by_table().items()
        for name, formula in fields
    }


def test_the_watts_of_a_year_are_one_number(
    year_rows: dict[str, list[Row]], history: list[Row], published: Path, warehouse: DuckDBWarehouse
) -> None:
    numbers = {}
    for tool, measures in (
        (DAX, dax_measures()),
        (QUICKSIGHT, quicksight_fields()),
        (DATA_STUDIO, data_studio_fields()),
    ):
        for period in PERIODS:
            table, formula = measures[f"average_watts ({period})"]
            numbers[tool.columns, period] = evaluate(formula, tool, year_rows[period], table)
    for period, date in zip(PERIODS, ("week", "quarter"), strict=True):
        [measure] = [each for each in TABLES[period].measures if each.column == "average_watts"]
        query = "SELECT {} FROM read_parquet('{}') WHERE YEAR({}) = {}"
        file = published / period / f"{period}.parquet"
        for name, formula in (
            ("sql", write_formula(measure.formula, SQL)),
            ("by hand", "1000 * SUM(work_kj) / SUM(power_s)"),
        ):
            [row] = warehouse._run(query.format(formula, file, date, YEAR)).fetchall()
            numbers[name, period] = row[0]
    rides = [
        row
        for row in history
        if row["sport_type"] == "Ride" and row["average_watts"] and row["activity_date"].year == YEAR
    ]
    watts = 1000 * sum(row["kilojoules"] for row in rides) / sum(row["moving_time_s"] for row in rides)

    assert len(numbers) == 10
    assert numbers == {key: pytest.approx(watts, rel=1e-12) for key in numbers}
    for period in PERIODS:
        means = [row["average_watts"] for row in year_rows[period] if row["average_watts"] is not None]
        assert abs(statistics.fmean(means) - watts) > 0.05


@pytest.mark.parametrize(
    ("tool", "measures", "fewest"),
    [
        pytest.param(DAX, dax_measures, 130, id="Power BI"),
        pytest.param(QUICKSIGHT, quicksight_fields, 15, id="QuickSight"),
        pytest.param(DATA_STUDIO, data_studio_fields, 20, id="Data Studio"),
    ],
)
def test_every_formula_is_what_duckdb_computes(
    tool: Tool,
    measures: Callable[[], dict[str, tuple[str, str]]],
    fewest: int,
    rows: dict[str, list[Row]],
    published: Path,
    warehouse: DuckDBWarehouse,
) -> None:
    formulas = measures()
    compared = 0
    for table in TABLES.values():
        for measure in table.measures:
            if measure.name not in formulas:
                continue
            home, formula = formulas[measure.name]
            assert home == table.name
            file = published / table.name / f"{table.name}.parquet"
            [[wanted]] = warehouse._run(
                f"SELECT {write_formula(measure.formula, SQL)} FROM read_parquet('{file}')"  # noqa: S608 - our own formula
            ).fetchall()
            value = evaluate(formula, tool, rows[table.name], table.name)
            assert value == (None if wanted is None else pytest.approx(float(wanted), rel=1e-12)), (
                measure.name
            )
            assert evaluate(formula, tool, [], table.name) is None, measure.name
            compared += 1
    assert compared >= fewest


def test_a_period_without_power_is_blank_and_not_zero() -> None:
    empty = [{"weighted_w4s": 0.0, "weighted_s": 0, "work_kj": 0.0, "power_s": 0}]
    for tool, measures in (
        (DAX, dax_measures()),
        (QUICKSIGHT, quicksight_fields()),
        (DATA_STUDIO, data_studio_fields()),
    ):
        for name in ("average_watts (weekly_watts)", "weighted_average_watts (weekly_watts)"):
            assert evaluate(measures[name][1], tool, empty, "weekly_watts") is None


def test_a_rolling_mean_shows_in_one_week_and_not_over_several(rows: dict[str, list[Row]]) -> None:
    weeks = rows["weekly_watts"][10:12]
    name = "Average watts, 4 weeks (weekly_watts)"
    for tool, measures in ((DAX, dax_measures()), (QUICKSIGHT, quicksight_fields())):
        formula = measures[name][1]
        assert evaluate(formula, tool, weeks[:1], "weekly_watts") == weeks[0]["average_watts_4w"]
        assert evaluate(formula, tool, weeks, "weekly_watts") is None


@pytest.mark.parametrize(
    "formula",
    ["AVERAGE('weekly_watts'[average_watts])", "SUM('gear_use'[power_s])", "1 +", "SUM('weekly_watts'[x]) )"],
)
def test_the_evaluator_refuses_what_it_does_not_know(formula: str) -> None:
    with pytest.raises(ValueError, match=r"unknown|goes on|should be"):
        evaluate(formula, DAX, [{"x": 1}], "weekly_watts")
