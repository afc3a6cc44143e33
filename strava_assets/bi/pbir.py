"""The report of Power BI as PBIR: one page with the charts, each a folder of its own.

The files' form is Microsoft's (https://learn.microsoft.com/power-bi/developer/projects/projects-report), each
named by the schema that it follows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from strava_assets.bi.charts import CHARTS, Chart, chart_measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.bi.tables import BiTable, Measure

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_DEFINITION = f"{SCHEMAS}/item/report/definition"
_WIDTH, _HEIGHT, _MARGIN = 1280, 900, 20

Document = dict[str, Any]


def object_name(name: str) -> str:
    """The name of a page or visual: 20 hexadecimal digits, as Power BI Desktop gives them."""
    return hashlib.sha256(name.encode()).hexdigest()[:20]


_PAGE = object_name("riding")


def report(tables: Mapping[str, BiTable]) -> dict[str, Document]:
    """The report's files by their paths below `definition/`.

    Args:
        tables: the tables that its charts read, by name.
    """
    return {
        "version.json": {"$schema": f"{_DEFINITION}/versionMetadata/1.0.0/schema.json", "version": "2.0.0"},
        "report.json": {"$schema": f"{_DEFINITION}/report/3.0.0/schema.json", "themeCollection": {}},
        "pages/pages.json": {
            "$schema": f"{_DEFINITION}/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [_PAGE],
            "activePageName": _PAGE,
        },
        f"pages/{_PAGE}/page.json": {
            "$schema": f"{_DEFINITION}/page/2.0.0/schema.json",
            "name": _PAGE,
            "displayName": "Riding",
            "displayOption": "FitToPage",
            "height": _HEIGHT,
            "width": _WIDTH,
        },
        **{
            f"pages/{_PAGE}/visuals/{object_name(chart.name)}/visual.json": _visual(
                chart, tables[chart.mart], number
            )
            for number, chart in enumerate(CHARTS)
        },
    }


def _visual(chart: Chart, table: BiTable, number: int) -> Document:
    height = (_HEIGHT - _MARGIN * (len(CHARTS) + 1)) // len(CHARTS)
    lines, bars = chart.styled("line"), chart.styled("bar")
    # The bars have the first axis where there are both.
    roles = {"Y": bars, "Y2": lines} if bars else {"Y": lines}
    date = {"Column": _property(table.name, chart.date)}
    return {
        "$schema": f"{_DEFINITION}/visualContainer/2.0.0/schema.json",
        "name": object_name(chart.name),
        "position": {
            "x": _MARGIN,
            "y": _MARGIN + number * (height + _MARGIN),
            "z": number,
            "height": height,
            "width": _WIDTH - 2 * _MARGIN,
            "tabOrder": number,
        },
        "visual": {
            "visualType": "lineClusteredColumnComboChart" if bars else "lineChart",
            "query": {
                "queryState": {
                    "Category": {
                        "projections": [_projection(date, f"{table.name}.{chart.date}", chart.date)]
                    },
                    **{
                        role: {
                            "projections": [
                                _measured(chart_measure(each, table), each.label) for each in series
                            ]
                        }
                        for role, series in roles.items()
                    },
                },
                "sortDefinition": {"sort": [{"field": date, "direction": "Ascending"}]},
            },
            "visualContainerObjects": {"title": [{"properties": {"text": _text(chart.title)}}]},
        },
    }


def _measured(measure: Measure, label: str) -> Document:
    field = {"Measure": _property(measure.mart, measure.name)}
    return _projection(field, f"{measure.mart}.{measure.name}", label)


def _projection(field: Document, reference: str, label: str) -> Document:
    return {"field": field, "queryRef": reference, "nativeQueryRef": label, "displayName": label}


def _property(table: str, name: str) -> Document:
    return {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}


def _text(value: str) -> Document:
    quoted = value.replace("'", "''")
    return {"expr": {"Literal": {"Value": f"'{quoted}'"}}}
