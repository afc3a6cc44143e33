"""The column registry: every stored table's columns with type, unit, nullability, meaning and origin.

DuckDB's DDL, BigQuery's schema, Dagster's column schema, the schema check and the data dictionary are all
made from what stands here; nothing else declares a column.
"""

from strava_assets.schema.columns import Column, ColumnType, Table

__all__ = ["Column", "ColumnType", "Table"]
