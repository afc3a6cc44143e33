"""The semantic model of Power BI as TMDL: tables, columns, measures, a calendar and the relationships to it.

The grammar is Microsoft's (https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview): one property a
line, tabs say what belongs to what, `///` describes the object below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.bi.charts import CHARTS, chart_measure
from strava_assets.bi.formats import DATE_FORMAT, number_format
from strava_assets.bi.formulas import DAX, write_formula
from strava_assets.marts.ratio import SUM
from strava_assets.schema.columns import Column, ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.bi.sources import PowerBISource
    from strava_assets.bi.tables import BiTable, Measure

CALENDAR = "calendar"
_COMPATIBILITY_LEVEL = 1601
_TYPES = {
    ColumnType.TEXT: "string",
    ColumnType.INTEGER: "int64",
    ColumnType.FLOAT: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "dateTime",
    ColumnType.TIMESTAMP: "dateTime",
}
_CALENDAR_COLUMNS = (
    ("Year", "int64", "YEAR('calendar'[Date])", "0", "the calendar year"),
    ("Quarter", "string", "\"Q\" & QUARTER('calendar'[Date])", "", "the quarter of the year"),
    ("Month", "dateTime", "EOMONTH('calendar'[Date], -1) + 1", "yyyy-mm", "the month, by its first day"),
)


def semantic_model(tables: Iterable[BiTable], source: PowerBISource) -> dict[str, str]:
    """The model's files by their paths below `definition/`.

    Args:
        tables: the marts that it has.
        source: where their rows are read from.
    """
    tables = tuple(tables)
    names = [*(table.name for table in tables), CALENDAR]
    return {
        "database.tmdl": f"database\n\tcompatibilityLevel: {_COMPATIBILITY_LEVEL}\n",
        "model.tmdl": _model(names),
        "expressions.tmdl": source.parameter(),
        "relationships.tmdl": "\n".join(_relationship(table) for table in tables if table.calendar_column),
        f"tables/{CALENDAR}.tmdl": _calendar(tables),
        **{f"tables/{table.name}.tmdl": _table(table, source) for table in tables},
    }


def table_measures(table: BiTable) -> tuple[Measure, ...]:
    """All measures of a table: those of the registry, and what the charts show of it."""
    charted = (
        chart_measure(series, table)
        for chart in CHARTS
        if chart.mart == table.name
        for series in chart.series
    )
    return tuple({measure.name: measure for measure in (*table.measures, *charted)}.values())


def _model(names: list[str]) -> str:
    # Without implicit measures Power BI offers no mean of a column, so that no mean of means can be shown.
    lines = ["model Model", "\tculture: en-US", "\tdefaultPowerBIDataSourceVersion: powerBI_V3"]
    # The calendar is ours; Power BI would make a hidden one for every date.
    lines += ["\tdiscourageImplicitMeasures", "", "\tannotation __PBI_TimeIntelligenceEnabled = 0", ""]
    lines += [f"ref table {name}" for name in names]
    return "\n".join(lines) + "\n"


def _relationship(table: BiTable) -> str:
    lines = [f"relationship {table.name}_{CALENDAR}", f"\tfromColumn: {table.name}.{table.calendar_column}"]
    return "\n".join([*lines, f"\ttoColumn: {CALENDAR}.Date"]) + "\n"


def _table(table: BiTable, source: PowerBISource) -> str:
    lines = [f"/// {table.mart.description}", f"table {table.name}", ""]
    for measure in table_measures(table):
        lines += _measure(measure)
    for column in table.columns:
        lines += _column(column)
    lines += [f"\tpartition {table.name} = m", "\t\tmode: import", "\t\tsource ="]
    columns = [column.name for column in table.columns]
    lines += [f"\t\t\t\t{line}" for line in source.query(table.name, columns).splitlines()]
    return "\n".join(lines) + "\n"


def _measure(measure: Measure) -> list[str]:
    return [
        f"\t/// {_described(measure.unit, measure.meaning)}",
        f"\tmeasure '{measure.name}' = {write_formula(measure.formula, DAX, measure.mart)}",
        f"\t\tformatString: {number_format(measure.unit, measure.type)}",
        "",
    ]


def _column(column: Column) -> list[str]:
    lines = [
        f"\t/// {_described(column.unit, column.meaning)}",
        f"\tcolumn {column.name}",
        f"\t\tdataType: {_TYPES[column.type]}",
    ]
    if column.summary == SUM:
        # Its measure is shown instead.
        lines.append("\t\tisHidden")
    if column.type in {ColumnType.INTEGER, ColumnType.FLOAT}:
        lines.append(f"\t\tformatString: {number_format(column.unit, column.type)}")
    elif column.type is ColumnType.DATE:
        lines.append(f"\t\tformatString: {DATE_FORMAT}")
    return [*lines, "\t\tsummarizeBy: none", f"\t\tsourceColumn: {column.name}", ""]


def _described(unit: str, meaning: str) -> str:
    return f"[{unit}] {meaning}" if unit else meaning


def _calendar(tables: Iterable[BiTable]) -> str:
    """Whole years, from the first date of any table to the last."""
    dated = [f"'{table.name}'[{table.calendar_column}]" for table in tables if table.calendar_column]
    first, last = (
        f"{name}X({{{', '.join(f'{name}({c})' for c in dated)}}}, [Value])" for name in ("MIN", "MAX")
    )
    lines = [
        "/// Every day from the first year of the history to the last year of any table.",
        f"table {CALENDAR}",
    ]
    lines += [
        "\tdataCategory: Time",
        "",
        "\t/// the day",
        "\tcolumn Date",
        "\t\tdataType: dateTime",
        "\t\tisKey",
    ]
    lines += [f"\t\tformatString: {DATE_FORMAT}", "\t\tsummarizeBy: none", "\t\tsourceColumn: [Date]", ""]
    for name, data_type, expression, display_format, meaning in _CALENDAR_COLUMNS:
        lines += [f"\t/// {meaning}", f"\tcolumn {name} = {expression}", f"\t\tdataType: {data_type}"]
        lines += [f"\t\tformatString: {display_format}"] if display_format else []
        lines += ["\t\tsummarizeBy: none", ""]
    lines += [f"\tpartition {CALENDAR} = calculated", "\t\tmode: import"]
    lines += [f"\t\tsource = CALENDAR(DATE(YEAR({first}), 1, 1), DATE(YEAR({last}), 12, 31))"]
    return "\n".join(lines) + "\n"
