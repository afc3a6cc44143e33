"""Where the tables live: DuckDB and BigQuery behind one small interface. No Dagster, no table's columns.

Importing this package is cheap; the engines' own modules bring their clients along and are imported where one
is opened.
"""

from strava_assets.warehouse.engine import JobReport, MergeCounts, SplitBy, Typed, Warehouse
from strava_assets.warehouse.errors import ForeignSchemaError, UnfitRowsError, WarehouseError

__all__ = [
    "ForeignSchemaError",
    "JobReport",
    "MergeCounts",
    "SplitBy",
    "Typed",
    "UnfitRowsError",
    "Warehouse",
    "WarehouseError",
]
