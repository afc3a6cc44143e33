"""SQL over published files: Grafana's queries and those of the documentation, run by DuckDB."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from strava_assets.bi.charts import CHARTS
from strava_assets.bi.data_studio_fields import fields_by_table
from strava_assets.bi.formulas import DAX, QUICKSIGHT, write_formula
from strava_assets.bi.grafana import PLUGIN, dashboard
from strava_assets.bi.tables import exported_tables
from strava_assets_tests.bi.conftest import YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "business-intelligence.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

Row = dict[str, Any]


@pytest.fixture
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own that finds `published/…` as a user's would."""
    with duckdb.connect() as opened:
        opened.execute(f"SET file_search_path = '{published.parent}'")
        yield opened


def run(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    result = connection.execute(query)
    names = [name for name, *_ in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def test_the_page_has_its_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_every_query_of_the_page_has_rows_and_values(
    query: str, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = run(connection, query)
    assert rows
    for name in rows[0]:
        assert any(row[name] is not None for row in rows), name


def test_the_pages_years_have_the_watts_of_their_quarters(
    connection: duckdb.DuckDBPyConnection, year_rows: dict[str, list[Row]]
) -> None:
    [query] = [query for query in QUERIES if "GROUP BY year" in query]
    [row] = [row for row in run(connection, query) if row["year"] == YEAR]
    quarters = year_rows["quarterly_overview"]
    watts = 1000 * sum(q["work_kj"] for q in quarters) / sum(q["power_s"] for q in quarters)
    assert row["average_watts"] == pytest.approx(watts, rel=1e-12)


def test_grafanas_panels_are_the_charts(published: Path, rows: dict[str, list[Row]]) -> None:
    document = dashboard(str(published))
    assert document["__inputs"][0]["pluginId"] == PLUGIN
    assert [panel["title"] for panel in document["panels"]] == [chart.title for chart in CHARTS]
    with duckdb.connect() as connection:
        for panel, chart in zip(document["panels"], CHARTS, strict=True):
            [target] = panel["targets"]
            assert target["datasource"]["type"] == PLUGIN
            drawn = run(connection, target["rawSql"])
            assert list(drawn[0]) == ["time", *(series.label for series in chart.series)]
            of_mart = rows[chart.mart]
            assert [row["time"] for row in drawn] == [
                datetime.combine(row[chart.date], datetime.min.time()) for row in of_mart
            ]
            for series in chart.series:
                assert [row[series.label] for row in drawn] == [
                    None if row[series.column] is None else pytest.approx(row[series.column] / series.divisor)
                    for row in of_mart
                ]


def test_an_address_with_a_quote_stays_inside_its_string() -> None:
    queries = [panel["targets"][0]["rawSql"] for panel in dashboard("/data/o'neil")["panels"]]
    assert all("read_parquet('/data/o''neil/" in query for query in queries)


def test_the_page_shows_the_formulas_as_they_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    [table] = [table for table in exported_tables() if table.name == "weekly_watts"]
    [measure] = [measure for measure in table.measures if measure.column == "average_watts"]
    for notation in (DAX, QUICKSIGHT):
        assert f"`{write_formula(measure.formula, notation, table.name)}`" in text
    [formula] = [formula for name, formula in fields_by_table()["weekly_watts"] if "average_watts " in name][
        :1
    ]
    assert f"`{formula}`" in text
