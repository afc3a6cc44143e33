"""The data dictionary: every stored table and mart as Markdown, from the registry and the catalog alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.marts.ratio import RATIO
from strava_assets.schema.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.marts.catalog import Mart
    from strava_assets.schema.columns import Column, Table

_OPENING = """# Data dictionary

Every stored table and mart with its columns: what they mean, in which unit, and where they come from.
Storage is SI throughout; an empty unit is a name, a date or a flag. Types are BigQuery's names; DuckDB uses
its own for the same. *Over rows* says what a column of a mart is over several rows, e.g. the weeks of a year:
their sum, or an expression of sums of other columns. Where it is empty, several rows have no common value.

This page is generated (`python -m strava_assets.marts.compile`) from the column registry and the comments
beside the columns in the marts' SQL. A test fails when it is stale.
"""


def render(marts: tuple[Mart, ...]) -> str:
    """The whole page.

    Args:
        marts: the catalog, as `load` gives it.
    """
    parts = [
        _OPENING,
        "## Contents\n",
        *(f"- [`{table.name}`](#{table.name}): {table.grain}" for table in TABLES.values()),
        *(f"- [`{mart.name}`](#{mart.name}): {mart.grain}" for mart in marts),
        "\n## Stored tables\n",
        *(_table(table) for table in TABLES.values()),
        "## Marts\n",
        *(_mart(mart) for mart in marts),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _table(table: Table) -> str:
    rows = [
        (f"`{c.name}`", c.type.bigquery, c.unit, c.meaning, f"Strava's `{c.source}`" if c.source else "")
        for c in table.columns
    ]
    return _section(table.name, table.description, [_facts(table.grain, table.key)], rows)


def _mart(mart: Mart) -> str:
    facts = [_facts(mart.grain, mart.key)]
    facts.append(
        f"**{'View' if mart.is_view else 'Table'}** over {', '.join(f'[`{r}`](#{r})' for r in mart.reads)}"
    )
    rows = [
        (f"`{c.name}`", c.type.bigquery, c.unit, c.meaning, c.summary.removeprefix(RATIO), _origins(mart, c))
        for c in mart.columns
    ]
    return _section(mart.name, mart.description, facts, rows, "Over rows")


def _facts(grain: str, key: tuple[str, ...]) -> str:
    return f"**One row** is {grain}. **Key:** {', '.join(f'`{name}`' for name in key)}"


def _origins(mart: Mart, column: Column) -> str:
    by_table: dict[str, list[str]] = {}
    for table, name in mart.lineage[column.name]:
        by_table.setdefault(table, []).append(name)
    return "; ".join(f"{table}: {', '.join(names)}" for table, names in by_table.items())


def _section(
    name: str, description: str, facts: list[str], rows: Iterable[tuple[str, ...]], *more: str
) -> str:
    lines = [f"### {name}\n", description, "", *(f"{fact}.\n" for fact in facts)]
    headings = ("Column", "Type", "Unit", "Meaning", *more, "Comes from")
    lines += [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
