"""Numbers with their nouns in messages."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: `1 run`, `2,000 runs`; the plural has an s unless it is given."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"
