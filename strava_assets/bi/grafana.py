"""A Grafana dashboard with the charts, over the published Parquet files.

Grafana has no reader of Parquet of its own. The queries are for MotherDuck's data source, which runs DuckDB
inside Grafana: https://github.com/motherduckdb/grafana-duckdb-datasource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.bi.charts import CHARTS, Chart, Series
from strava_assets.bi.queries import chart_query
from strava_assets.bi.tables import exported_tables

if TYPE_CHECKING:
    from strava_assets.bi.tables import BiTable

Document = dict[str, Any]

PLUGIN = "motherduck-duckdb-datasource"
_INPUT = "DS_DUCKDB"
_DATA_SOURCE = {"type": PLUGIN, "uid": f"${{{_INPUT}}}"}
_WIDTH, _HEIGHT = 24, 12
_SCHEMA_VERSION = 39
_TABLE_FORMAT = 1


def dashboard(address: str) -> Document:
    """The dashboard as Grafana imports it; the import asks which data source it is for.

    Args:
        address: where the tables are published, as Grafana's server sees it.
    """
    tables = {table.name: table for table in exported_tables()}
    return {
        "__inputs": [
            {
                "name": _INPUT,
                "label": "DuckDB",
                "type": "datasource",
                "pluginId": PLUGIN,
                "pluginName": "DuckDB",
            }
        ],
        "uid": "strava-assets",
        "title": "Riding",
        "editable": True,
        "schemaVersion": _SCHEMA_VERSION,
        "time": {"from": "now-2y", "to": "now"},
        "templating": {"list": []},
        "panels": [_panel(chart, tables[chart.mart], number, address) for number, chart in enumerate(CHARTS)],
    }


def _panel(chart: Chart, table: BiTable, number: int, address: str) -> Document:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": chart.title,
        "datasource": _DATA_SOURCE,
        "gridPos": {"x": 0, "y": number * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {
            "defaults": {"custom": {"drawStyle": "line", "spanNulls": False}},
            "overrides": [_drawn(series) for series in chart.series],
        },
        "targets": [
            {
                "refId": "A",
                "datasource": _DATA_SOURCE,
                "format": _TABLE_FORMAT,
                "rawQuery": True,
                "rawSql": chart_query(chart, table, address, time_name="time"),
            }
        ],
    }


def _drawn(series: Series) -> Document:
    properties: list[Document] = [{"id": "unit", "value": {"W": "watt"}.get(series.unit, series.unit)}]
    if series.style == "bar":
        properties += [
            {"id": "custom.drawStyle", "value": "bars"},
            {"id": "custom.fillOpacity", "value": 50},
            {"id": "custom.axisPlacement", "value": "right"},
        ]
    return {"matcher": {"id": "byName", "options": series.label}, "properties": properties}
