"""The same history on DuckDB, through BigQuery's protocol and by Google's own SQL: the same tables."""
