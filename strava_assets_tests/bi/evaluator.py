"""Computes formulas of DAX, QuickSight and Data Studio over rows, from their text alone.

It is written from the vendors' references and shares no code with the project. It knows the few functions
that the generated formulas use, and refuses any other.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = dict[str, Any]
Value = float | None

_TOKEN = re.compile(
    r"\s*(?:'(?P<table>[^']+)'\[(?P<dax>[^\]]+)\]|\{(?P<quicksight>[^}]+)\}|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>[-+*/^(),=]))"
)


@dataclass(frozen=True)
class Tool:
    """What a tool's formulas may have.

    Args:
        columns: how columns are written: `dax`, `quicksight`, or `word` for plain names.
        aggregates: functions of one column over all rows.
        functions: functions of values.
        has_power_sign: whether `^` is an operator.
    """

    columns: str
    aggregates: dict[str, Callable[[list[Any]], Value]]
    functions: dict[str, Callable[..., Any]]
    has_power_sign: bool = False


def _not_null(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _sum(values: list[Any]) -> Value:
    return math.fsum(numbers) if (numbers := _not_null(values)) else None


def _null_if(value: Value, other: Value) -> Value:
    return None if value == other else value


def _dax_divide(left: Value, right: Value) -> Value:
    return None if left is None or not right else left / right


def _dax_power(base: Value, exponent: float) -> float:
    """A blank counts as 0 in arithmetic: https://learn.microsoft.com/dax/data-types-in-dax."""
    return float((base or 0) ** exponent)


DAX = Tool(
    columns="dax",
    aggregates={
        "SUM": _sum,
        "SELECTEDVALUE": lambda values: values[0] if len(set(values)) == 1 else None,
    },
    functions={
        "DIVIDE": _dax_divide,
        "POWER": _dax_power,
        "ISBLANK": lambda value: value is None,
        "BLANK": lambda: None,
        "IF": lambda condition, yes, no: yes if condition else no,
    },
)
QUICKSIGHT = Tool(
    columns="quicksight",
    aggregates={
        "sum": _sum,
        "count": lambda values: len(_not_null(values)),
        "max": lambda v: max(_not_null(v), default=None),
    },
    functions={
        "nullIf": _null_if,
        "ifelse": lambda condition, yes, no: yes if condition else no,
    },
    has_power_sign=True,
)
DATA_STUDIO = Tool(
    columns="word",
    aggregates={"SUM": _sum},
    functions={"NULLIF": _null_if, "POWER": lambda base, exponent: None if base is None else base**exponent},
)


def evaluate(formula: str, tool: Tool, rows: Sequence[Row], table: str = "") -> Value:
    """The formula's value over rows.

    Args:
        formula: its text.
        tool: whose formula it is.
        rows: the rows of its table.
        table: the only table that it may name, for tools that name it.

    Raises:
        ValueError: it has anything that the tool does not know, or another table.
        KeyError: the rows have no such column.
    """
    reader = _Reader(formula, tool, rows, table)
    value: Value = reader.comparison()
    if reader.kind is not None:
        raise ValueError(f"{formula!r} goes on after its end")
    return value


class _Reader:
    """Reads a formula from left to right and computes on the way."""

    def __init__(self, formula: str, tool: Tool, rows: Sequence[Row], table: str) -> None:
        self.formula, self.tool, self.rows, self.table = formula, tool, rows, table
        self.at = 0
        self.kind: str | None = None
        self.text = ""
        self._next()

    def _next(self) -> None:
        if not self.formula[self.at :].strip():
            self.kind, self.text = None, ""
            return
        token = _TOKEN.match(self.formula, self.at)
        if not token or (token["table"] and token["table"] != self.table):
            raise ValueError(f"{self.formula!r} has something unknown at {self.at}")
        self.at = token.end()
        self.kind = token.lastgroup
        self.text = token[token.lastgroup or 0]

    def _take(self, text: str) -> None:
        if self.text != text:
            raise ValueError(f"{self.formula!r} has {self.text!r} where {text!r} should be")
        self._next()

    def comparison(self) -> Any:
        left = self._sum()
        if self.text != "=":
            return left
        self._next()
        return left == self._sum()

    def _sum(self) -> Any:
        value = self._product()
        while self.text in {"+", "-"}:
            sign = 1 if self.text == "+" else -1
            self._next()
            other = self._product()
            value = None if value is None or other is None else value + sign * other
        return value

    def _product(self) -> Any:
        value = self._power()
        while self.text in {"*", "/"}:
            divides = self.text == "/"
            self._next()
            other = self._power()
            # A division by zero raises: formulas have to avoid it.
            both = value is not None and other is not None
            value = (value / other if divides else value * other) if both else None
        return value

    def _power(self) -> Any:
        value = self._atom()
        if self.text == "^" and self.tool.has_power_sign:
            self._next()
            exponent = self._atom()
            return None if value is None else value**exponent
        return value

    def _atom(self) -> Any:
        kind, text = self.kind, self.text
        self._next()
        if kind == "number":
            return float(text)
        if text == "(":
            value = self.comparison()
            self._take(")")
            return value
        if text == "NULL":
            return None
        if text in self.tool.aggregates:
            return self._aggregate(text)
        if text in self.tool.functions:
            return self._function(text)
        raise ValueError(f"{self.formula!r} has {text!r}, which is unknown")

    def _aggregate(self, name: str) -> Value:
        self._take("(")
        if self.kind != self.tool.columns:
            raise ValueError(f"{name} of {self.text!r}, which is no column")
        column = self.text
        self._next()
        self._take(")")
        return self.tool.aggregates[name]([row[column] for row in self.rows])

    def _function(self, name: str) -> Any:
        self._take("(")
        values = []
        while self.text != ")":
            values.append(self.comparison())
            if self.text == ",":
                self._next()
        self._take(")")
        return self.tool.functions[name](*values)
