"""Buckets beyond fsspec: preconditions, old versions, and DuckDB's file in one."""
