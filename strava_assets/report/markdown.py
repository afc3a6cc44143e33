"""Text inside the markdown that Dagster's UI shows: names are others' words and stand there as plain text.

An activity, a piece of gear or a file of an export can be called anything, markup included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What begins markup, HTML or an entity, or ends a cell. A backslash before it takes the meaning away.
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_~[]<>|&#!"})


def escaped(text: str) -> str:
    """The text as markdown that shows it literally, on one line."""
    return " ".join(text.translate(_SPECIAL).split())


def table_line(cells: Iterable[str]) -> str:
    """One line of a table.

    Args:
        cells: markdown; what others have written must be `escaped`.
    """
    return f"| {' | '.join(cells)} |"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first line the heads.

    Args:
        heads: the columns' names; they are escaped here.
        rows: their cells as markdown.
    """
    lines = [map(escaped, heads), ("---" for _ in heads), *rows]
    return "\n".join(table_line(line) for line in lines)
