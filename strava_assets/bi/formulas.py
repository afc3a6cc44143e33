"""One expression of the registry in the words of each tool.

A division by zero and a missing value are null in every tool, as in the marts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from strava_assets.marts.ratio import Expression, Number, Operation, Power, Total


@dataclass(frozen=True)
class OnlyValue:
    """The value of a column that cannot be summarized: where there is one row its value, else null."""

    column: str


Formula = Expression | OnlyValue


@dataclass(frozen=True)
class Notation:
    """How a tool writes what an expression is made of, as templates.

    Args:
        total: the sum of `{column}` of `{table}`.
        only_value: the value of `{column}` where there is a single row.
        divide: `{left}` by `{right}` where that may be zero.
        divides_by_function: whether `divide` is a function, whose arguments need no parentheses.
        power: `{base}` to the power of `{exponent}`.
        power_is_operator: whether `power` is an operator, whose left side may need parentheses.
    """

    total: str
    only_value: str
    divide: str
    power: str
    divides_by_function: bool = False
    power_is_operator: bool = False


# POWER makes 0 of a blank in DAX, which would be shown as a week with 0 W.
DAX = Notation(
    total="SUM('{table}'[{column}])",
    only_value="SELECTEDVALUE('{table}'[{column}])",
    divide="DIVIDE({left}, {right})",
    power="IF(ISBLANK({base}), BLANK(), POWER({base}, {exponent}))",
    divides_by_function=True,
)
QUICKSIGHT = Notation(
    total="sum({{{column}}})",
    only_value="ifelse(count({{{column}}}) = 1, max({{{column}}}), NULL)",
    divide="{left} / nullIf({right}, 0)",
    power="{base} ^ {exponent}",
    power_is_operator=True,
)
DATA_STUDIO = Notation(
    total="SUM({column})",
    only_value="CASE WHEN COUNT({column}) = 1 THEN MAX({column}) ELSE NULL END",
    divide="{left} / NULLIF({right}, 0)",
    power="POWER({base}, {exponent})",
)
SQL = DATA_STUDIO

_SUM, _PRODUCT, _ATOM = 1, 2, 3


class _Text(NamedTuple):
    text: str
    binding: int

    def inside(self, binding: int) -> str:
        """The text, in parentheses where it binds less."""
        return self.text if self.binding >= binding else f"({self.text})"


def write_formula(formula: Formula, notation: Notation, table: str = "") -> str:
    """The formula as a tool takes it.

    Args:
        formula: an expression of sums, or the only value of a column.
        notation: the tool's words.
        table: the table of the columns, for tools that name it.
    """
    if isinstance(formula, OnlyValue):
        return notation.only_value.format(table=table, column=formula.column)
    return _write(formula, notation, table).text


def _write(expression: Expression, notation: Notation, table: str) -> _Text:
    match expression:
        case Number(value):
            return _Text(str(value), _ATOM)
        case Total(column):
            return _Text(notation.total.format(table=table, column=column), _ATOM)
        case Power(base, exponent):
            written = _write(base, notation, table)
            text = notation.power.format(
                base=written.inside(_ATOM) if notation.power_is_operator else written.text,
                exponent=exponent,
            )
            return _Text(text, _PRODUCT if notation.power_is_operator else _ATOM)
        case Operation("/", left, right) if not isinstance(right, Number):
            return _divide(_write(left, notation, table), _write(right, notation, table), notation)
        case Operation(operator, left, right):
            binding = _SUM if operator in "+-" else _PRODUCT
            before = _write(left, notation, table).inside(binding)
            after = _write(right, notation, table).inside(binding + 1)
            return _Text(f"{before} {operator} {after}", binding)


def _divide(left: _Text, right: _Text, notation: Notation) -> _Text:
    if notation.divides_by_function:
        return _Text(notation.divide.format(left=left.text, right=right.text), _ATOM)
    return _Text(notation.divide.format(left=left.inside(_PRODUCT), right=right.text), _PRODUCT)
