"""One emulator for the folder, and the sample athlete's chain run on both engines over one landing."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from strava_assets.sandbox import Sandbox, figures_file
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.chain import chain
from strava_assets_tests.warehouse.bigquery_engine import (
    LOCATION,
    PROJECT,
    BigQueryEngine,
    running_emulator,
    why_missing,
)
from strava_assets_tests.warehouse.front import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.warehouse import Warehouse
    from strava_assets_tests.chain import Run


HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "bigquery_emulator: needs the BigQuery emulator, and some seconds for it"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that asks for the sample athlete waits for two syncs of a whole history."""
    for item in items:
        if item.path.parent == HERE and "sample" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(1500))


@pytest.fixture(scope="session")
def emulator_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulator keeps its own; it looks for `gs://` in `gcs` there."""
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="session")
def emulator(emulator_folder: Path) -> Iterator[str]:
    """The address of a BigQuery emulator; datasets keep apart what must not meet."""
    if reason := why_missing():
        pytest.skip(reason)
    with running_emulator(emulator_folder) as address:
        yield address


@dataclass(frozen=True)
class Sample:
    """The sample athlete after one sync on BigQuery and one load on DuckDB from the same landing and streams.

    Args:
        home: of the platform; its DuckDB file is there.
        on_bigquery: the tables on the emulator, open.
        on_duckdb: those in the file, open and read only.
        bigquery_run: what the sync did; another one before it had listed and loaded the activities.
        duckdb_run: what the load did.
        sent: every statement the sync sent to BigQuery, with its parameters' types, as it went over the wire.
        sent_before: those of the one before.
    """

    home: Path
    on_bigquery: Warehouse
    on_duckdb: Warehouse
    bigquery_run: Run
    duckdb_run: Run
    sent: list[tuple[str, dict[str, str]]]
    sent_before: list[tuple[str, dict[str, str]]]


@pytest.fixture(scope="session")
def sample(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    home = tmp_path_factory.mktemp("sample") / "home"
    home.mkdir()
    (home / "athlete.toml").write_text(figures_file(datetime.now(UTC).date()))
    engine = BigQueryEngine(emulator)
    with standing(emulator) as front, chain(home, Sandbox.sample()) as platform:
        fields: dict[str, Any] = {
            "streams": "power",
            "warehouse": "bigquery",
            "gcp_project": PROJECT,
            "bigquery_dataset": engine.dataset,
            "bigquery_location": LOCATION,
            "bigquery_api_endpoint": front.address,
        }
        platform.ingest(**fields)
        before = len(front.bodies)
        on_bigquery = platform.compute(**fields)
        fetching_and_page = dg.AssetSelection.assets(
            "raw_activities", "archive_activities", "insights_report"
        )
        on_duckdb = platform._run_selection(dg.AssetSelection.all() - fetching_and_page)
        sent_before, sent = (
            list(_statements(bodies)) for bodies in (front.bodies[:before], front.bodies[before:])
        )
        path = platform.settings().duckdb_path
    with closing(engine), engine.open() as opened, DuckDBWarehouse(path, read_only=True) as here:
        yield Sample(home, opened, here, on_bigquery, on_duckdb, sent, sent_before)


def _statements(bodies: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The statements among what was posted; uploads are no JSON, other calls and dry runs no statement."""
    for body in bodies:
        if not body.startswith("{"):
            continue
        configured: dict[str, Any] = json.loads(body).get("configuration", {})
        query = configured.get("query", {})
        if query and not configured.get("dryRun"):
            yield query["query"], {p["name"]: _type(p["parameterType"]) for p in query["queryParameters"]}


def _type(document: dict[str, Any]) -> str:
    return f"ARRAY<{_type(document['arrayType'])}>" if "arrayType" in document else str(document["type"])
