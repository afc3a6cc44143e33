"""From a mart's SQL file to what the catalog says of it: columns, types, units, dependencies, lineage.

Nothing is declared twice: the comments beside the columns are the documentation, the query is the lineage.
`python -m strava_assets.marts.compile` writes the result down.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope, traverse_scope

from strava_assets.errors import StravaAssetsError
from strava_assets.marts.catalog import Mart
from strava_assets.schema.columns import Column, ColumnType
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEADER = re.compile(r"^-- (?P<field>\w+): (?P<value>.+(?:\n--   .+)*)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?:\[(?P<unit>[^\]]+)\]\s*)?(?P<meaning>\S.*?)\s*$", re.DOTALL)
_TYPES = {
    exp.DataType.Type.TEXT: ColumnType.TEXT,
    exp.DataType.Type.VARCHAR: ColumnType.TEXT,
    exp.DataType.Type.INT: ColumnType.INTEGER,
    exp.DataType.Type.BIGINT: ColumnType.INTEGER,
    exp.DataType.Type.DOUBLE: ColumnType.FLOAT,
    exp.DataType.Type.BOOLEAN: ColumnType.BOOLEAN,
    exp.DataType.Type.DATE: ColumnType.DATE,
    exp.DataType.Type.DATETIME: ColumnType.DATETIME,
    exp.DataType.Type.TIMESTAMP: ColumnType.DATETIME,
    exp.DataType.Type.TIMESTAMPTZ: ColumnType.TIMESTAMP,
    exp.DataType.Type.JSON: ColumnType.JSON,
}

Origins = tuple[tuple[str, str], ...]


class MartDefinitionError(StravaAssetsError):
    """A SQL file in the marts' folder is not a mart's definition."""


@dataclass(frozen=True)
class _Source:
    """A SQL file, read but not yet understood: its header's fields and its parsed query."""

    name: str
    sql: str
    header: Mapping[str, str]
    query: exp.Query
    reads: tuple[str, ...]


def compile_marts(folder: Path) -> tuple[Mart, ...]:
    """Every mart of a folder, each after those it reads.

    Raises:
        MartDefinitionError: a file says too little of itself, reads a table there is none of, or is no SQL.
    """
    sources = {path.stem: _read(path) for path in sorted(folder.glob("*.sql"))}
    marts: dict[str, Mart] = {}
    for name in _in_order(sources):
        marts[name] = _compile(sources[name], marts)
    return tuple(marts.values())


