"""A part of the streams' store, loaded as it is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from google.cloud import bigquery

from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams import StreamStore
from strava_assets_tests.streams.samples import entry, recording
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine

pytestmark = pytest.mark.bigquery_emulator


def test_bigquery_loads_a_part_with_the_registry_s_types(emulator: str, tmp_path: Path) -> None:
    store = StreamStore(str(tmp_path))
    with store.writer() as writer:
        for activity in ("1", "2"):
            writer.add(entry(activity), recording(activity))
    [part] = Path(store.address).rglob("*.parquet")
    with closing(BigQueryEngine(emulator)) as engine:
        engine.prepare("CREATE TABLE other (n INT64)")
        name = f"{engine.dataset}.stream_samples"
        config = bigquery.LoadJobConfig(source_format="PARQUET")
        with part.open("rb") as file:
            engine.client.load_table_from_file(file, name, job_config=config).result()
        loaded = engine.client.get_table(name).schema
        assert [(field.name, field.field_type) for field in loaded] == [
            (column.name, _LEGACY_NAMES.get(column.type.bigquery, column.type.bigquery))
            for column in STREAM_SAMPLES.columns
        ]
        answer = engine.client.query(
            f"SELECT activity_id, COUNT(*) AS samples, SUM(watts) AS watts, MAX(t_s) AS t_s FROM {name} "  # noqa: S608 - ours
            "GROUP BY activity_id ORDER BY activity_id"
        ).result()
        rows = [dict(row) for row in answer]
    assert rows == [
        {"activity_id": activity, "samples": 40, "watts": 8_000.0, "t_s": 99} for activity in ("1", "2")
    ]


_LEGACY_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
"""A schema that is read back says the types' old names."""
