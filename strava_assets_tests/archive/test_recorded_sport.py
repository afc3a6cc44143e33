"""The sport and totals that a device wrote: read without samples, equal to what a full decoder reads."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

import fitdecode
import pytest
from garmin_fit_sdk import Profile

from strava_assets.archive import recorded_sport as module
from strava_assets.archive.fit_decoder import FILE_ID, SESSION, SPORT, FitMessages
from strava_assets.archive.recorded_sport import recorded_sport
from strava_assets.schema.sports import SPORTS
from strava_assets_tests.archive.devices import (
    RawField,
    a_ride,
    definition,
    fit,
    fit_file,
    fit_messages,
    gpx,
    tcx,
)
from strava_assets_tests.conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

SPORT_FIELDS = {5, 6}
"""Sport and sub-sport, in the message `session`."""
FILES = sorted([*(FIXTURES / "recordings").glob("*.fit"), *(FIXTURES / "bulk-export").rglob("*.fit.gz")])


@pytest.mark.parametrize(
    ("sport", "manufacturer", "expected"),
    [
        ((2, 0), None, "Ride"),
        ((2, 7), 1, "Ride"),
        ((2, 46), None, "GravelRide"),
        ((2, 8), None, "MountainBikeRide"),
        ((2, 58), None, "VirtualRide"),
        ((2, 0), 260, "VirtualRide"),
        ((1, 0), 260, "VirtualRun"),
        ((21, 28), None, "EBikeRide"),
        ((1, 3), None, "TrailRun"),
        ((0, 0), None, None),
    ],
)
def test_the_sport_of_a_fit_file(
    sport: tuple[int, int], manufacturer: int | None, expected: str | None
) -> None:
    assert recorded_sport(fit(a_ride(5), sport=sport, manufacturer=manufacturer)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("cycling", "Ride"),
        ("1", "Ride"),
        ("9", "Run"),
        ("Running", "Run"),
        ("trail_running", "TrailRun"),
        ("mountain_biking", "MountainBikeRide"),
        ("ride_mountain", "MountainBikeRide"),
        ("gravel_cycling", "GravelRide"),
        ("virtual_ride", "VirtualRide"),
        ("e_bike", "EBikeRide"),
        ("e_mountain_bike", "EMountainBikeRide"),
        ("hiking", "Hike"),
        ("unknown", None),
    ],
)
def test_the_sport_of_a_gpx_file(words: str, expected: str | None) -> None:
    content = gpx(a_ride(5)).replace(b"<trk>", f"<trk><type>{words}</type>".encode())

    assert recorded_sport(content) == expected


def test_the_sport_of_a_tcx_file_and_of_none() -> None:
    assert recorded_sport(tcx(a_ride(5))) == "Ride"
    assert recorded_sport(tcx(a_ride(5)).replace(b'"Biking"', b'"Other"')) is None
    assert recorded_sport(b"") is None


BY_GARMINS_NAMES = {
    "running": "Run",
    "running/trail": "TrailRun",
    "running/virtual_activity": "VirtualRun",
    "cycling": "Ride",
    "cycling/mountain": "MountainBikeRide",
    "cycling/downhill": "MountainBikeRide",
    "cycling/hand_cycling": "Handcycle",
    "cycling/e_bike_fitness": "EBikeRide",
    "cycling/gravel_cycling": "GravelRide",
    "cycling/e_bike_mountain": "EMountainBikeRide",
    "cycling/virtual_activity": "VirtualRide",
    "cycling/indoor_hand_cycling": "Handcycle",
    "fitness_equipment": "Workout",
    "fitness_equipment/indoor_rowing": "Rowing",
    "fitness_equipment/elliptical": "Elliptical",
    "fitness_equipment/stair_climbing": "StairStepper",
    "fitness_equipment/strength_training": "WeightTraining",
    "swimming": "Swim",
    "basketball": "Basketball",
    "soccer": "Soccer",
    "tennis": "Tennis",
    "training": "Workout",
    "training/strength_training": "WeightTraining",
    "training/yoga": "Yoga",
    "training/pilates": "Pilates",
    "training/hiit": "HighIntensityIntervalTraining",
    "walking": "Walk",
    "cross_country_skiing": "NordicSki",
    "alpine_skiing": "AlpineSki",
    "alpine_skiing/backcountry": "BackcountrySki",
    "snowboarding": "Snowboard",
    "rowing": "Rowing",
    "rowing/virtual_activity": "VirtualRow",
    "mountaineering": "Hike",
    "hiking": "Hike",
    "paddling": "Canoeing",
    "e_biking": "EBikeRide",
    "e_biking/e_bike_mountain": "EMountainBikeRide",
    "golf": "Golf",
    "inline_skating": "InlineSkate",
    "rock_climbing": "RockClimbing",
    "sailing": "Sail",
    "ice_skating": "IceSkate",
    "snowshoeing": "Snowshoe",
    "stand_up_paddleboarding": "StandUpPaddling",
    "surfing": "Surfing",
    "kayaking": "Kayaking",
    "windsurfing": "Windsurf",
    "kitesurfing": "Kitesurf",
    "hiit": "HighIntensityIntervalTraining",
    "wheelchair_push_walk": "Wheelchair",
    "wheelchair_push_run": "Wheelchair",
    "cricket": "Cricket",
    "volleyball": "Volleyball",
    "dance": "Dance",
}
"""Sport, and sub-sport where it matters, as Garmin's profile calls them."""


