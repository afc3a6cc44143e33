"""Starts local-bigquery without the internet; the tests run it in an environment of its own (Python 3.13).

The emulator's DuckDB extensions come as packages here instead of being downloaded, and the time zone is set
once they are loaded, which is the order an offline DuckDB needs. And PARSE_JSON's second argument goes by its
name, as in BigQuery: the emulator forgets to say so inside a MERGE.
"""
# The emulator's packages are in its own environment, where mypy does not look.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extensions
from local_bigquery.cli import main
from local_bigquery.engine import database as emulator

EXTENSIONS = ("ducklake", "spatial")

_connect = duckdb.connect


def connect(
    database: str = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """duckdb.connect, with the extensions from their packages."""
    # Its catalog is read for every statement; among threads that takes twice as long.
    settings = {"threads": 1} | dict(config or {})
    time_zone = settings.pop("TimeZone", None)
    connection = _connect(database, read_only=read_only, config=settings)
    for extension in EXTENSIONS:
        connection.execute(f"LOAD {extension}")
    if time_zone:
        connection.execute("SET TimeZone = $zone", {"zone": time_zone})
    return connection


def with_named_argument(functions: Path, folder: Path) -> Path:
    """A copy of the emulator's JSON functions in which the argument has its name."""
    text = functions.read_text()
    named = text.replace(
        "(s, mode) AS CASE lower(mode)", "(s, wide_number_mode) AS CASE lower(wide_number_mode)"
    )
    named = named.replace(
        "'Invalid wide_number_mode: ' || mode", "'Invalid wide_number_mode: ' || wide_number_mode"
    )
    copy = folder / functions.name
    copy.write_text(named)
    return copy


if __name__ == "__main__":
    for extension in EXTENSIONS:
        duckdb_extensions.import_extension(extension)
    vars(duckdb)["connect"] = connect
    with tempfile.TemporaryDirectory() as own:
        emulator.FUNCTIONS = [
            with_named_argument(path, Path(own)) if path.name == "json.sql" else path
            for path in emulator.FUNCTIONS
        ]
        main()