def _read(path: Path) -> _Source:
    sql = path.read_text(encoding="utf-8")
    head = sql[: len(sql) - len(re.sub(r"\A(?:--.*\n)+", "", sql))]
    header = {match["field"]: re.sub(r"\n--  ", "", match["value"]) for match in _HEADER.finditer(head)}
    missing = [field for field in (path.stem, "grain", "key") if field not in header]
    if missing:
        raise MartDefinitionError(
            f"{path.name} does not say: {', '.join(missing)}.",
            means="Without it nobody knows what a row of the mart is.",
            remedy=f"Open it with `-- {path.stem}: what it holds`, `-- grain: …` and `-- key: column, …`.",
        )
    try:
        query = parse_one(sql, read="bigquery")
    except SqlglotError as error:
        raise MartDefinitionError(
            f"{path.name} cannot be read as BigQuery SQL: {error}",
            means="The mart cannot be built on any engine.",
            remedy="Correct the query; paste it into the BigQuery console to have it checked.",
        ) from error
    if not isinstance(query, exp.Query):
        raise MartDefinitionError(
            f"{path.name} is not a query.", remedy="A mart is one SELECT, with its CTEs before it."
        )
    tables = {
        source.name
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    return _Source(path.stem, sql, header, query, tuple(sorted(tables)))


def _in_order(sources: Mapping[str, _Source]) -> list[str]:
    ordered: list[str] = []

    def place(name: str, asked_by: tuple[str, ...]) -> None:
        if name in asked_by:
            raise MartDefinitionError(
                f"These marts read each other in a circle: {' → '.join((*asked_by, name))}.",
                remedy="Move what they share into a view that reads neither.",
            )
        if name in ordered or name in TABLES:
            return
        if name not in sources:
            raise MartDefinitionError(
                f"{asked_by[-1]} reads {name}, which is neither a stored table nor a mart.",
                remedy=f"Possible are: {', '.join(sorted({*TABLES, *sources}))}.",
            )
        for read in sources[name].reads:
            place(read, (*asked_by, name))
        ordered.append(name)

    for name in sources:
        place(name, ())
    return ordered


def _compile(source: _Source, known: Mapping[str, Mart]) -> Mart:
    schema: dict[str, object] = {table.name: _columns_by_type(table.columns) for table in TABLES.values()}
    schema |= {mart.name: _columns_by_type(mart.columns) for mart in known.values()}
    key = tuple(name.strip() for name in source.header["key"].split(","))
    try:
        qualified = qualify(source.query.copy(), schema=schema, dialect="bigquery", quote_identifiers=False)
        typed = annotate_types(qualified, schema=schema, dialect="bigquery")
    except SqlglotError as error:
        raise MartDefinitionError(
            f"{source.name}.sql names something its tables do not have: {error}",
            remedy="Correct the column; docs/data-dictionary.md lists every table's.",
        ) from error
    columns = tuple(
        _column(source.name, written, derived, key)
        for written, derived in zip(source.query.selects, typed.selects, strict=True)
    )
    if unknown := set(key) - {column.name for column in columns}:
        raise MartDefinitionError(
            f"{source.name}.sql has no column {', '.join(sorted(unknown))}, which its key names.",
            remedy="Name output columns in the line `-- key: …`.",
        )
    views = [known[name] for name in source.reads if name in known and known[name].is_view]
    return Mart(
        name=source.name,
        description=source.header[source.name],
        grain=source.header["grain"],
        key=key,
        columns=columns,
        sql=source.sql,
        is_view=source.header.get("kind") == "view",
        reads=source.reads,
        depends_on=tuple(
            sorted({*source.reads, *(d for v in views for d in v.depends_on)} - {view.name for view in views})
        ),
        lineage=_origins(typed, known),
        code_version=hashlib.sha256(
            "\n".join([source.sql, *(view.code_version for view in views)]).encode()
        ).hexdigest()[:16],
    )


def _columns_by_type(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: column.type.bigquery for column in columns}


def _column(mart: str, written: exp.Expr, derived: exp.Expr, key: tuple[str, ...]) -> Column:
    name = written.alias_or_name
    comment = _COMMENT.match(" ".join(written.comments or []))
    if not comment:
        raise MartDefinitionError(
            f"{mart}.{name} has no comment beside it.",
            means="Units and meanings are read from there, for the warehouse, the UI and the dictionary.",
            remedy="Write `-- [unit] meaning` behind the column, `-- meaning` where it has no unit.",
        )
    kind = _TYPES.get(derived.type.this) if derived.type else None
    if kind is None:
        raise MartDefinitionError(
            f"The type of {mart}.{name} does not follow from the query ({derived.type}).",
            remedy=f"Wrap it in CAST(… AS …) to one of {', '.join(kind.bigquery for kind in ColumnType)}.",
        )
    return Column(name, kind, comment["meaning"], unit=comment["unit"] or "", nullable=name not in key)


def _origins(typed: exp.Expr, known: Mapping[str, Mart]) -> dict[str, Origins]:
    """For each output column the stored columns of its value, with views replaced by what they read."""
    scope = build_scope(typed)
    nodes = lineage(None, typed, schema={}, dialect="bigquery", scope=scope, trim_selects=False, copy=False)
    origins: dict[str, Origins] = {}
    for column, node in nodes.items():
        found: set[tuple[str, str]] = set()
        for leaf in node.walk():
            if not isinstance(leaf.expression, exp.Table):
                continue
            table, name = leaf.expression.name, leaf.name.rsplit(".", 1)[-1]
            if table in known and known[table].is_view:
                found.update(known[table].lineage[name])
            else:
                found.add((table, name))
        origins[column] = tuple(sorted(found))
    return origins