def test_the_numbers_of_sports_are_those_of_garmins_profile() -> None:
    types = Profile["types"]

    def name(sport: int, sub_sport: int | None) -> str:
        names = [types["sport"][sport], *([types["sub_sport"][sub_sport]] if sub_sport is not None else [])]
        return "/".join(names)

    assert {name(*codes): sport for codes, sport in module._FIT_SPORTS.items()} == BY_GARMINS_NAMES


def test_every_sport_is_one_of_strava() -> None:

    names = {*module._FIT_SPORTS.values(), *module._VIRTUAL.values(), *(sport for _, sport in module._WORDS)}
    assert names <= {sport.sport_type for sport in SPORTS}


@pytest.mark.skipif(not FILES, reason=f"{FIXTURES} has no recordings: they are not part of the project")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_messages_are_those_of_a_second_decoder(path: Path) -> None:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    expected: dict[int, list[dict[int, int]]] = {FILE_ID: [], SESSION: []}
    try:
        with fitdecode.FitReader(
            io.BytesIO(plain), processor=None, check_crc=fitdecode.CrcCheck.DISABLED
        ) as reader:
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.global_mesg_num in expected:
                    values = {
                        field.def_num: field.raw_value
                        for field in frame.fields
                        if field.field_type == "field" and isinstance(field.raw_value, int)
                    }
                    expected[frame.global_mesg_num].append(values)
    except fitdecode.FitError:
        pass  # what stands before the damage is compared

    messages = FitMessages(plain)
    for number, others in expected.items():
        for own, other in zip(messages.fields(number), others, strict=True):
            assert own.items() >= {field: value for field, value in other.items() if field in own}.items()
            assert own.keys() >= other.keys() & SPORT_FIELDS


def test_without_a_session_the_sport_message_decides_with_its_sub_sport() -> None:
    layout = definition(0, SPORT, [(0, 1, 0x00), (1, 1, 0x00)])
    assert recorded_sport(fit_file(layout, bytes([0, 2, 8]))) == "MountainBikeRide"
    assert recorded_sport(fit_file(layout, bytes([0, 2, 0xFF]))) == "Ride"


@pytest.mark.parametrize("field", [7, 8])
def test_a_triathlon_is_of_the_sport_that_took_longest(field: int) -> None:
    legs = {5: 1_500, 3: 120, 2: 4_000, 1: 2_400}
    sports = [RawField(5, "enum", [*legs]), RawField(6, "enum", [0] * len(legs))]
    seconds = RawField(field, "uint32", [1000 * each for each in legs.values()])

    assert recorded_sport(fit_file(fit_messages(0, SESSION, *sports, seconds))) == "Ride"
    assert recorded_sport(fit_file(fit_messages(0, SESSION, *sports))) == "Swim"


def test_a_file_that_ends_in_the_head_of_a_definition_is_damaged_there() -> None:
    head = definition(0, SPORT, [(0, 1, 0x00)])[:6]
    assert FitMessages(fit_file(head)[:-2]).damage == "no message begins at its byte 14"


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_a_file_that_ends_anywhere_gives_what_is_before(length: int) -> None:
    whole = fit(a_ride(5), sport=(2, 7))
    messages = FitMessages(whole).fields(FILE_ID)

    before = FitMessages(whole[:length]).fields(FILE_ID)

    assert before == messages[: len(before)]
