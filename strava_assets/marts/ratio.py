"""How the rows of a mart are summarized: the mark `{sum}` or `{ratio: …}` behind a column's meaning.

A mean of means is wrong, so the registry says which columns add up and which follow from sums. What a mark
means stands here; how a tool writes it is in `strava_assets.bi.formulas`. A column without a mark cannot be
summarized at all.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.marts.mart_file import MartDefinitionError
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.schema.columns import Column

SUM = "sum"
RATIO = "ratio: "
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_NUMERIC = (ColumnType.INTEGER, ColumnType.FLOAT)


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Total:
    """The sum of a column over the rows; in a single row its value."""

    column: str


@dataclass(frozen=True)
class Operation:
    """Two expressions with one of + - * / between them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Power:
    """An expression to a constant power."""

    base: Expression
    exponent: float


Expression = Number | Total | Operation | Power


def parse_ratio(text: str) -> Expression:
    """The expression of a ratio, e.g. `1000 * work_kj / power_s` or `POWER(weighted_w4s / weighted_s, 0.25)`.

    Raises:
        ValueError: it has anything but columns, numbers, + - * /, parentheses and POWER.
    """
    try:
        return _expression(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError as error:
        raise ValueError(f"{text!r} is not an expression") from error


def total_columns(expression: Expression) -> frozenset[str]:
    """The columns whose sums an expression is made of."""
    match expression:
        case Total(column):
            return frozenset([column])
        case Operation(_, left, right):
            return total_columns(left) | total_columns(right)
        case Power(base, _):
            return total_columns(base)
    return frozenset()


def summary_expression(column: Column) -> Expression | None:
    """What a column is over several rows; None where it cannot be summarized."""
    if column.summary == SUM:
        return Total(column.name)
    return parse_ratio(column.summary.removeprefix(RATIO)) if column.summary else None


def check_summaries(mart: str, columns: Iterable[Column]) -> None:
    """Refuse marks that mean nothing.

    Raises:
        MartDefinitionError: a mark is neither `{sum}` nor `{ratio: …}`, stands at a column that is no number,
            or a ratio names anything but columns of the same mart that are marked `{sum}`.
    """
    columns = tuple(columns)
    summed = {column.name for column in columns if column.summary == SUM}
    for column in columns:
        if column.summary:
            _check(mart, column, summed)


def _check(mart: str, column: Column, summed: set[str]) -> None:
    reason = ""
    if column.type not in _NUMERIC:
        reason = f"a {column.type.bigquery} cannot be summarized"
    elif column.summary != SUM and not column.summary.startswith(RATIO):
        reason = "it is neither `sum` nor `ratio: …`"
    else:
        try:
            names = total_columns(summary_expression(column) or Number(0))
        except ValueError as error:
            reason = str(error)
        else:
            if not names:
                reason = "it names no column"
            elif unsummed := sorted(names - summed):
                reason = f"{', '.join(unsummed)} is not a column of this mart that is marked {{sum}}"
    if reason:
        raise MartDefinitionError(
            f"{mart}.{column.name} is marked {{{column.summary}}}: {reason}.",
            means="BI tools would show a wrong number where they summarize it.",
            remedy="Write `{sum}`, or `{ratio: …}` with columns that are marked {sum}, numbers, + - * / and "
            "POWER(…, number); or no mark where several rows have no common value.",
        )


def _expression(node: ast.expr) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Number(value)
        case ast.Name(id=name):
            return Total(name)
        case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
            return Operation(_OPERATORS[type(operator)], _expression(left), _expression(right))
        case ast.Call(
            func=ast.Name(id="POWER"),
            args=[base, ast.Constant(value=int() | float() as exponent)],
            keywords=[],
        ) if not isinstance(exponent, bool):
            return Power(_expression(base), exponent)
    raise ValueError(f"`{ast.unparse(node)}` has no meaning in a ratio")
