"""The rides' seconds as BigQuery reads them: the documentation's statements, and the files themselves."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.cloud import bigquery

from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams import StreamStore
from strava_assets_tests.parity import googlesql
from strava_assets_tests.parity.test_statements import catalog
from strava_assets_tests.streams.samples import entry, recording
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine

if TYPE_CHECKING:
    from strava_assets.warehouse import Warehouse

DOCUMENT = Path(__file__).parents[2] / "docs" / "streams.md"


@pytest.mark.deep
@pytest.mark.skipif(bool(googlesql.why_missing()), reason=googlesql.why_missing())
def test_the_statements_of_the_documentation_are_some_by_googles_own_analyzer() -> None:
    _, of_bigquery = DOCUMENT.read_text().split("**BigQuery**")
    written = "".join(re.findall(r"```sql\n(.*?)```", of_bigquery, re.DOTALL))
    statements = [sql.strip() for sql in written.replace("strava.", "").split(";") if sql.strip()]
    samples = googlesql.table_of(STREAM_SAMPLES.columns)
    tables = {
        "stream_samples": googlesql.TableOf(samples.columns | {"athlete": "STRING", "year": "INT64"}),
        "stream_samples_loaded": samples,
    }

    answers = googlesql.ask(catalog() | tables, [googlesql.Statement(sql) for sql in statements])

    assert [sql.split()[0] for sql in statements] == ["CREATE", "SELECT", "LOAD"]
    assert [answer["error"] for answer in answers if "error" in answer] == []


@pytest.mark.bigquery_emulator
@pytest.mark.xdist_group("bigquery_emulator")
def test_the_files_load_as_they_are_and_each_recording_once(emulator: str, emulator_folder: Path) -> None:
    store = StreamStore(str(emulator_folder / "gcs" / "a-bucket" / "streams"))
    for fingerprint, watts in (("first", 150.0), ("edited", 210.0)):
        with store.writer() as writer:
            writer.add(entry("1", fingerprint=fingerprint), recording("1", watts, seconds=40))
    with store.writer() as writer:
        writer.add(entry("2", year=2025), recording("2", 200.0, seconds=60))
        writer.add(entry("3", status="none", reason="there are none"), None)
    declared = {column.name: column.type for column in STREAM_SAMPLES.columns}
    with closing(BigQueryEngine(emulator)) as engine, engine.open() as warehouse:
        load(engine, warehouse)
        totals = warehouse.query(
            "SELECT activity_id, COUNT(*) AS samples, MIN(watts) AS least, MAX(watts) AS most "
            "FROM stream_samples GROUP BY activity_id ORDER BY activity_id"
        )

        columns = warehouse.stored_columns("stream_samples")
        assert {name: columns[name] for name in declared} == declared
    assert totals.to_pylist() == [
        {"activity_id": "1", "samples": 40, "least": 210.0, "most": 210.0},
        {"activity_id": "2", "samples": 60, "least": 200.0, "most": 200.0},
    ]


def load(engine: BigQueryEngine, warehouse: Warehouse) -> None:
    """Load the files by their address, as the documentation's LOAD DATA does, which the emulator has not."""
    warehouse.ensure(STREAM_SAMPLES)
    warehouse.drop(STREAM_SAMPLES.name)
    config = bigquery.LoadJobConfig(source_format="PARQUET")
    address = f"{engine.dataset}.{STREAM_SAMPLES.name}"
    engine.client.load_table_from_uri("gs://a-bucket/streams/*", address, job_config=config).result()
