"""What devices do wrong: clocks, sensors in turn, fields of apps, dead batteries."""

from __future__ import annotations

import gzip
import re
import struct
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.archive import UnreadableFileError, decompress, read_recording, refuse_other_files
from strava_assets.archive.errors import NoSamplesError
from strava_assets.archive.fit_decoder import FitMessages
from strava_assets.archive.recorded_sport import recorded_sport
from strava_assets_tests.archive.devices import (
    START,
    RawField,
    a_ride,
    field_description,
    file_id,
    fit,
    fit_file,
    fit_messages,
    gpx,
    records,
    tcx,
)
from strava_assets_tests.peak_memory import with_peak_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.archive import DecodedFile
    from strava_assets_tests.archive.devices import Ride

WRITERS: dict[str, Callable[[Ride], bytes]] = {"fit": fit, "gpx": gpx, "tcx": tcx}
SIXTY = np.arange(60)
BEGAN_FIT_S = 1_141_371_000


def read(*messages: bytes) -> DecodedFile:
    return read_recording(fit_file(file_id(), *messages))


def seconds_of(recording: DecodedFile) -> list[float]:
    return [float(second) for second in recording.channels["t_s"]]


def watts(values: Any) -> RawField:
    return RawField(7, "uint16", values)


def by_app(number: int, kind: str, values: Any) -> RawField:
    return RawField(number, kind, values, developer=0)


# Fields of apps.


@pytest.mark.parametrize(
    ("native", "kind", "value", "channel"),
    [
        (7, "uint16", 250, "watts"),
        (7, "float32", 250.5, "watts"),
        (3, "uint8", 140, "heartrate_bpm"),
        (4, "uint8", 88, "cadence_rpm"),
        (5, "float64", 1234.5, "distance_m"),
        (6, "float32", 3.25, "velocity_m_per_s"),
        (73, "float32", 3.25, "velocity_m_per_s"),
    ],
)
def test_a_developer_field_is_what_it_declares_to_be(
    native: int, kind: str, value: float, channel: str
) -> None:
    recording = read(field_description(0, kind, native), records(SIXTY, by_app(0, kind, [value] * 60)))

    np.testing.assert_array_equal(recording.channels[channel], value)


def test_a_developer_field_counts_where_the_native_field_is_always_zero() -> None:
    app = by_app(0, "uint16", [250] * 60)

    recording = read(field_description(0, "uint16", 7), records(SIXTY, watts([0] * 60), app))

    np.testing.assert_array_equal(recording.channels["watts"], 250)


def test_a_meter_goes_before_an_app_and_its_zeros_are_coasting() -> None:
    native = np.where(SIXTY < 20, 0xFFFF, np.where(SIXTY < 40, 0, 200))

    app = by_app(0, "uint16", [250] * 60)
    recording = read(field_description(0, "uint16", 7), records(SIXTY, watts(native), app))

    expected = np.where(SIXTY < 20, 250, native)
    np.testing.assert_array_equal(recording.channels["watts"], expected)


def test_the_base_types_invalid_value_of_a_developer_field_is_missing() -> None:
    app = by_app(0, "uint16", np.where(SIXTY < 10, 0xFFFF, 250))

    recording = read(field_description(0, "uint16", 7), records(SIXTY, app))

    assert np.isnan(recording.channels["watts"][:10]).all()
    assert (recording.channels["watts"][10:] == 250).all()


def test_units_and_scale_of_a_developer_field_are_converted() -> None:
    speed, distance = by_app(0, "float32", [36.0] * 60), by_app(1, "uint32", SIXTY * 10)

    recording = read(
        field_description(0, "float32", 6, units="km/h"),
        field_description(1, "uint32", 5, units="m", scale=10, offset=0),
        records(SIXTY, speed, distance),
    )

    np.testing.assert_allclose(recording.channels["velocity_m_per_s"], 10)
    np.testing.assert_array_equal(recording.channels["distance_m"], SIXTY)


