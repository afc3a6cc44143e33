"""What is handed out to BI tools: which marts, which columns, which measures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from strava_assets.bi.charts import CHARTS, chart_measure
from strava_assets.bi.formulas import DAX, QUICKSIGHT, SQL, write_formula
from strava_assets.bi.tables import exported_tables
from strava_assets.marts import load
from strava_assets.marts.publishable import WITHHELD_ORIGINS
from strava_assets.marts.ratio import RATIO, parse_ratio, total_columns
from strava_assets.schema.columns import Column, ColumnType
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from strava_assets.marts import Mart

EXPORTED = exported_tables()


def test_marts_are_handed_out_and_what_lies_before_them_is_not() -> None:
    names = {table.name for table in EXPORTED}
    assert names == {mart.name for mart in load() if mart.kind == "mart"}
    assert not names & {"activity_measures", "period_totals"}


def test_a_ratio_is_a_measure_and_never_a_column() -> None:
    for table in EXPORTED:
        ratios = {column.name for column in table.mart.columns if column.summary.startswith(RATIO)}
        assert not ratios & {column.name for column in table.columns}
        assert ratios <= {measure.column for measure in table.measures}


def test_every_measure_is_made_of_columns_that_are_handed_out() -> None:
    names = []
    for table in EXPORTED:
        columns = {column.name for column in table.columns}
        for measure in table.measures:
            assert total_columns(measure.formula) <= columns, measure.name  # type: ignore[arg-type]
            names.append(measure.name)
    assert len(names) == len({name.lower() for name in names}) > 100


def with_columns(mart: Mart, *columns: Column, origin: tuple[str, str]) -> Mart:
    """The mart with more columns, all made of one."""
    return replace(
        mart,
        columns=(*mart.columns, *columns),
        lineage=mart.lineage | {column.name: (origin,) for column in columns},
    )


def test_places_and_raw_json_are_not_handed_out() -> None:
    assert all(name in {c.name for c in TABLES[table].columns} for table, name in WITHHELD_ORIGINS)
    marts = {mart.name: mart for mart in load()}
    secret = Column("start_place", ColumnType.TEXT, "where it began")
    raw = Column("answer", ColumnType.JSON, "Strava's answer")
    clock = Column("started_at", ColumnType.DATETIME, "when it began, on the athlete's own clock")
    title = Column("title", ColumnType.TEXT, "its title")
    # `extra` reaches the mart through the intermediate table.
    marts["activity_measures"] = with_columns(
        marts["activity_measures"], secret, origin=("bq_activities", "extra")
    )
    weekly = with_columns(marts["weekly_watts"], secret, origin=("activity_measures", "start_place"))
    weekly = with_columns(weekly, raw, clock, title, origin=("bq_activities", "name"))
    marts["weekly_watts"] = weekly
    [table] = [table for table in exported_tables(marts.values()) if table.name == "weekly_watts"]
    assert {column.name for column in table.columns} & {"start_place", "answer", "started_at", "title"} == {
        "title"
    }


def test_the_date_of_the_key_leads_to_the_calendar() -> None:
    dates = {table.name: table.calendar_column for table in EXPORTED}
    assert (dates["weekly_watts"], dates["quarterly_overview"], dates["gear_use"]) == ("week", "quarter", "")


def test_the_charts_show_columns_that_there_are() -> None:
    tables = {table.name: table for table in EXPORTED}
    assert {chart.mart for chart in CHARTS} == {"weekly_watts", "quarterly_overview"}
    for chart in CHARTS:
        assert chart.date in {column.name for column in tables[chart.mart].columns}
        for series in chart.series:
            assert chart_measure(series, tables[chart.mart]).mart == chart.mart


@pytest.mark.parametrize(
    ("ratio", "dax", "quicksight", "sql"),
    [
        (
            "1000 * work_kj / power_s",
            "DIVIDE(1000 * SUM('t'[work_kj]), SUM('t'[power_s]))",
            "1000 * sum({work_kj}) / nullIf(sum({power_s}), 0)",
            "1000 * SUM(work_kj) / NULLIF(SUM(power_s), 0)",
        ),
        (
            "POWER(a / b, 0.25)",
            (
                "IF(ISBLANK(DIVIDE(SUM('t'[a]), SUM('t'[b]))), BLANK(), "
                "POWER(DIVIDE(SUM('t'[a]), SUM('t'[b])), 0.25))"
            ),
            "(sum({a}) / nullIf(sum({b}), 0)) ^ 0.25",
            "POWER(SUM(a) / NULLIF(SUM(b), 0), 0.25)",
        ),
        (
            "12345678 * a + 0.001 * b",
            "12345678 * SUM('t'[a]) + 0.001 * SUM('t'[b])",
            "12345678 * sum({a}) + 0.001 * sum({b})",
            "12345678 * SUM(a) + 0.001 * SUM(b)",
        ),
        (
            "(a - (b - c)) * 2 / (b + c) / 3600",
            "DIVIDE((SUM('t'[a]) - (SUM('t'[b]) - SUM('t'[c]))) * 2, SUM('t'[b]) + SUM('t'[c])) / 3600",
            "(sum({a}) - (sum({b}) - sum({c}))) * 2 / nullIf(sum({b}) + sum({c}), 0) / 3600",
            "(SUM(a) - (SUM(b) - SUM(c))) * 2 / NULLIF(SUM(b) + SUM(c), 0) / 3600",
        ),
    ],
)
def test_each_tool_gets_its_own_words(ratio: str, dax: str, quicksight: str, sql: str) -> None:
    expression = parse_ratio(ratio)
    assert write_formula(expression, DAX, "t") == dax
    assert write_formula(expression, QUICKSIGHT) == quicksight
    assert write_formula(expression, SQL) == sql
