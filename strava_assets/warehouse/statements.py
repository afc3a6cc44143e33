"""The statements both engines share, as trees that sqlglot writes out in either dialect.

The engines' own modules run them, and hold what is written differently on each.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from strava_assets.schema import ColumnType
from strava_assets.warehouse.engine import COUNTED_BY
from strava_assets.warehouse.errors import StatementFailedError, UnfitNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.schema import Column, Table

STAGED_ROW = "staged_row"
"""The staging table's own column: the order in which rows came."""

_STAGED_RANK = "staged_rank"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def identifier(name: str) -> exp.Identifier:
    """The name, checked, and quoted so that a keyword can be one.

    Raises:
        UnfitNameError: it is not a plain word.
    """
    if not _NAME.fullmatch(name):
        raise UnfitNameError(name)
    return exp.to_identifier(name, quoted=True)


def table_named(name: str, alias: str | None = None) -> exp.Table:
    """A table as a statement names it."""
    return exp.Table(
        this=identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None
    )


def column_named(name: str, table: str | None = None) -> exp.Column:
    """A column as a statement names it."""
    return exp.Column(this=identifier(name), table=exp.to_identifier(table) if table else None)


@cache
def for_duckdb(sql: str) -> str:
    """BigQuery's SQL as DuckDB understands it; one statement.

    Raises:
        StatementFailedError: it is not SQL, or more than one statement.
    """
    return duckdb_text(_one(sql))


def duckdb_text(statement: exp.Expr) -> str:
    """The statement as DuckDB's text."""
    return statement.transform(_counting).sql(dialect="duckdb")


@cache
def kind_of(sql: str) -> str:
    """What a statement is, for reports: `SELECT`, and so on."""
    return _one(sql).key.upper()


@cache
def _one(sql: str) -> exp.Expr:
    """The statement's tree, which callers only read: parsing takes longer than most answers."""
    try:
        return sqlglot.parse_one(sql, dialect="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise StatementFailedError(
            f"This is not one SQL statement: {str(error).splitlines()[0]}",
            means="Nothing was run.",
            remedy="Correct the statement; the dialect is BigQuery's.",
        ) from error


def cast_select(sql: str, columns: Sequence[Column]) -> exp.Select:
    """The query's columns as declared: in that order, cast to those types, nothing else.

    Raises:
        StatementFailedError: it is not a query.
    """
    return exp.select(*_casts(columns)).from_(_query(sql).subquery("answer"))


def native_cast_select(sql: str, columns: Sequence[Column]) -> str:
    """As `cast_select`, for BigQuery: around the query's own text, to the letter.

    Raises:
        StatementFailedError: it is not a query.
    """
    _query(sql)
    casts = exp.select(*_casts(columns)).sql(dialect="bigquery")
    return f"{casts} FROM (\n{sql.rstrip().rstrip(';')}\n) AS answer"


