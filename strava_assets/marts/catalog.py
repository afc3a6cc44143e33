"""What a mart is, and the catalog of them all in the order they depend on each other.

The catalog reads what was compiled beforehand and asks the compiler only where a SQL file has changed since:
parsing SQL has no place in the start-up of a code location.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from strava_assets.schema.columns import Column, ColumnType
from strava_assets.schema.tables import TABLES

FOLDER = Path(__file__).parent
COMPILED = FOLDER / "compiled.json"


@dataclass(frozen=True)
class Mart:
    """One mart: a SQL file and everything that follows from it.

    Args:
        name: the table's name in the warehouse, which is the file's.
        description: what it holds and how it is used.
        grain: what one row is.
        key: the columns that together identify a row; none of them is null.
        columns: the output columns in order, with their derived types.
        sql: the query as written, in BigQuery's dialect, comments included.
        is_view: whether it is a view that other marts share.
        reads: the tables and marts the query names.
        depends_on: the stored tables and marts it needs, with views replaced by what they read.
        lineage: for each column the stored columns its value is made of; empty for a plain count.
        code_version: digest of the query and of the views it reads.
    """

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str
    is_view: bool
    reads: tuple[str, ...]
    depends_on: tuple[str, ...]
    lineage: dict[str, tuple[tuple[str, str], ...]]
    code_version: str


def load(folder: Path = FOLDER) -> tuple[Mart, ...]:
    """Every mart of the folder, each after those it reads.

    Raises:
        MartDefinitionError: a SQL file that changed since it was compiled is not a mart's definition.
    """
    compiled = folder / COMPILED.name
    if compiled.exists():
        document = json.loads(compiled.read_text(encoding="utf-8"))
        if document["digest"] == digest(folder):
            return tuple(_mart(entry, folder) for entry in document["marts"])
    from strava_assets.marts.analysis import compile_marts

    return compile_marts(folder)


def digest(folder: Path = FOLDER) -> str:
    """Digest of what the compiled catalog is made from: SQL files, sqlglot's version, the stored columns."""
    stored = {
        table.name: [(column.name, column.type.name) for column in table.columns] for table in TABLES.values()
    }
    seen = hashlib.sha256(f"{version('sqlglot')}\n{stored}".encode())
    for path in sorted(folder.glob("*.sql")):
        seen.update(f"\n{path.name}\n".encode() + path.read_bytes())
    return seen.hexdigest()


def document(marts: tuple[Mart, ...], folder: Path = FOLDER) -> dict[str, Any]:
    """The compiled catalog as JSON can hold it; `load` reads it back."""
    return {
        "digest": digest(folder),
        "marts": [
            {
                "name": mart.name,
                "description": mart.description,
                "grain": mart.grain,
                "key": mart.key,
                "is_view": mart.is_view,
                "reads": mart.reads,
                "depends_on": mart.depends_on,
                "code_version": mart.code_version,
                "columns": [
                    {
                        "name": column.name,
                        "type": column.type.name,
                        "unit": column.unit,
                        "meaning": column.meaning,
                        "lineage": [".".join(origin) for origin in mart.lineage[column.name]],
                    }
                    for column in mart.columns
                ],
            }
            for mart in marts
        ],
    }


def _mart(entry: dict[str, Any], folder: Path) -> Mart:
    key = tuple(entry["key"])
    return Mart(
        name=entry["name"],
        description=entry["description"],
        grain=entry["grain"],
        key=key,
        columns=tuple(
            Column(
                column["name"],
                ColumnType[column["type"]],
                column["meaning"],
                unit=column["unit"],
                nullable=column["name"] not in key,
            )
            for column in entry["columns"]
        ),
        sql=(folder / f"{entry['name']}.sql").read_text(encoding="utf-8"),
        is_view=entry["is_view"],
        reads=tuple(entry["reads"]),
        depends_on=tuple(entry["depends_on"]),
        lineage={
            column["name"]: tuple(
                (table, name) for table, name in (origin.split(".") for origin in column["lineage"])
            )
            for column in entry["columns"]
        },
        code_version=entry["code_version"],
    )