def test_a_developer_field_that_declares_nothing_is_not_a_channel() -> None:
    recording = read(field_description(0, "uint16", 0xFF), records(SIXTY, by_app(0, "uint16", [250] * 60)))

    assert set(recording.channels) == {"t_s"}


# Native fields.


def test_the_first_field_with_a_value_counts_sample_by_sample() -> None:
    native = RawField(6, "uint16", np.where(SIXTY < 30, 5000, 0xFFFF))
    enhanced = RawField(73, "uint32", [6000] * 60)

    recording = read(records(SIXTY, enhanced, native))

    np.testing.assert_array_equal(recording.channels["velocity_m_per_s"], np.where(SIXTY < 30, 5, 6))


def test_an_altitude_below_the_sea_is_an_altitude() -> None:
    native, enhanced = RawField(2, "uint16", [2400] * 60), RawField(78, "uint32", [3000] * 60)

    np.testing.assert_array_equal(read(records(SIXTY, native, enhanced)).channels["altitude_m"], -20)


def test_the_first_element_with_a_value_of_an_array_counts() -> None:
    recording = read(records(SIXTY, RawField(78, "uint32", [[0xFFFFFFFF, 3000]] * 60)))

    np.testing.assert_array_equal(recording.channels["altitude_m"], 100)


