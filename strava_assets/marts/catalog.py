"""What a mart is, and the catalog of all marts in the order in which they depend on each other.

The catalog reads what was compiled beforehand and asks `analysis` only where a SQL file has changed since:
parsing SQL has no place in the start-up of a code location.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets.marts.mart_file import MartFile, read_mart_file
from strava_assets.schema.columns import Column, ColumnType
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = Path(__file__).parent
COMPILED = FOLDER / "compiled.json"

Origins = tuple[tuple[str, str], ...]
"""Columns of stored tables, each as its table's name and its own."""


@dataclass(frozen=True)
class Mart(MartFile):
    """One mart: a SQL file and everything that follows from it.

    Args:
        columns: the output columns in order, with their derived types.
        reads: the tables and marts the query names.
        depends_on: the stored tables and marts it needs, with views replaced by what they read.
        lineage: for each column the stored columns its value is made of; empty for a plain count.
        code_version: digest of the query and of the views it reads.
    """

    columns: tuple[Column, ...]
    reads: tuple[str, ...]
    depends_on: tuple[str, ...]
    lineage: dict[str, Origins]
    code_version: str


def make_mart(
    file: MartFile,
    *,
    columns: tuple[Column, ...],
    reads: tuple[str, ...],
    lineage: dict[str, Origins],
    marts: Mapping[str, Mart],
) -> Mart:
    """A mart of its file and of what was found out about its query; `marts` are those that it reads."""
    views = [marts[name] for name in reads if name in marts and marts[name].is_view]
    behind_views = {name for view in views for name in view.depends_on}
    return Mart(
        **vars(file),
        columns=columns,
        reads=reads,
        depends_on=tuple(sorted({*reads, *behind_views} - {view.name for view in views})),
        lineage=lineage,
        code_version=hashlib.sha256(
            "\n".join([file.sql, *(view.code_version for view in views)]).encode()
        ).hexdigest()[:16],
    )


def load(folder: Path = FOLDER) -> tuple[Mart, ...]:
    """Every mart of the folder, each after those it reads.

    Raises:
        MartDefinitionError: a SQL file that changed since it was compiled is not a mart's definition.
    """
    files = {path.stem: read_mart_file(path) for path in sorted(folder.glob("*.sql"))}
    compiled = folder / COMPILED.name
    if compiled.exists():
        document = json.loads(compiled.read_text(encoding="utf-8"))
        if document["digest"] == digest(files.values()):
            marts: dict[str, Mart] = {}
            for name, entry in document["marts"].items():
                marts[name] = _from_entry(files[name], entry, marts)
            return tuple(marts.values())
    from strava_assets.marts.analysis import compile_marts

    return compile_marts(files)


def digest(files: Iterable[MartFile]) -> str:
    """Digest of what the catalog is compiled from: the marts' SQL, sqlglot's version, the stored columns."""
    stored = {
        table.name: [(column.name, column.type.name) for column in table.columns] for table in TABLES.values()
    }
    seen = hashlib.sha256(f"{version('sqlglot')}\n{stored}".encode())
    for file in files:
        seen.update(f"\n{file.name}\n{file.sql}".encode())
    return seen.hexdigest()


def to_json(marts: tuple[Mart, ...], of: str) -> str:
    """The compiled catalog, a line a column; `load` reads it back.

    Args:
        marts: the catalog.
        of: the digest of what it is made from.
    """
    entries = []
    for mart in marts:
        columns = [
            [
                column.name,
                column.type.name,
                column.unit,
                column.meaning,
                column.summary,
                *(".".join(origin) for origin in mart.lineage[column.name]),
            ]
            for column in mart.columns
        ]
        lines = ",\n".join(json.dumps(column, ensure_ascii=False) for column in columns)
        entries.append(f'"{mart.name}": {{"reads": {json.dumps(mart.reads)}, "columns": [\n{lines}\n]}}')
    together = ",\n".join(entries)
    return f'{{"digest": "{of}", "marts": {{\n{together}\n}}}}\n'


def _from_entry(file: MartFile, entry: dict[str, Any], marts: Mapping[str, Mart]) -> Mart:
    return make_mart(
        file,
        columns=tuple(
            Column(
                name,
                ColumnType[column_type],
                meaning,
                unit=unit,
                nullable=name not in file.key,
                summary=summary,
            )
            for name, column_type, unit, meaning, summary, *_ in entry["columns"]
        ),
        reads=tuple(entry["reads"]),
        lineage={
            name: tuple((table, column) for table, column in (origin.split(".") for origin in origins))
            for name, _, _, _, _, *origins in entry["columns"]
        },
        marts=marts,
    )
