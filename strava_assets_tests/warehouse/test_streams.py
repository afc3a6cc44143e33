"""The streams and the engines: what is wanted and what the books say on both; a part loaded as it is."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from google.cloud import bigquery

from strava_assets.checks.streams import recent_rides_have_streams, recordings_agree_with_activities
from strava_assets.data_checks import Subject
from strava_assets.history.landed_records import Origin, read_record
from strava_assets.history.stream_fetching import fingerprint_of, wanted, write_stream_index
from strava_assets.landing import Landing
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams import StreamStore, from_channels
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets_tests.history.stories import activity
from strava_assets_tests.streams.samples import entry, recording
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine

if TYPE_CHECKING:
    from strava_assets.warehouse import Warehouse

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.deep
def test_what_is_wanted_and_the_books_are_the_same_on_every_engine(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = StreamStore(str(tmp_path / "streams"))
    records = [
        activity(1),
        activity(2, device_watts=False),
        activity(3, manual=True),
        activity(4),
        activity(5, device_watts=None),
    ]
    rows = [read_record(record, Origin("api", "b", NOW)) for record in records]
    warehouse.ensure(ACTIVITIES)
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(ACTIVITIES.columns))
    warehouse.merge(ACTIVITIES, [batch], wins="TRUE", changed="TRUE", latest="fetched_at")
    stored = entry("4", fingerprint=fingerprint_of(rows[3]))
    with store.writer() as writer:
        writer.add(stored, recording("4"))
        writer.add(entry("6", status="none", reason="Strava has no streams of it"), None)

    def wants(which: str) -> list[str]:
        return [activity.activity_id for activity in wanted(warehouse, store.entries(), which, NOW)]

    assert (wants("power"), wants("all"), wants("none")) == (["1"], ["1", "5", "2"], [])
    for _ in range(2):
        assert write_stream_index(warehouse, store.entries()) == 2
    index = warehouse.query(
        "SELECT activity_id, status, samples, has_watts, fetched_at FROM activity_streams "
        "ORDER BY activity_id"
    )
    assert index.to_pylist() == [
        {"activity_id": "4", "status": "stored", "samples": 40, "has_watts": True, "fetched_at": NOW},
        {"activity_id": "6", "status": "none", "samples": 0, "has_watts": False, "fetched_at": NOW},
    ]
    finding = recent_rides_have_streams(Subject(warehouse, Landing(str(tmp_path / "landing")), store))
    assert finding.message.startswith("1 of 2 rides with a power meter have their streams")


def test_rides_that_marts_use_are_asked_for_before_others_with_power(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    # The ids grow with time: the run and the e-bike are the newest.
    sports = ["Ride", "GravelRide", "Run", "EBikeRide"]
    records = [activity(n, sport_type=sport) for n, sport in enumerate(sports, 1)]
    records.append(activity(5, device_watts=False))
    rows = [read_record(record, Origin("api", "b", NOW)) for record in records]
    warehouse.ensure(ACTIVITIES)
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(ACTIVITIES.columns))
    warehouse.merge(ACTIVITIES, [batch], wins="TRUE", changed="TRUE", latest="fetched_at")
    store = StreamStore(str(tmp_path / "streams"))

    def order(which: str, power_sports: tuple[str, ...] | None = None) -> list[str]:
        due = wanted(warehouse, store.entries(), which, NOW, power_sports=power_sports)
        return [each.activity_id for each in due]

    assert order("power")[:2] in (["1", "2"], ["2", "1"])
    assert set(order("power")[2:]) == {"3", "4"}
    assert order("all") == [*order("power"), "5"]
    assert order("power", ("Run",))[0] == "3"


@pytest.mark.deep
def test_a_recording_that_covers_less_than_its_activity_names_is_listed(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = StreamStore(str(tmp_path / "streams"))
    t_s = np.arange(3_700)
    whole = {
        "t_s": t_s,
        "watts": np.full(3_700, 180.0),
        "heartrate_bpm": np.full(3_700, 140.0),
        "cadence_rpm": np.full(3_700, 90.0),
        "distance_m": t_s * 30_000 / 3_699,
    }
    recordings = {
        "1": whole,
        "2": whole | {"watts": np.where(t_s < 200, np.nan, 180.0)},
        "3": {name: values for name, values in whole.items() if name != "heartrate_bpm"},
        "4": whole | {"cadence_rpm": np.where(t_s % 2, np.nan, 90.0)},
        "5": whole | {"distance_m": whole["distance_m"] / 2},
        "6": {name: values[:3_000] for name, values in whole.items()},
        "7": {"t_s": t_s},
        "8": whole | {"watts": np.where(t_s < 100, np.nan, 180.0)},
    }
    bare = {"device_watts": False, "average_watts": None, "distance": 0.0}
    named = {"average_heartrate": 140.0, "average_cadence": 90.0}
    records = [activity(int(number), **(bare if number == "7" else named)) for number in recordings]
    rows = [read_record(record, Origin("api", "b", NOW)) for record in records]
    warehouse.ensure(ACTIVITIES)
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(ACTIVITIES.columns))
    warehouse.merge(ACTIVITIES, [batch], wins="TRUE", changed="TRUE", latest="fetched_at")
    with store.writer() as writer:
        for number, channels in recordings.items():
            writer.add(entry(number), from_channels("7", number, channels))
    write_stream_index(warehouse, store.entries())

    finding = recordings_agree_with_activities(Subject(warehouse, Landing(str(tmp_path / "landing")), store))

    assert not finding.passed
    assert {(row["activity_id"], row["name"], row["measure"]) for row in finding.rows} == {
        ("2", "Ride 2", "power"),
        ("3", "Ride 3", "heart rate"),
        ("4", "Ride 4", "cadence"),
        ("5", "Ride 5", "distance"),
        ("6", "Ride 6", "distance"),
        ("6", "Ride 6", "elapsed time"),
    }
    assert "report the device" in finding.message


@pytest.mark.bigquery_emulator
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
