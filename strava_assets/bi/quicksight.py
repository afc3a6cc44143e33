"""QuickSight's requests as documents: a data source on Athena, data sets of the marts, a dashboard.

The form is that of the API (https://docs.aws.amazon.com/quicksight/latest/APIReference); `quicksight_account`
sends it. QuickSight reads the Iceberg tables of the Glue catalog directly, without a copy of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strava_assets.bi.charts import CHARTS, Chart, Series, chart_measure
from strava_assets.bi.formulas import QUICKSIGHT, write_formula
from strava_assets.bi.sources import DEFAULT_CATALOG, DEFAULT_REGION, DEFAULT_WORKGROUP
from strava_assets.bi.tables import exported_tables
from strava_assets.marts.ratio import SUM, Total
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.bi.tables import BiTable, Measure

Document = dict[str, Any]

PREFIX = "strava-assets"
_CATALOG = "AwsDataCatalog"
_TITLE = "Riding"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_GRID_COLUMNS, _GRID_ROWS = 36, 14
_LONGEST_DESCRIPTION = 500
_TYPES = {
    ColumnType.TEXT: {"Type": "STRING"},
    ColumnType.INTEGER: {"Type": "INTEGER"},
    ColumnType.FLOAT: {"Type": "DECIMAL", "SubType": "FLOAT"},
    ColumnType.BOOLEAN: {"Type": "BOOLEAN"},
    ColumnType.DATE: {"Type": "DATETIME"},
    ColumnType.TIMESTAMP: {"Type": "DATETIME"},
}


@dataclass(frozen=True)
class QuickSightHome:
    """Where QuickSight reads the tables and where its own things are.

    Args:
        account: the AWS account's number.
        region: QuickSight's region, which is Athena's too.
        database: the Glue database of the published tables.
        workgroup: Athena's workgroup.
    """

    account: str
    region: str = DEFAULT_REGION
    database: str = DEFAULT_CATALOG
    workgroup: str = DEFAULT_WORKGROUP

    def arn(self, kind: str, name: str) -> str:
        """The name by which QuickSight's things refer to each other."""
        partition = next((_PARTITIONS[each] for each in _PARTITIONS if self.region.startswith(each)), "aws")
        return f"arn:{partition}:quicksight:{self.region}:{self.account}:{kind}/{name}"


@dataclass(frozen=True)
class QuickSightRequests:
    """What is sent: the arguments of create_data_source, create_data_set and create_dashboard."""

    data_source: Document
    data_sets: tuple[Document, ...]
    dashboard: Document


def quicksight_requests(home: QuickSightHome) -> QuickSightRequests:
    """All requests for a home."""
    tables = exported_tables()
    return QuickSightRequests(
        data_source={
            "AwsAccountId": home.account,
            "DataSourceId": PREFIX,
            "Name": "Strava history",
            "Type": "ATHENA",
            "DataSourceParameters": {"AthenaParameters": {"WorkGroup": home.workgroup}},
        },
        data_sets=tuple(_data_set(table, home) for table in tables),
        dashboard=_dashboard({table.name: table for table in tables}, home),
    )


def data_set_id(mart: str) -> str:
    """The id of a mart's data set."""
    return f"{PREFIX}-{mart}"


def _data_set(table: BiTable, home: QuickSightHome) -> Document:
    return {
        "AwsAccountId": home.account,
        "DataSetId": data_set_id(table.name),
        "Name": table.name,
        "ImportMode": "DIRECT_QUERY",
        "PhysicalTableMap": {
            "published": {
                "RelationalTable": {
                    "DataSourceArn": home.arn("datasource", PREFIX),
                    "Catalog": _CATALOG,
                    "Schema": home.database,
                    "Name": table.name,
                    "InputColumns": [{"Name": column.name} | _TYPES[column.type] for column in table.columns],
                }
            }
        },
        "LogicalTableMap": {
            "described": {
                "Alias": table.name,
                "Source": {"PhysicalTableId": "published"},
                "DataTransforms": [
                    _described(column.name, column.unit, column.meaning) for column in table.columns
                ],
            }
        },
    }


