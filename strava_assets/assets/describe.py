"""What the UI shows of a table: its columns with type, unit and meaning, where each comes from, its name.

Made from the registry and the marts' catalog; nothing is described by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.marts.catalog import Mart
    from strava_assets.schema import Column, Table

Lineage = dict[str, tuple[tuple[str, str], ...]]


def table_metadata(table: Table | Mart) -> dict[str, Any]:
    """Definition metadata of an asset that is a table of the registry or a mart."""
    lineage: Lineage = getattr(table, "lineage", {})
    metadata: dict[str, Any] = {
        "dagster/column_schema": _schema(table.columns, table.key, table.grain, lineage),
        "dagster/table_name": table.name,
    }
    if lineage:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(dg.AssetKey(asset), source) for asset, source in origins]
                for column, origins in lineage.items()
                if origins
            }
        )
        # The open-source UI does not draw the canonical key, so the same mapping stands here to be read.
        metadata["column_lineage"] = dg.MetadataValue.md(_lineage_table(lineage))
    return metadata


def _schema(columns: Sequence[Column], key: Sequence[str], grain: str, lineage: Lineage) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type.name.lower(),
                description=_described(column, lineage.get(column.name, ())),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, unique=tuple(key) == (column.name,)
                ),
                tags={"unit": column.unit} if column.unit else {},
            )
            for column in columns
        ],
        constraints=dg.TableConstraints(other=[grain, f"key: {', '.join(key)}"]),
    )


# More links than these drown what the column means; the lineage table has all of them.
_FEW_ORIGINS = 4


def _described(column: Column, origins: Sequence[tuple[str, str]]) -> str:
    first, _, _ = column.meaning.partition(" ")
    # A column's name keeps its own spelling.
    meaning = column.meaning if "_" in first else column.meaning[0].upper() + column.meaning[1:]
    if column.source:
        return f"{meaning}. From Strava's `{column.source}`."
    if len(origins) > _FEW_ORIGINS:
        assets = dict.fromkeys(asset for asset, _ in origins)
        linked = ", ".join(f"[`{asset}`](/assets/{asset})" for asset in assets)
        return f"{meaning}. From {len(origins)} columns of {linked}; see `column_lineage`."
    if origins:
        return f"{meaning}. From {', '.join(map(_link, origins))}."
    return f"{meaning}."


def _link(origin: tuple[str, str]) -> str:
    asset, column = origin
    return f"[`{asset}.{column}`](/assets/{asset})"


def _lineage_table(lineage: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    rows = [f"| {column} | {', '.join(map(_link, origins)) or '-'} |" for column, origins in lineage.items()]
    return "\n".join(["| column | from |", "| --- | --- |", *rows])
