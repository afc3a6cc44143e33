"""Changes of SQL: borders, AND and OR, numbers, signs, aggregates, the order of COALESCE, the kind of a join.

The text is read token by token, so that comments, `@rules` and the `{…}` of f-strings stay as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^'\n]|'')*'|"[^"\n]*"|`[^`\n]*`|@\w+|\{[^{}]*\}"""
    r"""|\d+\.\d+|\w+|<=|>=|<>|!=|\|\||[<>=+\-*/(),]""",
    re.DOTALL,
)
_WORDS = re.compile(
    r"\b(?:SELECT|FROM|WHERE|AND|OR|CASE|WHEN|COALESCE|JOIN|GROUP BY|ORDER BY|HAVING|COUNT|SUM)\b"
)
_SWAPS = {
    "<": ("<=", "border"),
    "<=": ("<", "border"),
    ">": (">=", "border"),
    ">=": (">", "border"),
    "=": ("<>", "equality"),
    "<>": ("=", "equality"),
    "!=": ("=", "equality"),
    "AND": ("OR", "and-or"),
    "OR": ("AND", "and-or"),
    "SUM": ("MAX", "aggregate"),
    "MAX": ("MIN", "aggregate"),
    "MIN": ("MAX", "aggregate"),
    "AVG": ("MAX", "aggregate"),
    "GREATEST": ("LEAST", "aggregate"),
    "LEAST": ("GREATEST", "aggregate"),
    "LAG": ("LEAD", "aggregate"),
    "LEAD": ("LAG", "aggregate"),
    "FLOOR": ("CEIL", "aggregate"),
    "CEIL": ("FLOOR", "aggregate"),
    "DATE_ADD": ("DATE_SUB", "sign"),
    "DATE_SUB": ("DATE_ADD", "sign"),
    "DESC": ("", "order"),
    "DISTINCT": ("", "distinct"),
    "TRUE": ("FALSE", "constant"),
    "FALSE": ("TRUE", "constant"),
}
_OPERAND = re.compile(r"[\w)}'\"`]+|@\w+|\{.*\}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BEFORE_STAR = ("", "(", ",", "SELECT", ".")
_AFTER_STAR = ("", ",", ")", "FROM", "EXCEPT", "REPLACE")
_KINDS_OF_JOIN = ("LEFT", "CROSS", "OUTER", "FULL", "INNER", "RIGHT", "ASOF", "ANTI", "SEMI")


class Change(NamedTuple):
    """A replacement within a piece of SQL, by its positions."""

    start: int
    end: int
    replacement: str
    rule: str


class _Token(NamedTuple):
    text: str
    start: int
    end: int


def is_sql(text: str) -> bool:
    """Whether a string of a program looks like SQL: it has two of its words, in capitals."""
    return len(_WORDS.findall(text)) >= 2


def changes(sql: str) -> Iterator[Change]:
    """Every change of a text of SQL."""
    tokens = [
        _Token(match[0], match.start(), match.end())
        for match in _TOKEN.finditer(sql)
        if not match[0].startswith(("--", "/*"))
    ]
    is_between = False
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "AND" and is_between:
            is_between = False
            continue
        is_between = is_between or token.text == "BETWEEN"
        if token.text in ("COALESCE", "IF") and after == "(":
            yield from _swapped_arguments(sql, tokens, index)
        elif replacement := _replacement(
            token.text, before, after, is_star=sql[token.start - 1 : token.start] == "."
        ):
            yield Change(token.start, token.end, *replacement)


def _replacement(  # noqa: C901, PLR0911 - one case a kind of token
    word: str, before: str, after: str, *, is_star: bool
) -> tuple[str, str] | None:
    """What is written in the place of a token, and the rule; None where it stays."""
    match word:
        case "DISTINCT" if after == "FROM":
            return None
        case "SUM" | "MAX" | "MIN" | "AVG" | "LAG" | "LEAD" if after != "(":
            return None
        case _ if word in _SWAPS:
            return _SWAPS[word]
        case "+" | "-" if _OPERAND.fullmatch(before):
            return ("-" if word == "+" else "+"), "sign"
        case "*" | "/" if not is_star and before not in _BEFORE_STAR and after not in _AFTER_STAR:
            return ("/" if word == "*" else "*"), "sign"
        case _ if _NUMBER.fullmatch(word):
            return str(float(word) + 1 if "." in word else int(word) + 1), "constant"
        case "NOT" if before == "IS":
            return "", "null"
        case "NOT" if after not in ("IN", "EXISTS", "MATCHED", "NULL"):
            return "", "not"
        case "NULL" if before == "IS":
            return "NOT NULL", "null"
        case "LEFT" if after in ("JOIN", "OUTER"):
            return "INNER", "join"
        case "JOIN" if before not in _KINDS_OF_JOIN:
            return "LEFT JOIN", "join"
        case _:
            return None


def _swapped_arguments(sql: str, tokens: list[_Token], index: int) -> Iterator[Change]:
    """The last two arguments of a call in the other order."""
    depth = 0
    commas: list[_Token] = []
    for token in tokens[index + 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 1:
            commas.append(token)
        if not depth:
            break
    else:
        return
    if len(commas) < (2 if tokens[index].text == "IF" else 1):
        return
    first = (commas[-2].end if len(commas) > 1 else tokens[index + 1].end, commas[-1].start)
    second = (commas[-1].end, token.start)
    parts = [sql[slice(*span)] for span in (first, second)]
    if any("--" in part for part in parts):
        return
    swapped = f"{parts[1].strip()}, {parts[0].strip()}"
    yield Change(first[0], second[1], f" {swapped}" if len(commas) > 1 else swapped, "argument order")
