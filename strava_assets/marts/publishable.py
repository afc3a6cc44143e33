"""What other tools get of the marts: every table of the catalog, without private columns and local times.

Published tables and BI models ask here, so that no model names what is not published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.schema.columns import ColumnType, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.marts.catalog import Mart

# Raw JSON holds places, private notes and whatever Strava adds. A time on the athlete's own clock needs a
# newer reader of Delta (feature timestampNtz), and most tools would take it for UTC.
WITHHELD_TYPES = (ColumnType.JSON, ColumnType.DATETIME)
# `extra` is Strava's raw answer; the start and end of a ride stand in it.
WITHHELD_ORIGINS = frozenset({("bq_activities", "extra")})


def publishable(marts: Sequence[Mart]) -> tuple[Table, ...]:
    """The tables to publish, in the catalog's order. Views are left out: marts hold what they compute."""
    catalog = {mart.name: mart for mart in marts}
    return tuple(published_table(mart, catalog) for mart in marts if not mart.is_view)


def published_table(mart: Mart, catalog: Mapping[str, Mart]) -> Table:
    """A mart as it is published."""
    hidden = withheld(mart, catalog)
    return Table(
        name=mart.name,
        description=mart.description,
        grain=mart.grain,
        key=mart.key,
        columns=tuple(column for column in mart.columns if column.name not in hidden),
    )


def withheld(mart: Mart, catalog: Mapping[str, Mart]) -> set[str]:
    """The columns of a mart that are not published: raw JSON, what is made of it, and local times.

    Args:
        mart: whose columns.
        catalog: all marts by name; a column may be made of private ones through several of them.
    """
    return {
        column.name
        for column in mart.columns
        if column.type in WITHHELD_TYPES or WITHHELD_ORIGINS & _origins(mart, column.name, catalog)
    }


def _origins(mart: Mart, column: str, catalog: Mapping[str, Mart]) -> set[tuple[str, str]]:
    """The columns that a column is made of, through all marts in between."""
    reached: set[tuple[str, str]] = set()
    waiting = list(mart.lineage.get(column, ()))
    while waiting:
        table, name = waiting.pop()
        if (table, name) in reached:
            continue
        reached.add((table, name))
        if table in catalog:
            waiting += catalog[table].lineage[name]
    return reached
