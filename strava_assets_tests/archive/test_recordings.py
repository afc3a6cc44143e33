"""FIT, GPX and TCX files: what was written in comes out, and a broken or hostile file gives a reason."""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import struct
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import gpxpy
import numpy as np
import pytest
from fitparse import FitFile

from strava_assets.archive import UnreadableFileError, read_recording
from strava_assets.archive import decoded_file as recorded_module
from strava_assets.archive.time_zones import clock_of, plausible_offset, zone_at
from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets_tests.archive.devices import LYON, START, Ride, a_ride, fit, gpx, tcx

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.archive import DecodedFile

CHANNELS = {
    "watts": "watts",
    "heartrate_bpm": "heartrate",
    "cadence_rpm": "cadence",
    "distance_m": "distance",
    "altitude_m": "altitude",
    "velocity_m_per_s": "speed",
    "temp_c": "temperature",
    "latitude_deg": "latitude",
    "longitude_deg": "longitude",
}
# What the formats have no place for.
LACKING = {"fit": set(), "gpx": {"velocity_m_per_s", "distance_m"}, "tcx": {"temp_c"}}
WRITERS: dict[str, Callable[[Ride], bytes]] = {"fit": fit, "gpx": gpx, "tcx": tcx}
BOMB = '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><gpx>&b;</gpx>'
LEAK = '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx>&x;</gpx>'


def assert_same(read: DecodedFile, ride: Ride, lacking: set[str]) -> None:
    assert read.start == ride.start
    assert read.channels["t_s"].tolist() == ride.t_s.tolist()
    assert set(read.channels) == {"t_s", *CHANNELS} - lacking
    for name, written in CHANNELS.items():
        if name in read.channels:
            # A FIT position resolves to a centimeter.
            np.testing.assert_allclose(read.channels[name], getattr(ride, written), rtol=0, atol=1.1e-7)


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("form", WRITERS)
def test_a_recording_is_read_as_it_was_written(form: str, packing: str) -> None:
    ride = a_ride(900, utc_offset_s=3600)
    content = WRITERS[form](ride)

    read = read_recording(gzip.compress(content) if packing else content)

    assert_same(read, ride, LACKING[form])
    assert set(read.channels) <= {column.name for column in STREAM_SAMPLES.columns}
    assert read.timezone == "Europe/Paris"
    assert read.utc_offset_s == (3600 if form == "fit" else None)


@pytest.mark.parametrize("form", WRITERS)
def test_pauses_are_holes_in_time_and_what_a_sensor_missed_is_missing(form: str) -> None:
    whole = a_ride(300)
    t_s = np.concatenate([np.arange(100.0), np.arange(400.0, 600.0)])
    watts = whole.watts
    assert watts is not None
    watts[[5, 6, 200]] = np.nan
    ride = replace(whole, t_s=t_s)

    read = read_recording(WRITERS[form](ride))

    assert read.channels["t_s"].tolist() == t_s.tolist()
    np.testing.assert_array_equal(read.channels["watts"], watts)


@pytest.mark.parametrize("form", WRITERS)
def test_a_sensor_that_said_nothing_has_no_channel(form: str) -> None:
    ride = replace(a_ride(60), heartrate=np.full(60, np.nan), cadence=None)

    read = read_recording(WRITERS[form](ride))

    assert not {"heartrate_bpm", "cadence_rpm"} & set(read.channels)


@pytest.mark.parametrize("form", WRITERS)
def test_a_meter_that_said_nought_all_along_measured_nothing(form: str) -> None:
    read = read_recording(WRITERS[form](replace(a_ride(60), watts=np.zeros(60))))

    assert "watts" not in read.channels


@pytest.mark.parametrize("form", ["fit", "tcx"])
def test_a_ride_indoors_has_no_place(form: str) -> None:
    read = read_recording(WRITERS[form](a_ride(60, place=None)))

    assert read.timezone is None
    assert "latitude_deg" not in read.channels
    assert read.channels["watts"].any()


@pytest.mark.parametrize("form", WRITERS)
def test_several_samples_within_a_second_are_one(form: str) -> None:
    ride = a_ride(40)

    read = read_recording(WRITERS[form](replace(ride, t_s=ride.t_s / 4)))

    assert read.channels["t_s"].tolist() == list(range(10))
    assert ride.heartrate is not None
    np.testing.assert_array_equal(read.channels["heartrate_bpm"], ride.heartrate[::4])