def qualified(sql: str, *, project: str, dataset: str) -> str:
    """The query with its tables' full names; a BigQuery view needs them, read without a default dataset.

    Raises:
        StatementFailedError: it is not a query.
    """
    query = _query(sql).copy()
    own = {name.alias for name in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if not table.db and table.name not in own:
            table.set("db", exp.to_identifier(dataset, quoted=True))
            table.set("catalog", exp.to_identifier(project, quoted=True))
    return query.sql(dialect="bigquery")


def _query(sql: str) -> exp.Query:
    query = _one(sql)
    if not isinstance(query, exp.Query):
        raise StatementFailedError(
            f"A table is made from a query, and this is {kind_of(sql)}.", remedy="Give a SELECT."
        )
    return query


def _casts(columns: Sequence[Column]) -> list[exp.Expr]:
    return [
        exp.alias_(
            exp.cast(column_named(c.name, "answer"), c.type.bigquery, dialect="bigquery"), identifier(c.name)
        )
        for c in columns
    ]


def decisions(
    table: Table,
    stage: str,
    *,
    wins: str,
    changed: str,
    latest: str,
    json_as_text: bool = False,
    owners: Sequence[str] = (),
) -> exp.Select:
    """What becomes of each staged row kept: its `staged_row`, and whether it `is_new`, `wins`, `changed`.

    `owners` are all values of the key's first column among the staged rows, if the engine is to have them
    as constants.
    """
    decided = exp.select(
        column_named(STAGED_ROW, "S"),
        exp.alias_(column_named(table.key[0], "T").is_(exp.null()), "is_new"),
        exp.alias_(_condition(wins), "wins"),
        exp.alias_(_condition(changed), "changed"),
    )
    winners = _winners(table, stage, latest, json_as_text=json_as_text).subquery("S")
    return decided.from_(winners).join(
        table_named(table.name, "T"), on=_same_key(table, owners), join_type="left"
    )


def with_counted_by(decided: exp.Select, count_by: str | None) -> exp.Select:
    """Decisions with the value of a staged column, by which `counts` groups them."""
    return decided.select(exp.alias_(column_named(count_by, "S"), COUNTED_BY)) if count_by else decided


def counts(decided: exp.Table | exp.Subquery, count_by: str | None = None) -> exp.Select:
    """Count decisions: inserted, updated, and matched, whether changed or not.

    With `count_by`, a row for each value of that column.
    """
    counted = exp.select(
        exp.alias_(_count("is_new"), "inserted"),
        exp.alias_(_count("NOT is_new AND wins AND changed"), "updated"),
        exp.alias_(_count("NOT is_new"), "matched"),
    ).from_(decided)
    return counted.select(COUNTED_BY).group_by(COUNTED_BY) if count_by else counted


def count_groups(table: Table, count_by: str) -> exp.Select:
    """Count the rows of a table that has just been filled, in the form of `counts`."""
    return (
        exp.select(
            exp.alias_(exp.Count(this=exp.Star()), "inserted"),
            exp.alias_(exp.Literal.number(0), "updated"),
            exp.alias_(exp.Literal.number(0), "matched"),
            exp.alias_(column_named(count_by), COUNTED_BY),
        )
        .from_(table_named(table.name))
        .group_by(COUNTED_BY)
    )


def merge(
    table: Table,
    stage: str,
    *,
    wins: str,
    latest: str,
    json_as_text: bool = False,
    owners: Sequence[str] = (),
) -> exp.Merge:
    """Merge the staging table by the table's key: a winner replaces the stored row, a new row is inserted.

    `owners` as in `decisions`.
    """
    names = [column.name for column in table.columns]
    replaced = exp.Update(
        expressions=[
            exp.EQ(this=exp.Column(this=identifier(name)), expression=column_named(name, "S"))
            for name in names
            if name not in table.key
        ]
    )
    inserted = exp.Insert(
        this=exp.Tuple(expressions=[exp.Column(this=identifier(name)) for name in names]),
        expression=exp.Tuple(expressions=[column_named(name, "S") for name in names]),
    )
    return exp.merge(
        exp.When(matched=True, condition=_condition(wins), then=replaced),
        exp.When(matched=False, then=inserted),
        into=table_named(table.name, "T"),
        using=_winners(table, stage, latest, json_as_text=json_as_text).subquery("S"),
        on=_same_key(table, owners),
    )


def fill(table: Table, stage: str, *, latest: str | None, json_as_text: bool = False) -> exp.Insert:
    """Insert what `merge` would into a table without rows; `latest` is None where no key is staged twice."""
    names = [column.name for column in table.columns]
    arriving = exp.select(*unstaged(table, json_as_text=json_as_text)).from_(table_named(stage))
    if latest:
        winners = _winners(table, stage, latest, json_as_text=json_as_text).subquery("S")
        arriving = exp.select(*map(column_named, names)).from_(winners)
    return exp.Insert(
        this=exp.Schema(this=table_named(table.name), expressions=[identifier(name) for name in names]),
        expression=arriving,
    )


def unstaged(table: Table, *, json_as_text: bool = False) -> list[exp.Expr]:
    """The staging table's columns as the table has them.

    A number in JSON that has no exact binary form is rounded, as every reader of JSON does.
    """
    return [
        exp.alias_(
            sqlglot.parse_one(f"PARSE_JSON(`{c.name}`, wide_number_mode => 'round')", dialect="bigquery"),
            identifier(c.name),
        )
        if json_as_text and c.type is ColumnType.JSON
        else column_named(c.name)
        for c in table.columns
    ]


def _winners(table: Table, stage: str, latest: str, *, json_as_text: bool) -> exp.Select:
    """One staged row a key. The ranking reads only what it needs: rows are wide and memory is not."""
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[column_named(name) for name in table.key],
        order=exp.Order(
            expressions=[
                exp.Ordered(this=value, desc=True, nulls_first=False)
                for value in (*_several(latest), column_named(STAGED_ROW))
            ]
        ),
    )
    ranked = exp.select(column_named(STAGED_ROW), exp.alias_(rank, _STAGED_RANK)).from_(table_named(stage))
    best = exp.select(column_named(STAGED_ROW)).from_(ranked.subquery("ranked"))
    best = best.where(column_named(_STAGED_RANK).eq(1))
    picked = exp.select(*unstaged(table, json_as_text=json_as_text), column_named(STAGED_ROW))
    return picked.from_(table_named(stage)).where(column_named(STAGED_ROW).isin(query=best))


def _count(condition: str) -> exp.Count:
    return _count_of(_condition(condition))


def _counting(node: exp.Expr) -> exp.Expr:
    return _count_of(node.this) if isinstance(node, exp.CountIf) else node


def _count_of(condition: exp.Expr) -> exp.Count:
    """How often the condition holds; DuckDB's COUNTIF is null, not 0, where no row is sure."""
    return exp.Count(this=exp.If(this=condition, true=exp.Literal.number(1)))


def _same_key(table: Table, owners: Sequence[str] = ()) -> exp.Condition:
    same: list[exp.Expr] = [column_named(name, "T").eq(column_named(name, "S")) for name in table.key]
    if owners:
        # The key says it already; but BigQuery skips the blocks of other owners only for constants.
        same.append(column_named(table.key[0], "T").isin(*map(exp.Literal.string, owners)))
    return exp.and_(*same)


def _several(sql: str) -> list[exp.Expr]:
    """The expressions of a list in SQL."""
    parsed = _condition(f"({sql})").this
    return parsed.expressions if isinstance(parsed, exp.Tuple) else [parsed]


def _condition(sql: str) -> exp.Expr:
    try:
        return exp.paren(sqlglot.parse_one(sql, dialect="bigquery"), copy=False)
    except sqlglot.errors.SqlglotError as error:
        raise StatementFailedError(f"This is not a condition in SQL: {sql}", remedy="Correct it.") from error
