"""The calculated fields of Data Studio (named Looker Studio from 2022 to 2026), to be pasted.

Google offers no way to make them from outside. How a report on a table is opened is in `report.data_studio`.
A field cannot have the name of a column of its table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.bi.formulas import DATA_STUDIO, write_formula
from strava_assets.bi.tables import exported_tables
from strava_assets.marts.ratio import Total

if TYPE_CHECKING:
    from strava_assets.bi.tables import BiTable


def fields_by_table() -> dict[str, list[tuple[str, str]]]:
    """For each mart the name and formula of its fields, where it has ratios."""
    return {table.name: fields for table in exported_tables() if (fields := _fields(table))}


def _fields(table: BiTable) -> list[tuple[str, str]]:
    return [
        (f"{measure.column} over rows", write_formula(measure.formula, DATA_STUDIO))
        for measure in table.measures
        if not isinstance(measure.formula, Total)
    ]