def _described(column: str, unit: str, meaning: str) -> Document:
    text = f"[{unit}] {meaning}" if unit else meaning
    if len(text) > _LONGEST_DESCRIPTION:
        text = text[: _LONGEST_DESCRIPTION - 1] + "…"
    return {"TagColumnOperation": {"ColumnName": column, "Tags": [{"ColumnDescription": {"Text": text}}]}}


def _dashboard(tables: Mapping[str, BiTable], home: QuickSightHome) -> Document:
    charted = {chart.mart: tables[chart.mart] for chart in CHARTS}
    return {
        "AwsAccountId": home.account,
        "DashboardId": PREFIX,
        "Name": _TITLE,
        "Definition": {
            "DataSetIdentifierDeclarations": [
                {"Identifier": name, "DataSetArn": home.arn("dataset", data_set_id(name))} for name in charted
            ],
            "CalculatedFields": [
                {
                    "DataSetIdentifier": measure.mart,
                    "Name": measure.name,
                    "Expression": write_formula(measure.formula, QUICKSIGHT),
                }
                for measure in _calculated(charted)
            ],
            "ColumnConfigurations": [
                configuration for table in charted.values() for configuration in _roles(table)
            ],
            "Sheets": [
                {
                    "SheetId": "riding",
                    "Name": _TITLE,
                    "Visuals": [_visual(chart, charted[chart.mart]) for chart in CHARTS],
                    "Layouts": [{"Configuration": {"GridLayout": {"Elements": _layout()}}}],
                }
            ],
        },
    }


def _calculated(tables: Mapping[str, BiTable]) -> list[Measure]:
    """Ratios, and what the charts show; a plain sum needs no field, its column is summed."""
    ratios = [
        measure
        for table in tables.values()
        for measure in table.measures
        if not isinstance(measure.formula, Total)
    ]
    charted = [chart_measure(series, tables[chart.mart]) for chart in CHARTS for series in chart.series]
    return list({measure.name: measure for measure in (*ratios, *charted)}.values())


def _roles(table: BiTable) -> list[Document]:
    """Only columns that add up are measures, so that QuickSight sums no other."""
    return [
        {
            "Column": {"DataSetIdentifier": table.name, "ColumnName": column.name},
            "Role": "MEASURE" if column.summary == SUM else "DIMENSION",
        }
        for column in table.columns
    ]


def _visual(chart: Chart, table: BiTable) -> Document:
    date = {
        "DateDimensionField": {
            "FieldId": f"{chart.name}-date",
            "Column": {"DataSetIdentifier": table.name, "ColumnName": chart.date},
            # Each date of the mart is one period already.
            "DateGranularity": "DAY",
        }
    }
    lines, bars = (
        [_value(chart, series, table) for series in chart.styled(style)] for style in ("line", "bar")
    )
    if bars:
        wells = {
            "ComboChartAggregatedFieldWells": {"Category": [date], "BarValues": bars, "LineValues": lines}
        }
        return {"ComboChartVisual": _described_visual(chart, {"FieldWells": wells})}
    wells = {"LineChartAggregatedFieldWells": {"Category": [date], "Values": lines}}
    return {"LineChartVisual": _described_visual(chart, {"FieldWells": wells, "Type": "LINE"})}


def _described_visual(chart: Chart, configuration: Document) -> Document:
    return {
        "VisualId": chart.name,
        "Title": {"Visibility": "VISIBLE", "FormatText": {"PlainText": chart.title}},
        "ChartConfiguration": configuration,
    }


def _value(chart: Chart, series: Series, table: BiTable) -> Document:
    name = chart_measure(series, table).name
    return {
        "NumericalMeasureField": {
            "FieldId": f"{chart.name}-{series.column}",
            "Column": {"DataSetIdentifier": table.name, "ColumnName": name},
        }
    }


def _layout() -> list[Document]:
    return [
        {
            "ElementId": chart.name,
            "ElementType": "VISUAL",
            "ColumnIndex": 0,
            "ColumnSpan": _GRID_COLUMNS,
            "RowIndex": number * _GRID_ROWS,
            "RowSpan": _GRID_ROWS,
        }
        for number, chart in enumerate(CHARTS)
    ]