@pytest.mark.parametrize("form", WRITERS)
def test_a_clock_put_back_for_a_while_costs_that_while(form: str) -> None:
    t_s = np.concatenate([np.arange(100.0), np.arange(90.0, 200.0)])

    read = read_recording(WRITERS[form](replace(a_ride(210), t_s=t_s)))

    assert read.channels["t_s"].tolist() == list(range(200))


def test_values_no_body_and_no_place_has_are_missing() -> None:
    ride = a_ride(5)
    ride = replace(
        ride,
        watts=np.array([200, -5, 30_000, 210, 220.0]),
        heartrate=np.array([0, 120, 121, 0, 122.0]),
        latitude=np.array([45, 45, 95, 45, 45.0]),
    )

    read = read_recording(tcx(ride))

    # The spikes of power are counted where power is computed.
    np.testing.assert_array_equal(read.channels["watts"], [200, -5, 30_000, 210, 220])
    np.testing.assert_array_equal(read.channels["heartrate_bpm"], [np.nan, 120, 121, np.nan, 122])
    assert np.isnan(read.channels["latitude_deg"]).tolist() == [False, False, True, False, False]


def test_a_second_decoder_reads_the_same_fit_file() -> None:
    content = fit(a_ride(300, utc_offset_s=-18_000))

    read = read_recording(content)

    records = [message.get_values() for message in FitFile(io.BytesIO(content)).get_messages("record")]
    for name, field in (("watts", "power"), ("heartrate_bpm", "heart_rate"), ("distance_m", "distance")):
        assert read.channels[name].tolist() == [values[field] for values in records]
    assert read.start.replace(tzinfo=None) == records[0]["timestamp"]
    assert read.utc_offset_s == -18_000


def test_a_second_reader_reads_the_same_gpx_file() -> None:
    content = gpx(a_ride(300))

    read = read_recording(content)

    points = [p for track in gpxpy.parse(content.decode()).tracks for s in track.segments for p in s.points]
    assert read.channels["latitude_deg"].tolist() == [point.latitude for point in points]
    assert read.channels["altitude_m"].tolist() == [point.elevation for point in points]
    assert read.start == points[0].time


def test_gpx_power_is_read_from_every_makers_extension() -> None:
    content = gpx(a_ride(30)).decode()
    for tag in ("power", "pwr:PowerInWatts", "ns3:Watts"):
        changed = content.replace("<power>", f"<{tag}>").replace("</power>", f"</{tag}>")
        named = changed.replace("<gpx ", '<gpx xmlns:pwr="urn:p" xmlns:ns3="urn:n" ')
        assert "watts" in read_recording(named.encode()).channels


def test_a_tcx_file_may_begin_with_blanks() -> None:
    ride = a_ride(60)

    assert_same(read_recording(tcx(ride, blanks="          \n")), ride, LACKING["tcx"])


def test_what_a_file_is_stands_in_it_and_not_in_its_name() -> None:
    read = [read_recording(writer(a_ride(30))).channels["t_s"].tolist() for writer in WRITERS.values()]

    assert read == [list(range(30))] * 3


def test_seconds_since_switching_on_are_no_time() -> None:
    content = bytearray(fit(a_ride(10)))
    at = content.rindex(struct.pack("<I", 1_141_371_000 + 9))
    content[at : at + 4] = struct.pack("<I", 77)

    assert read_recording(bytes(content)).channels["t_s"].tolist() == list(range(9))


BROKEN_OR_HOSTILE = {
    "nothing": (b"", "empty"),
    "words": (b"what is this", "neither FIT nor GPX nor TCX"),
    "packed words": (gzip.compress(b"what is this"), "neither FIT nor GPX nor TCX"),
    "packed twice": (gzip.compress(gzip.compress(fit(a_ride(5)))), "gzip within gzip"),
    "bomb": (gzip.compress(bytes(20_000_000)), "as in a gzip bomb"),
    "gzip cut short": (gzip.compress(fit(a_ride(60)))[:-30], "gzip is damaged"),
    "FIT header alone": (fit(a_ride(60))[:20], "FIT file is damaged"),
    "FIT without a sample": (fit(Ride(t_s=np.empty(0))), "no sample"),
    "GPX cut short in its head": (gpx(a_ride(60))[:200], "XML is damaged"),
    "GPX without times": (
        gpx(a_ride(60)).replace(b"<time>", b"<tame>").replace(b"</time>", b"</tame>"),
        "no sample with a time",
    ),
    "entities that grow": (BOMB.encode(), "entities"),
    "entity that reads a file": (LEAK.encode(), "entities"),
    "document type": (
        b'<?xml version="1.0"?><!DOCTYPE TrainingCenterDatabase><TrainingCenterDatabase/>',
        "document type",
    ),
}


