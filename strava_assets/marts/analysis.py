"""From a mart's query to what the catalog says of it: columns, types, units, dependencies, lineage.

Nothing is declared twice: the comments beside the columns are the documentation, the query is the lineage. A
column that comes by `*` is documented where it is computed: in a CTE of the file or in the mart it is from.
`python -m strava_assets.marts.compile` writes the result down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope, traverse_scope

from strava_assets.marts.catalog import Mart, Origins, make_mart
from strava_assets.marts.mart_file import MartDefinitionError, MartFile
from strava_assets.marts.ratio import check_summaries
from strava_assets.schema.columns import Column, ColumnType
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMENT = re.compile(
    r"^\s*(?:\[(?P<unit>[^\]]+)\]\s*)?(?P<meaning>\S.*?)\s*(?:\{(?P<summary>[^{}]*)\}\s*)?$", re.DOTALL
)
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


class _Comment(NamedTuple):
    """What stands behind a column."""

    unit: str
    meaning: str
    summary: str


@dataclass(frozen=True)
class _Source:
    """A mart's file with its query parsed, but not yet understood."""

    file: MartFile
    query: exp.Query
    reads: tuple[str, ...]


def compile_marts(files: Mapping[str, MartFile]) -> tuple[Mart, ...]:
    """Every mart of these files, each after those it reads.

    Raises:
        MartDefinitionError: a file reads an unknown table, is not SQL, or leaves a column without a comment.
    """
    sources = {name: _parse(file) for name, file in files.items()}
    marts: dict[str, Mart] = {}
    for name in _in_order(sources):
        marts[name] = _compile(sources[name], marts)
    return tuple(marts.values())


def _parse(file: MartFile) -> _Source:
    try:
        query = parse_one(file.sql, read="bigquery")
    except SqlglotError as error:
        raise MartDefinitionError(
            f"{file.name}.sql cannot be read as BigQuery SQL: {error}",
            means="The mart cannot be built on any engine.",
            remedy="Correct the query; paste it into the BigQuery console to have it checked.",
        ) from error
    if not isinstance(query, exp.Query):
        raise MartDefinitionError(
            f"{file.name}.sql is not a query.", remedy="A mart is one SELECT, with its CTEs before it."
        )
    tables = {
        source.name
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    return _Source(file, query, tuple(sorted(tables)))


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


def _compile(source: _Source, marts: Mapping[str, Mart]) -> Mart:
    file = source.file
    schema: dict[str, object] = {table.name: _columns_by_type(table.columns) for table in TABLES.values()}
    schema |= {mart.name: _columns_by_type(mart.columns) for mart in marts.values()}
    try:
        qualified = qualify(source.query.copy(), schema=schema, dialect="bigquery", quote_identifiers=False)
        typed = annotate_types(qualified, schema=schema, dialect="bigquery")
    except SqlglotError as error:
        raise MartDefinitionError(
            f"{file.name}.sql names something its tables do not have: {error}",
            remedy="Correct the column; docs/data-dictionary.md lists every table's.",
        ) from error
    origins = _origins(typed)
    written = {
        column.alias_or_name: column
        for select in (*source.query.find_all(exp.Select), source.query)
        for column in select.selects
        if select is source.query or column.comments
    }
    columns = tuple(
        _column(
            file,
            derived,
            _meaning_beside(written[derived.alias_or_name])
            if derived.alias_or_name in written
            else _meaning_in_view(origins[derived.alias_or_name], marts),
        )
        for derived in typed.selects
    )
    if unknown := set(file.key) - {column.name for column in columns}:
        raise MartDefinitionError(
            f"{file.name}.sql has no column {', '.join(sorted(unknown))}, which its key names.",
            remedy="Name output columns in the line `-- key: …`.",
        )
    check_summaries(file.name, columns)
    return make_mart(
        file,
        columns=columns,
        reads=source.reads,
        lineage={name: _stored(read, marts) for name, read in origins.items()},
        marts=marts,
    )


def _columns_by_type(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: column.type.bigquery for column in columns}


def _column(file: MartFile, derived: exp.Expr, documented: _Comment | None) -> Column:
    name = derived.alias_or_name
    if not documented:
        raise MartDefinitionError(
            f"{file.name}.{name} has no comment beside it.",
            means="Units and meanings are read from there, for the warehouse, the UI and the dictionary.",
            remedy="Write `-- [unit] meaning` behind the column, `-- meaning` where it has no unit.",
        )
    column_type = _TYPES.get(derived.type.this) if derived.type else None
    if column_type is None:
        raise MartDefinitionError(
            f"The type of {file.name}.{name} does not follow from the query ({derived.type}).",
            remedy=f"Wrap it in CAST(… AS …) to one of {', '.join(each.bigquery for each in ColumnType)}.",
        )
    return Column(
        name,
        column_type,
        documented.meaning,
        unit=documented.unit,
        nullable=name not in file.key,
        summary=documented.summary,
    )


def _meaning_beside(written: exp.Expr) -> _Comment | None:
    """What the comment behind a column says; None without one."""
    comment = _COMMENT.match(" ".join(written.comments or []))
    return _Comment(comment["unit"] or "", comment["meaning"], comment["summary"] or "") if comment else None


def _meaning_in_view(origins: Origins, marts: Mapping[str, Mart]) -> _Comment | None:
    """The same of the one column of a mart that `*` hands on; None where it is not one."""
    if len(origins) != 1 or origins[0][0] not in marts:
        return None
    [(table, name)] = origins
    column = next(column for column in marts[table].columns if column.name == name)
    return _Comment(column.unit, column.meaning, column.summary)


def _origins(typed: exp.Expr) -> dict[str, Origins]:
    """For each output column the columns of the tables and marts that the query reads for it."""
    scope = build_scope(typed)
    nodes = lineage(None, typed, schema={}, dialect="bigquery", scope=scope, trim_selects=False, copy=False)
    return {
        column: tuple(
            sorted(
                {
                    (leaf.expression.name, leaf.name.rsplit(".", 1)[-1])
                    for leaf in node.walk()
                    if isinstance(leaf.expression, exp.Table)
                }
            )
        )
        for column, node in nodes.items()
    }


def _stored(origins: Origins, marts: Mapping[str, Mart]) -> Origins:
    """The same with the columns of views replaced by the stored columns they are made of."""
    stored: set[tuple[str, str]] = set()
    for table, name in origins:
        is_view = table in marts and marts[table].is_view
        stored.update(marts[table].lineage[name] if is_view else [(table, name)])
    return tuple(sorted(stored))
