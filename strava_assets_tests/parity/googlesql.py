"""Asks Google's own SQL analyzer whether BigQuery would accept a statement, and what its result is.

It is not one of the project's engines: functions are defined by Google and not by sqlglot.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.schema import ColumnType
from strava_assets.warehouse.arrow import ARROW_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.schema import Column

PROGRAM = Path(__file__).parent / "googlesql_program.py"
PYTHON = Path(__file__).parents[2] / ".tools" / "googlesql" / "bin" / "python"
_EPOCH = date(1970, 1, 1)
_ARROW = {column_type.bigquery: ARROW_TYPES[column_type] for column_type in ColumnType}


def why_missing() -> str:
    """Why it cannot be asked; empty if it can."""
    return "" if PYTHON.exists() else "Google's SQL analyzer is not installed: make tools"


@dataclass(frozen=True)
class TableOf:
    """A table to ask about: its columns with BigQuery's types, and its rows where answers are wanted."""

    columns: dict[str, str]
    rows: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Statement:
    """One statement.

    Args:
        sql: its text.
        params: the types of its parameters by name.
        evaluated: whether its answer is wanted, and not only whether it is one.
        kept_as: the name under which those that follow find its answer.
    """

    sql: str
    params: dict[str, str] = field(default_factory=dict)
    evaluated: bool = False
    kept_as: str = ""


def table_of(columns: Sequence[Column], rows: Sequence[dict[str, Any]] = ()) -> TableOf:
    """A table by the registry's columns."""
    return TableOf(
        {column.name: column.type.bigquery for column in columns},
        [[_as_json(row.get(column.name)) for column in columns] for row in rows],
    )


def ask(tables: dict[str, TableOf], statements: Sequence[Statement]) -> list[dict[str, Any]]:
    """An answer a statement: `{"error": …}`, or `columns` and `rows` where they were wanted."""
    request = {
        "tables": {name: asdict(table) for name, table in tables.items()},
        "statements": [asdict(statement) for statement in statements],
    }
    done = subprocess.run(  # noqa: S603 -- the tests' own program
        [str(PYTHON), str(PROGRAM)], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def as_arrow(answer: dict[str, Any], key: Sequence[str]) -> pa.Table:
    """An answer as an engine of ours would give it, in the order of a key."""
    schema = pa.schema([pa.field(name, _ARROW[type_name]) for name, type_name in answer["columns"].items()])
    rows = [
        {
            field.name: _EPOCH + timedelta(days=value)
            if value is not None and field.type == pa.date32()
            else value
            for field, value in zip(schema, row, strict=True)
        }
        for row in answer["rows"]
    ]
    rows.sort(key=lambda row: [row[name] for name in key])
    return pa.Table.from_pylist(rows, schema=schema)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return (value - _EPOCH).days
    return value
