"""The charts as SQL over the published Parquet files, for tools with DuckDB: Grafana, Metabase, Evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.bi.charts import Chart, chart_measure
from strava_assets.bi.formulas import SQL, write_formula

if TYPE_CHECKING:
    from strava_assets.bi.tables import BiTable


def parquet_file(address: str, mart: str) -> str:
    """The published Parquet file of a mart."""
    return f"{address.rstrip('/')}/{mart}/{mart}.parquet"


def chart_query(chart: Chart, table: BiTable, address: str, time_name: str = "") -> str:
    """One row a date, with a column for each series.

    Args:
        chart: the chart.
        table: the mart it is drawn from.
        address: where the tables are published.
        time_name: what the date is called as a timestamp, for tools that want one; a date of its own name
            unless given.
    """
    file = parquet_file(address, chart.mart).replace("'", "''")
    date = f"CAST({chart.date} AS TIMESTAMP) AS {time_name}" if time_name else chart.date
    series = [
        f'{write_formula(chart_measure(each, table).formula, SQL)} AS "{each.label}"' for each in chart.series
    ]
    columns = ",\n  ".join([date, *series])
    return f"SELECT\n  {columns}\nFROM read_parquet('{file}')\nGROUP BY {chart.date}\nORDER BY {chart.date}"
