"""Changes of Python: borders, `and`, `or`, `not`, signs, numbers, `min` and `max`, a call that is left out.

Strings are changed only where they are SQL. What only describes (annotations, docstrings, the flags of
dataclasses) stays as it is.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from strava_assets_tests.mutation import sql_rules
from strava_assets_tests.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str, str]] = {
    ast.Lt: ("<", "<=", "border"),
    ast.LtE: ("<=", "<", "border"),
    ast.Gt: (">", ">=", "border"),
    ast.GtE: (">=", ">", "border"),
    ast.Eq: ("==", "!=", "equality"),
    ast.NotEq: ("!=", "==", "equality"),
    ast.Is: ("is", "is not", "equality"),
    ast.IsNot: ("is not", "is", "equality"),
    ast.In: ("in", "not in", "equality"),
    ast.NotIn: ("not in", "in", "equality"),
}
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
}
_LITERAL = re.compile(
    r"""[rRfF]{0,2}(?P<quote>\"{3}|'{3}|"|')(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL
)
"""One of the string literals that Python joins to one string."""
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_DESCRIBING = {"frozen", "slots", "kw_only", "repr", "stacklevel", "soft_wrap"}
"""Keyword arguments that change nothing a caller sees."""
_INVENTED = "strava_assets/sandbox/"
"""Where numbers invent an athlete: another number gives another athlete, which is as good."""
_DRAWN = "strava_assets/report/"
"""Where the numbers in a dict and in named arguments are how a chart looks: sizes, angles, opacities."""


class _Source:
    """A file's text, and where the nodes of its tree are."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        lines = text.splitlines(keepends=True)
        self._starts = [0]
        self._lines = lines
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def position(self, line: int, column: int) -> int:
        """The position of a column, which `ast` counts in UTF-8 bytes."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.position(node.lineno, node.col_offset),
            self.position(node.end_lineno, node.end_col_offset),
        )

    def mutant(self, start: int, end: int, replacement: str, rule: str) -> Mutant:
        line = self.text.count("\n", 0, start) + 1
        return Mutant(
            self.path, start, end, replacement, rule, line, line + self.text.count("\n", start, end)
        )

    def between(self, left: ast.expr, right: ast.expr, operator: str) -> tuple[int, int] | None:
        """Where an operator stands between its operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        at = self.text[start:end].find(operator)
        return None if at < 0 else (start + at, start + at + len(operator))


def mutants(path: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a Python file."""
    source = _Source(path, text)
    yield from _visit(source, ast.parse(text))


def _visit(source: _Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    yield from _changes(source, node)
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            if not isinstance(child, ast.AST):
                continue
            if name in ("annotation", "returns", "type_comment") or _describes(source.path, node, child):
                continue
            yield from _visit(source, child)


def _describes(path: str, parent: ast.AST, child: ast.AST) -> bool:
    """Whether a node is a docstring, a flag without effect, a type, or a number of which any would do."""
    if isinstance(child, ast.Constant) and isinstance(child.value, int | float):
        if path.startswith(_INVENTED) and not isinstance(child.value, bool):
            return True
        if path.startswith(_DRAWN) and isinstance(parent, ast.Dict | ast.keyword):
            return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(child, ast.keyword) and child.arg in _DESCRIBING:
        return True
    return (
        isinstance(parent, ast.Subscript) and isinstance(child, ast.Constant) and isinstance(child.value, str)
    )


def _changes(source: _Source, node: ast.AST) -> Iterator[Mutant]:  # noqa: C901, PLR0912 - one case a kind of node
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for operand, operator, right in zip([left, *comparators], ops, comparators, strict=False):
                before, after, rule = _COMPARISONS[type(operator)]
                if place := source.between(operand, right, before):
                    yield source.mutant(*place, after, rule)
        case ast.BoolOp(op=op, values=values):
            before, after = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            for left, right in pairwise(values):
                place = source.between(left, right, before)
                if place:
                    yield source.mutant(*place, after, "and-or")
        case ast.UnaryOp(op=ast.Not()):
            # Not up to the operand: a bracket may stand before it.
            start = source.span(node)[0]
            yield source.mutant(start, start + len("not"), "", "not")
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _OPERATORS:
            before, after = _OPERATORS[type(operation)]
            if not _is_text(left) and not _is_text(right) and (place := source.between(left, right, before)):
                yield source.mutant(*place, after, "sign")
        case ast.AugAssign(op=operation) if type(operation) in (ast.Add, ast.Sub):
            before, after = _OPERATORS[type(operation)]
            start, end = source.span(node.target)[1], source.span(node.value)[0]
            at = start + source.text[start:end].find(before)
            if not _is_text(node.value):
                yield source.mutant(at, at + 1, after, "sign")
        case ast.Constant(value=bool(value)):
            yield source.mutant(*source.span(node), str(not value), "constant")
        case ast.Constant(value=int(value) | float(value)):
            yield source.mutant(*source.span(node), str(value + 1), "constant")
        case ast.Constant(value=str()) | ast.JoinedStr():
            yield from _sql(source, node)
        case ast.Call(func=ast.Name(id=name) as function) if name in _NAMES:
            yield source.mutant(*source.span(function), _NAMES[name], "aggregate")
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())):
            yield source.mutant(*source.span(node), "pass", "left out")
        case ast.Raise():
            yield source.mutant(*source.span(node), "pass", "left out")
        case ast.Continue():
            yield source.mutant(*source.span(node), "break", "jump")
        case ast.If(test=test) | ast.IfExp(test=test) if isinstance(
            test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr
        ):
            start, end = source.span(test)
            yield source.mutant(start, end, f"not ({source.text[start:end]})", "not")
        case _:
            return


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _sql(source: _Source, node: ast.Constant | ast.JoinedStr) -> Iterator[Mutant]:
    start, end = source.span(node)
    text = source.text[start:end]
    if not sql_rules.is_sql(text):
        return
    for literal in _LITERAL.finditer(text):
        offset = start + literal.start("body")
        for change in sql_rules.changes(literal["body"]):
            yield source.mutant(
                offset + change.start, offset + change.end, change.replacement, f"SQL {change.rule}"
            )