# Named, since a gzip holds the second it was made in: each worker would call the test by another name.
@pytest.mark.parametrize(("content", "why"), BROKEN_OR_HOSTILE.values(), ids=BROKEN_OR_HOSTILE)
def test_a_broken_or_hostile_file_gives_a_reason(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_recording(content)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strava_assets.archive.file_formats.MAX_BYTES", 100_000)
    noisy = random.Random(1).randbytes(200_000)  # noqa: S311 - noise

    with pytest.raises(UnreadableFileError, match="the limit of"):
        read_recording(gzip.compress(noisy))


def test_more_samples_than_any_activity_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_module, "MAX_SAMPLES", 10_000)

    with pytest.raises(UnreadableFileError, match="10,000 samples"):
        read_recording(fit(a_ride(20_001), with_crc=False))


@pytest.mark.parametrize("form", WRITERS)
def test_no_garbled_file_does_worse_than_give_a_reason(form: str) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable damage
    whole = WRITERS[form](a_ride(40, utc_offset_s=0))
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 3, 30])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        with contextlib.suppress(UnreadableFileError):
            channels = read_recording(bytes(content)).channels
            assert (np.diff(channels["t_s"]) > 0).all()
            assert {len(values) for values in channels.values()} == {len(channels["t_s"])}


def of(seconds: int = 600, **fields: Any) -> DecodedFile:
    return read_recording(fit(a_ride(seconds, **fields)))


def test_a_crop_on_strava_is_a_crop_of_the_recording() -> None:
    whole = of(600)

    cropped_to = whole.cropped_to(START + timedelta(seconds=200), 150)

    assert cropped_to.channels["t_s"].tolist() == list(range(151))
    assert cropped_to.channels["watts"].tolist() == whole.channels["watts"][200:351].tolist()
    assert cropped_to.start == START + timedelta(seconds=200)


def test_one_of_several_activities_of_a_file_gets_its_own_part() -> None:
    whole = of(600)

    parts = [whole.cropped_to(START + timedelta(seconds=s), 199) for s in (0, 200, 400)]

    assert [len(part.channels["t_s"]) for part in parts] == [200, 200, 200]


def test_seconds_count_from_the_start_that_strava_shows() -> None:
    late = of(600).cropped_to(START - timedelta(seconds=3), 700)

    assert late.channels["t_s"].tolist() == [t + 3 for t in range(600)]


@pytest.mark.parametrize("seconds", [-7200, 7200, 590])
def test_a_clock_that_was_put_right_on_strava_crops_nothing(seconds: int) -> None:
    whole = of(600)

    assert whole.cropped_to(START + timedelta(seconds=seconds), 599) is whole


def test_a_crop_without_a_known_end_goes_on_to_the_end() -> None:
    assert len(of(600).cropped_to(START + timedelta(seconds=100), None).channels["t_s"]) == 500


PARIS, SOLOMONS = "Europe/Paris", "Pacific/Guadalcanal"


@pytest.mark.parametrize(
    ("place", "device_s", "is_virtual", "clock"),
    [
        (PARIS, None, False, (PARIS, 3600)),
        (PARIS, 7200, False, (PARIS, 3600)),
        (SOLOMONS, 3600, True, (None, 3600)),
        (SOLOMONS, -18_000, True, ("America/New_York", -18_000)),
        (SOLOMONS, None, True, ("America/New_York", -18_000)),
        (None, 3600, False, (None, 3600)),
        (None, None, False, ("America/New_York", -18_000)),
        (None, 0, False, ("America/New_York", -18_000)),
    ],
)
def test_which_clock_an_activity_goes_by(
    place: str | None, device_s: int | None, *, is_virtual: bool, clock: tuple[str | None, int]
) -> None:
    result = clock_of(START, place, device_s, is_virtual=is_virtual, home="America/New_York")

    assert result == clock


def test_offsets_that_no_place_has_are_none() -> None:
    assert [plausible_offset(s) for s in (3600, 20_700, -34_200, 3720, 3480, 3721, 90_000)] == [
        3600,
        20_700,
        -34_200,
        3600,
        3600,
        None,
        None,
    ]


def test_zones_of_places() -> None:
    assert zone_at(*LYON) == PARIS
    assert zone_at(40.7, -74.0) == "America/New_York"
