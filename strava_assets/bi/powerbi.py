"""A Power BI project (PBIP): a semantic model, a report on it, and the file that opens both.

Everything is text, so that it can be kept in git and compared.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from strava_assets.bi.pbir import SCHEMAS, Document, report
from strava_assets.bi.tables import exported_tables
from strava_assets.bi.tmdl import semantic_model

if TYPE_CHECKING:
    from strava_assets.bi.sources import PowerBISource

NAME = "strava_assets"
_MODEL, _REPORT = f"{NAME}.SemanticModel", f"{NAME}.Report"
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562: names that are addresses


def project_files(source: PowerBISource) -> dict[str, str]:
    """The project's files by their paths.

    Args:
        source: where the published tables are read from.
    """
    tables = exported_tables()
    documents: dict[str, Document] = {
        f"{NAME}.pbip": {
            "$schema": f"{SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
            "version": "1.0",
            "artifacts": [{"report": {"path": _REPORT}}],
            "settings": {"enableAutoRecovery": True},
        },
        f"{_MODEL}/.platform": _platform("SemanticModel"),
        f"{_MODEL}/definition.pbism": {
            "$schema": f"{SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
            "version": "4.2",
            "settings": {},
        },
        f"{_REPORT}/.platform": _platform("Report"),
        f"{_REPORT}/definition.pbir": {
            "$schema": f"{SCHEMAS}/item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{_MODEL}"}},
        },
    }
    pages = report({table.name: table for table in tables})
    documents |= {f"{_REPORT}/definition/{path}": document for path, document in pages.items()}
    model = semantic_model(tables, source)
    return {
        **{path: json.dumps(document, indent=2) + "\n" for path, document in documents.items()},
        **{f"{_MODEL}/definition/{path}": text for path, text in model.items()},
    }


def _platform(kind: str) -> Document:
    """What Fabric knows an item by; the same for every project, so that a new one replaces the old."""
    return {
        "$schema": f"{SCHEMAS}/gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": kind, "displayName": NAME},
        "config": {"version": "2.0", "logicalId": str(uuid.uuid5(_NAMESPACE, f"{NAME}.{kind}"))},
    }
