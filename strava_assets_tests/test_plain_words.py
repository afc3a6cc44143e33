"""Identifiers and texts use the words of the field, in American spelling.

A finding names the file, the line and a replacement.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

IDENTIFIERS = {
    "told": "message, result or document",
    "said": "message or output",
    "found": "match, rows or matches",
    "known": "settings, columns or records",
    "shown": "the noun of what is displayed",
    "kept": "the noun of what is stored",
    "there": "the noun of what exists",
    "gone": "removed_ids or removed_paths",
    "asked": "options, request or command",
    "heeded": "handled",
    "apart": "in_subprocess, partition_by or separately",
    "draw_apart": "draw_in_subprocess",
    "patient": "retry_transient",
    "impatient": "fail_fast",
    "slips": "page_shift",
    "slipped": "find_skipped",
    "keep_books": "write_stream_index",
    "books": "index or loaded_batches",
    "fold": "compact_batches",
    "held_forms": "latest_imported",
    "done_by": "expected_completion",
    "cure": "remedy",
    "ink": "color",
    "slim": "minify_svg",
    "pieces": "the noun of what they are",
    "nought": "zero",
    "going_up": "running_command",
}
"""Banned names of functions, classes, arguments, variables and attributes; case is ignored."""

PHRASES = {
    r"as a rule": "usually",
    r"noughts?": "zero",
    r"of late": "recently",
    r"for no one": "a direct sentence",
    r"hold(s|ing)? off": "block",
    r"is \w+'s matter": "a direct sentence: X does this",
    r"this room|domain rooms": "this package",
    r"the living": "active",
    r"without a word": "unexpectedly",
    # British spellings.
    r"(un)?(authori|initiali|materiali|normali|optimi|organi|recogni)s\w+": "-ize",
    r"(seriali|summari|synchroni|vectori)s\w+": "-ize",
    r"\w*(behaviour|colour|favour|harbour|honour|labour|neighbour)\w*": "-or",
    r"(kilo|centi|milli)?metres?": "meter",
    r"litres?": "liter",
    r"centr(e|es|ed)": "center",
    r"grey": "gray",
    r"licences?": "license",
    r"defence": "defense",
    r"catalogues?": "catalog",
    r"analys(e|ed|ing)": "analyze",
    r"(travell|cancell|labell|modell|signall)(ed|ing|er)": "one l",
    r"judgement": "judgment",
    r"whilst": "while",
    r"learnt|burnt": "learned or burned",
}
"""Banned phrases in strings, comments and docstrings, as regular expressions of whole words."""

_PHRASES = [(re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE), better) for phrase, better in PHRASES.items()]
_ANY_PHRASE = re.compile("|".join(phrase.removeprefix(r"\w*") for phrase in PHRASES), re.IGNORECASE)
"""Finds every text with one of them, and some without, in a fraction of the time."""


class Finding(NamedTuple):
    """A banned word with its place and a replacement."""

    path: Path
    line: int
    word: str
    better: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r} -> {self.better}"


def source_files() -> Iterator[Path]:
    """All Python files and the SQL of the marts, relative to the root of the project."""
    patterns = (
        "strava_assets/**/*.py",
        "strava_assets/**/*.sql",
        "strava_assets_tests/**/*.py",
        "benchmarks/*.py",
    )
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path != Path(__file__):
                yield path.relative_to(ROOT)


def findings_in(path: Path, source: str) -> Iterator[Finding]:
    """The banned identifiers and phrases in a file."""
    if path.suffix == ".py":
        for line, name in defined_names(source):
            if better := IDENTIFIERS.get(name.strip("_").lower()):
                yield Finding(path, line, name, better)
    if not _ANY_PHRASE.search(source):
        return
    texts = python_texts(source) if path.suffix == ".py" else [(1, source)]
    for line, text in texts:
        if not _ANY_PHRASE.search(text):
            continue
        for pattern, better in _PHRASES:
            for match in pattern.finditer(text):
                yield Finding(path, line + text.count("\n", 0, match.start()), match[0], better)


def defined_names(source: str) -> Iterator[tuple[int, str]]:
    """The names that a module defines, with their lines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """The comments and string literals of a module, docstrings included, with their first lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        # Python 3.12 splits f-strings into tokens of their own.
        if token.type == tokenize.COMMENT or tokenize.tok_name[token.type] in ("STRING", "FSTRING_MIDDLE"):
            yield token.start[0], token.string


def test_names_and_texts_use_plain_words() -> None:
    problems = [
        str(finding)
        for path in source_files()
        for finding in findings_in(path, (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert not problems, "\n" + "\n".join(problems)


SAMPLE = '''
"""Doors are shown, as a rule."""
import json as told

class Ink:
    found: int = 0

def cure(patient, *, good=None):
    # The colour of a metre is grey.
    for kept in patient:
        text = f"{kept} was materialised of late"
    return datetime(2024, 10, 27, fold=1), kept
'''


def test_findings_name_the_line_and_the_replacement() -> None:
    findings = list(findings_in(Path("sample.py"), SAMPLE))

    assert sorted((each.line, each.word) for each in findings) == [
        (2, "as a rule"),
        (3, "told"),
        (5, "Ink"),
        (6, "found"),
        (8, "cure"),
        (8, "patient"),
        (9, "colour"),
        (9, "grey"),
        (9, "metre"),
        (10, "kept"),
        (11, "materialised"),
        (11, "of late"),
    ]
    assert "sample.py:8: 'cure' -> remedy" in map(str, findings)


def test_sql_comments_are_checked() -> None:
    [finding] = findings_in(Path("mart.sql"), "SELECT 1\n-- Zero is nought.\n")
    assert str(finding) == "mart.sql:2: 'nought' -> zero"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "color",
            "behavior",
            "neighbors",
            "a parameter",
            "a meter",
            "an analysis",
            "analyses",
            "materialize",
        ),
        *("normalized_power_w", "organization", "the center", "traveled", "a license", "promise", "latest"),
    ],
)
def test_american_spelling_is_accepted(text: str) -> None:
    assert list(findings_in(Path("sample.py"), f"# {text}\n")) == []