def test_packed_speed_and_distance_go_on_beyond_256_m() -> None:
    sixteenths = SIXTY * 10 * 16 % 4096
    packed = np.stack([500 % 256 + 0 * SIXTY, 500 // 256 + sixteenths % 16 * 16, sixteenths // 16], axis=1)

    recording = read(records(SIXTY, RawField(8, "byte", packed)))

    np.testing.assert_array_equal(recording.channels["distance_m"], SIXTY * 10)
    np.testing.assert_array_equal(recording.channels["velocity_m_per_s"], 5)


def test_empty_packed_distance_hides_no_good_one() -> None:
    distance, packed = RawField(5, "uint32", SIXTY * 800), RawField(8, "byte", [[255, 255, 255]] * 60)

    recording = read(records(SIXTY, distance, packed))

    np.testing.assert_array_equal(recording.channels["distance_m"], SIXTY * 8)


def test_big_endian_messages_are_read() -> None:
    assert (read(records(SIXTY, watts([258] * 60), big_endian=True)).channels["watts"] == 258).all()


def test_messages_of_several_definitions_stay_in_order() -> None:
    parts = [records([second], watts([100 + second]), local=second % 2) for second in range(20)]
    parts += [records([20 + second], RawField(4, "uint8", [90])) for second in range(3)]

    recording = read(*parts)

    assert recording.channels["watts"][:20].tolist() == [100 + second for second in range(20)]
    assert np.isnan(recording.channels["watts"][20:]).all()


def test_power_that_no_rider_has_is_left_to_the_spikes() -> None:
    assert read(records(SIXTY, watts([12_000] * 60))).channels["watts"][0] == 12_000


def test_values_out_of_range_are_counted() -> None:
    recording = read_recording(tcx(replace(a_ride(60), cadence=np.where(SIXTY < 3, 5_000.0, 90.0))))

    assert recording.notes == ("Values of cadence_rpm outside of 0 to 1000, dropped: 3.",)


# Heart rates that come later.


def beats(*fields: RawField) -> bytes:
    return fit_messages(4, 132, *fields)


def test_heart_rates_are_placed_by_their_events() -> None:
    anchor = beats(
        RawField(253, "uint32", [BEGAN_FIT_S]),
        RawField(0, "uint16", [16_384]),
        RawField(9, "uint32", [10_240]),
        RawField(6, "uint8", [100]),
    )
    later = beats(
        RawField(9, "uint32", 10_240 + 1024 * np.arange(1, 30)), RawField(6, "uint8", 100 + np.arange(1, 30))
    )

    recording = read(records(SIXTY, watts([200] * 60)), anchor, later)

    heart_rate = recording.channels["heartrate_bpm"]
    # The first beat is half a second after the start, and the last one holds for five seconds.
    assert heart_rate[1:30].tolist() == [100 + second for second in range(29)]
    assert np.isnan(heart_rate[[0, 40]]).all()
    assert heart_rate[34] == 129


def test_packed_heart_rate_events_count_on_from_the_one_before() -> None:
    anchor = beats(
        RawField(253, "uint32", [BEGAN_FIT_S]), RawField(9, "uint32", [4090]), RawField(6, "uint8", [120])
    )
    events = 4090 + 1024 * np.arange(1, 9)
    low = events % 4096
    packed = [[low[i] % 256, low[i] // 256 + low[i + 1] % 16 * 16, low[i + 1] // 16] for i in range(0, 8, 2)]
    later = beats(RawField(10, "byte", [np.ravel(packed)]), RawField(6, "uint8", [np.arange(121, 129)]))

    recording = read(records(np.arange(9), watts([200] * 9)), anchor, later)

    assert recording.channels["heartrate_bpm"].tolist() == list(range(120, 129))


def test_a_heart_rate_of_the_record_goes_before_that_of_a_message() -> None:
    anchor = beats(
        RawField(253, "uint32", [BEGAN_FIT_S]), RawField(9, "uint32", [0]), RawField(6, "uint8", [100])
    )

    recording = read(records([0, 1], RawField(3, "uint8", [90, 0])), anchor)

    assert recording.channels["heartrate_bpm"].tolist() == [90, 100]


# Clocks.


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("spikes", [[1], [300], [599], [10, 11, 12, 300]])
@pytest.mark.parametrize("ahead_s", [63_072_000, -63_072_000])
def test_an_outlier_in_time_costs_itself_only(form: str, spikes: list[int], ahead_s: int) -> None:
    t_s = np.arange(600.0)
    t_s[spikes] += ahead_s

    recording = read_recording(WRITERS[form](replace(a_ride(600), t_s=t_s)))

    assert seconds_of(recording) == [t for t in range(600) if t not in spikes]
    assert recording.notes == (f"Samples with an impossible time, dropped: {len(spikes)}.",)


def test_a_group_of_outliers_is_dropped_wherever_it_stands() -> None:
    t_s = np.arange(1_816.0)
    t_s[[*range(500, 510), 1_000, 1_200, 1_814, 1_815]] += 63_072_000

    recording = read_recording(fit(replace(a_ride(1_816), t_s=t_s)))

    assert len(recording.channels["t_s"]) == 1_802
    assert recording.channels["t_s"][-1] == 1_813


def test_times_of_which_none_has_many_near_it_are_not_all_dropped() -> None:
    # By the day the seven that are far from each other are outliers, by the year the five that are together.
    first = np.full(5, 700_000_000)
    recording = read(
        records(np.concatenate([first, 1_700_000_000 + 16_777_216 * np.arange(7)]), watts(np.full(12, 200)))
    )
    assert seconds_of(recording) == [0.0]


def test_a_quarter_of_the_samples_in_another_year_does_not_make_the_recording_unusable() -> None:
    t_s = np.arange(600.0)
    t_s[:150] -= 2 * 365 * 86_400

    recording = read_recording(fit(replace(a_ride(600), t_s=t_s)))

    assert len(recording.channels["t_s"]) == 450
    assert "dropped: 150" in recording.notes[0]


@pytest.mark.parametrize("form", WRITERS)
def test_a_single_sample_some_minutes_away_is_an_outlier_too(form: str) -> None:
    t_s = np.arange(600.0)
    t_s[100] += 900

    recording = read_recording(WRITERS[form](replace(a_ride(600), t_s=t_s)))

    assert seconds_of(recording) == [t for t in range(600) if t != 100]


@pytest.mark.parametrize("back_s", [100, 3_600])
def test_a_clock_that_is_set_back_goes_on(back_s: int) -> None:
    t_s = np.arange(600.0)
    t_s[420:] -= back_s

    recording = read_recording(fit(replace(a_ride(600), t_s=t_s)))

    assert seconds_of(recording) == list(range(600))
    assert "set back" in recording.notes[0]


def test_a_clock_set_back_after_an_outlier_goes_on_as_well() -> None:
    t_s = np.arange(600.0)
    t_s[420:] -= 3_600
    t_s[300] += 63_072_000

    assert len(seconds_of(read_recording(fit(replace(a_ride(600), t_s=t_s))))) == 599


@pytest.mark.parametrize("form", WRITERS)
def test_samples_in_the_wrong_order_are_sorted(form: str) -> None:
    ride = a_ride(60, start=START + timedelta(seconds=60))

    recording = read_recording(WRITERS[form](replace(ride, t_s=-ride.t_s)))

    assert seconds_of(recording) == list(range(60))
    assert ride.heartrate is not None
    assert recording.channels["heartrate_bpm"].tolist() == ride.heartrate[::-1].tolist()
    assert "sorted" in recording.notes[0]


def test_a_clock_that_is_put_right_by_20_days_keeps_all_samples() -> None:
    t_s = np.arange(567.0)
    t_s[102:] += 20 * 86_400
    whole = read_recording(fit(replace(a_ride(567), t_s=t_s)))

    assert len(whole.channels["t_s"]) == 567
    for start_s, elapsed_s in ((0, 566), (20 * 86_400, 566), (0, 566 + 20 * 86_400)):
        cropped = whole.cropped_to(START + timedelta(seconds=start_s), elapsed_s)
        assert len(cropped.channels["t_s"]) == 567
    assert seconds_of(whole.cropped_to(START, 566)) == list(range(567))


def test_samples_from_before_the_clock_was_set_come_first() -> None:
    t_s = np.arange(600.0)
    t_s[:30] -= BEGAN_FIT_S - 1000

    recording = read_recording(fit(replace(a_ride(600), t_s=t_s)))

    assert seconds_of(recording) == list(range(600))
    assert recording.start == START
    assert "30 samples" in recording.notes[0]


def test_a_clock_that_is_never_set_goes_by_the_activitys_date() -> None:
    recording = read_recording(fit(a_ride(60, start=START - timedelta(seconds=BEGAN_FIT_S - 1000))))

    cropped = recording.cropped_to(START, 59)

    assert cropped.start == START
    assert seconds_of(cropped) == list(range(60))


def test_compressed_timestamps_count_on_and_begin_again_every_32_s() -> None:
    heart_rate = RawField(3, "uint8", [120])
    definition = fit_messages(0, 20, heart_rate)[:-2]
    body = records([0], heart_rate, local=1) + definition
    body += b"".join(bytes([0x80 | (BEGAN_FIT_S + 2 * n) % 32, 120 + n]) for n in range(1, 60))

    recording = read(body)

    assert seconds_of(recording) == [2 * n for n in range(60)]
    assert recording.channels["heartrate_bpm"].tolist() == [120 + n for n in range(60)]


# Seconds.


def test_sensors_that_write_in_turn_share_their_second() -> None:
    parts = []
    for second in range(30):
        parts += [records([second], RawField(3, "uint8", [140])), records([second], watts([250]))]

    recording = read(*parts)

    assert seconds_of(recording) == list(range(30))
    assert (recording.channels["heartrate_bpm"] == 140).all()
    assert (recording.channels["watts"] == 250).all()
    assert recording.notes == ()


def test_values_of_a_second_that_had_one_are_counted() -> None:
    recording = read(records([0, 0, 1], watts([100, 150, 200])))

    assert recording.channels["watts"].tolist() == [100, 200]
    assert recording.notes == ("Samples of a second that had one already, dropped: 1.",)


# Places.


def test_zero_zero_is_not_a_position() -> None:
    ride = a_ride(60)
    assert ride.latitude is not None
    assert ride.longitude is not None
    no_fix = SIXTY < 3
    ride = replace(
        ride,
        latitude=np.where(no_fix, 0, ride.latitude),
        longitude=np.where(no_fix, 0, ride.longitude),
    )

    for writer in WRITERS.values():
        recording = read_recording(writer(ride))
        assert recording.timezone == "Europe/Paris"
        assert np.isnan(recording.channels["latitude_deg"]).tolist() == no_fix.tolist()


def test_a_virtual_world_has_no_zone() -> None:
    positions = RawField(0, "sint32", [-139_000_000] * 60), RawField(1, "sint32", [1_990_000_000] * 60)
    by_maker = fit_file(file_id(manufacturer=260), records(SIXTY, *positions))
    by_sport = fit_file(file_id(), records(SIXTY, *positions), fit_messages(5, 18, RawField(6, "enum", [58])))
    outdoors = fit_file(file_id(), records(SIXTY, *positions))

    zones = [read_recording(content).timezone for content in (by_maker, by_sport, outdoors)]

    assert zones[:2] == [None, None]
    assert zones[2] is not None


# Files that are not whole.


@pytest.mark.parametrize("form", WRITERS)
def test_what_stands_before_damage_is_kept(form: str) -> None:
    content = WRITERS[form](a_ride(600))

    recording = read_recording(content[: len(content) // 2])

    kept_s = len(recording.channels["t_s"])
    assert 250 < kept_s < 350
    assert f"damaged after {kept_s - 1} s" in recording.notes[0]


def test_a_device_that_never_wrote_the_size_is_read() -> None:
    content = bytearray(fit(a_ride(60)))
    content[4:8] = bytes(4)

    recording = read_recording(bytes(content[:-2]))

    assert len(recording.channels["t_s"]) == 60
    assert "cut short" in recording.notes[0]


@pytest.mark.parametrize(("rest", "notes"), [(bytes(16), 0), (b"firmware", 1)])
def test_what_follows_a_whole_file_changes_nothing(rest: bytes, notes: int) -> None:
    recording = read_recording(fit(a_ride(60)) + rest)

    assert len(recording.channels["t_s"]) == 60
    assert len(recording.notes) == notes


def test_several_fit_files_in_one_are_one_recording() -> None:
    content = fit(a_ride(60)) + fit(a_ride(60, start=START + timedelta(seconds=100)))

    assert seconds_of(read_recording(content)) == [*range(60), *range(100, 160)]


def test_a_message_without_a_definition_ends_the_file() -> None:
    recording = read(records(SIXTY, watts([200] * 60)), b"\x0e\x00\x00")

    assert len(recording.channels["t_s"]) == 60
    assert "no message begins at its byte" in recording.notes[0]


def test_more_messages_than_any_device_writes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strava_assets.archive.fit_decoder._MAX_MESSAGES", 1_000)

    with pytest.raises(UnreadableFileError, match="1,000 messages"):
        read_recording(fit(a_ride(1_001), with_crc=False))


def test_a_file_of_lengths_has_no_samples() -> None:
    lengths = fit_messages(2, 101, RawField(253, "uint32", [BEGAN_FIT_S + 30]), RawField(5, "uint16", [12]))

    with pytest.raises(NoSamplesError, match="lengths"):
        read(lengths)


def test_records_without_a_time_are_not_samples() -> None:
    content = fit_file(file_id(), fit_messages(3, 20, RawField(5, "uint32", [2500, 5000])))

    with pytest.raises(NoSamplesError, match="no sample with a time"):
        read_recording(content)


def test_fields_of_unusual_sizes_and_types_are_skipped() -> None:
    odd = RawField(7, "byte", [[1, 2, 3]] * 60)
    content = bytearray(fit_file(file_id(), records(SIXTY, odd, RawField(3, "uint8", [140] * 60))))
    at = bytes(content).index(struct.pack("BBB", 7, 3, 0x0D))
    content[at + 2] = 0x84  # an integer of two bytes in three

    recording = read_recording(bytes(content))

    assert set(recording.channels) == {"t_s", "heartrate_bpm"}


# XML.


def test_undeclared_prefixes_are_declared() -> None:
    content = gpx(a_ride(30)).replace(
        b'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"', b""
    )

    recording = read_recording(content)

    assert recording.channels["heartrate_bpm"].size == 30
    assert recording.notes == ("Prefixes that the file does not declare, declared: gpxtpx.",)


def test_an_undeclared_prefix_in_the_middle_loses_no_point() -> None:
    head, middle, rest = gpx(a_ride(30)).partition(b"<power>")
    content = head + b'<app:extra app:unit="W">1</app:extra>' + middle + rest

    assert len(read_recording(content).channels["t_s"]) == 30


def test_several_activities_of_a_file_are_read_whatever_their_order() -> None:
    late, early = tcx(a_ride(60, start=START + timedelta(seconds=200))), tcx(a_ride(60))
    activity = early[early.index(b"<Activity ") : early.index(b"</Activities>")]

    recording = read_recording(late.replace(b"</Activities>", activity + b"</Activities>"))

    assert seconds_of(recording) == [*range(60), *range(200, 260)]


def test_the_first_value_of_an_element_counts() -> None:
    content = gpx(a_ride(30)).replace(b"</power>", b"</power><power></power><power>9</power>")

    assert (read_recording(content).channels["watts"] > 9).all()


def test_decimal_commas_of_an_app_are_read() -> None:
    ride = a_ride(30)
    content = re.sub(rb'((?:lat|lon)="\d+|<ele>\d+)\.', rb"\1,", gpx(ride))

    recording = read_recording(content)

    assert b'lat="45,75' in content
    assert recording.channels["latitude_deg"] == pytest.approx(ride.latitude, abs=1e-6)
    assert recording.channels["altitude_m"] == pytest.approx(ride.altitude)
    assert recording.notes == ()


def test_values_that_are_no_numbers_are_counted() -> None:
    content = gpx(a_ride(30)).replace(b"<power>", b"<power>~", 3)

    assert read_recording(content).notes == ("Values of watts that are no numbers, dropped: 3.",)


UMLAUT = "<metadata><name>Müller</name>"


@pytest.mark.parametrize(
    ("old", "new", "encoding"),
    [
        ("<metadata>", UMLAUT, "cp1252"),
        ('encoding="UTF-8"', 'encoding="utf-16"', "utf-8"),
        ('encoding="UTF-8"', 'encoding="unknown"', "utf-8"),
        ('encoding="UTF-8"', 'encoding="gbk"', "gbk"),
        ("<metadata>", "<metadata><name>Tom & Jerry &eacute; &amp;</name>", "utf-8"),
        ("<metadata>", "<metadata><name>a\x0bb</name>", "utf-8"),
    ],
)
def test_characters_that_no_parser_accepts_cost_no_ride(old: str, new: str, encoding: str) -> None:
    content = gpx(a_ride(30)).decode().replace(old, new).encode(encoding)

    recording = read_recording(content)

    assert len(recording.channels["t_s"]) == 30
    assert recording.notes == ("Characters that XML does not allow or in a wrong encoding, replaced.",)


@pytest.mark.parametrize("write", [gpx, tcx])
@pytest.mark.parametrize("packing", [bytes, gzip.compress])
def test_a_file_in_utf_16_is_read(write: Callable[[Ride], bytes], packing: Callable[[bytes], bytes]) -> None:
    content = packing(write(a_ride(30)).decode().replace("UTF-8", "UTF-16").encode("utf-16"))

    assert len(read_recording(content).channels["t_s"]) == 30
    assert recorded_sport(decompress(content, 1_000_000)) == recorded_sport(write(a_ride(30)))


def test_a_prefix_of_every_element_is_read_and_a_course_stays_refused() -> None:
    ride, course = (
        re.sub(rb"<(/?)(?=[A-Z])", rb"<\1ns2:", tcx(a_ride(30)).replace(b"xmlns=", b"xmlns:ns2=")).replace(
            b"Activities", kind
        )
        for kind in (b"Activities", b"Courses")
    )

    assert len(read_recording(ride).channels["t_s"]) == 30
    assert recorded_sport(ride) == recorded_sport(tcx(a_ride(30)))
    with pytest.raises(UnreadableFileError, match="it is a course"):
        refuse_other_files(course)


def test_characters_and_prefixes_are_repaired_together() -> None:
    content = gpx(a_ride(30)).replace(b"xmlns:gpxtpx", b"xmlns:other")
    content = content.replace(b"<metadata>", b"<metadata><name>M\xfcller</name>")

    recording = read_recording(content)

    assert recording.channels["heartrate_bpm"].size == 30
    assert len(recording.notes) == 2


def test_entities_stay_refused_behind_an_undeclared_prefix() -> None:
    content = b'<!DOCTYPE gpx [<!ENTITY a "ha">]><gpx><x:trkpt/></gpx>'

    with pytest.raises(UnreadableFileError, match="entities"):
        read_recording(content)


# Crops.


def test_no_last_sample_is_lost_where_strava_counts_a_little_less() -> None:
    whole = read_recording(fit(a_ride(600)))

    assert len(whole.cropped_to(START, 560).channels["t_s"]) == 600
    assert len(whole.cropped_to(START + timedelta(seconds=30), 570).channels["t_s"]) == 600
    assert len(whole.cropped_to(START, 300).channels["t_s"]) == 301


def test_prefixes_that_only_one_point_declares_are_declared_for_all() -> None:
    content = gpx(a_ride(30)).replace(b"<power>", b'<app:power xmlns:app="urn:app">', 1)
    content = content.replace(b"</power>", b"</app:power>", 1).replace(b"<power>", b"<app:power>")
    content = content.replace(b"</power>", b"</app:power>")
    content = content.replace(b"<gpx", b"<!-- <made by> an app --><gpx", 1)

    recording = read_recording(content)

    assert recording.channels["watts"].size == 30
    assert recording.notes == ("Prefixes that the file does not declare, declared: app.",)


def test_numbers_that_no_device_writes_are_missing_and_counted() -> None:
    content = re.sub(rb"<ele>[^<]*", b"<ele>1.7e308", gpx(a_ride(30)), count=1)

    recording = read_recording(content)

    assert np.isfinite(recording.channels["altitude_m"]).sum() == 29
    assert recording.notes == ("Values of altitude_m outside of -1e+10 to 1e+10, dropped: 1.",)


def test_a_hostile_file_of_many_described_fields_and_file_ids_stays_small() -> None:
    described = b"".join(field_description(number, "uint16", 7) for number in range(250))
    many_ids = fit_messages(0, 0, RawField(0, "enum", np.full(1_000, 4)))
    content = fit_file(many_ids, described, records(np.arange(50_000)))

    recording, peak = with_peak_bytes(lambda: read_recording(content))

    assert recording.channels["t_s"].size == 50_000
    assert len(FitMessages(content).fields(0)) == 100
    # All 250 columns would take 100 MB.
    assert peak < 50_000_000


def test_what_is_no_point_takes_no_memory() -> None:
    waypoints = b'<wpt lat="1" lon="2"><name>here</name></wpt>' * 50_000
    content = gpx(a_ride(30)).replace(b"<trk>", waypoints + b"<trk>")

    recording, peak_bytes = with_peak_bytes(lambda: read_recording(content))

    assert len(recording.channels["t_s"]) == 30
    assert peak_bytes < 8_000_000


def test_elements_within_elements_without_end_are_refused() -> None:
    with pytest.raises(UnreadableFileError, match="nested more than"):
        read_recording(b"<gpx>" + b"<a>" * 2_000)
