"""A real export, kept minimal by those who published it, and the German headers of another."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fitparse import FitFile

from strava_assets.archive import Export, Facts, read_activities, read_recording, record_of
from strava_assets.archive.header import parse_header
from strava_assets_tests.archive.exports import packed
from strava_assets_tests.conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

EXPORT = FIXTURES / "bulk-export"
FILE = "activities/12866632127.fit.gz"
pytestmark = pytest.mark.skipif(
    not EXPORT.is_dir(), reason=f"{EXPORT} is not there: the real export is not part of the project"
)


@pytest.fixture(params=["folder", "zip"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Export:
    where = EXPORT if request.param == "folder" else packed(EXPORT, tmp_path / "export_1.zip")
    return Export(where)


def test_its_activity_is_read(export: Export) -> None:
    with export:
        [row] = read_activities(export)
        read = read_recording(export.read(row.text("Filename"), 10_000_000))

    facts = Facts("watts" in read.channels, read.timezone, read.utc_offset_s)
    record = record_of(row, "1", facts, "UTC")

    expected = {
        "id": 12070555079,
        "name": "Laufen Landal Park",
        "sport_type": "Run",
        "start_date": "2022-05-29T15:53:35Z",
        "start_date_local": "2022-05-29T17:53:35Z",
        "timezone": "Europe/Berlin",
        "utc_offset": 7200.0,
        "distance": 3322.949951171875,
        "moving_time": 1411,
        "elapsed_time": 1428,
        "average_speed": 2.355031967163086,
        "manual": False,
        "commute": False,
    }
    assert {name: record[name] for name in expected} == expected
    assert "device_watts" not in record
    assert "average_heartrate" not in record


def test_its_recording_is_what_a_second_decoder_reads(export: Export) -> None:
    with export:
        content = export.read(FILE, 10_000_000)
    read = read_recording(content)

    messages = FitFile(io.BytesIO(gzip.decompress(content))).get_messages("record")
    records = [message.get_values() for message in messages]
    began = records[0]["timestamp"]
    assert read.start.replace(tzinfo=None) == began
    assert read.channels["t_s"].tolist() == [(v["timestamp"] - began).total_seconds() for v in records]
    fields = {
        "distance_m": "distance",
        "cadence_rpm": "cadence",
        "altitude_m": "enhanced_altitude",
        "velocity_m_per_s": "enhanced_speed",
    }
    for name, field in fields.items():
        values = [np.nan if v.get(field) is None else v[field] for v in records]
        np.testing.assert_array_equal(read.channels[name], values)
    for name, field in (("latitude_deg", "position_lat"), ("longitude_deg", "position_long")):
        values = [np.nan if v.get(field) is None else v[field] * 180 / 2**31 for v in records]
        np.testing.assert_allclose(read.channels[name], values, rtol=0, atol=1e-12)


def test_its_recording_ends_with_the_distance_that_strava_shows(export: Export) -> None:
    with export:
        [row] = read_activities(export)
        read = read_recording(export.read(FILE, 10_000_000))

    assert read.channels["distance_m"][-1] == pytest.approx(row.number("Distance"), abs=0.01)
    assert read.channels["t_s"][-1] == row.number("Elapsed Time")
    start = row.moment("Activity Date")
    assert start == read.start
    assert len(read.cropped_to(start, 1428).channels["t_s"]) == len(read.channels["t_s"])


def test_every_header_of_a_real_german_export_is_known() -> None:
    real = json.loads((EXPORT / "de-en-column-mapping.json").read_text(encoding="utf-8"))
    real.pop("NaN")  # a header that was missing where the list was made

    header = parse_header(list(real))

    assert header.language.name == "German"
    assert header.names == tuple(real.values())
