"""How a unit's numbers are shown, as the format strings of .NET that Power BI takes."""

from __future__ import annotations

from strava_assets.schema.columns import ColumnType

DATE_FORMAT = "yyyy-mm-dd"
_BY_UNIT = {"W": "#,0", "0-1": "0.0%", "%": "0.0", "W/kg": "0.00", "W/bpm": "0.00"}
"""Shares are kept as fractions, percentages as numbers of percent."""


def number_format(unit: str, column_type: ColumnType = ColumnType.FLOAT) -> str:
    """The format string of a number in this unit.

    Args:
        unit: the registry's unit; empty for none.
        column_type: the type of what is shown.
    """
    if unit in _BY_UNIT:
        return _BY_UNIT[unit]
    # A year or a number of a week takes no thousands separator.
    whole = "#,0" if unit else "0"
    return whole if column_type is ColumnType.INTEGER else f"{whole}.0"
