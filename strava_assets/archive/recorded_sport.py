"""The sport that a device wrote into a recording, as Strava's sport type.

Numbers of FIT sports are those of Garmin's FIT profile. GPX and TCX files name sports in words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strava_assets.archive.fit_decoder import FILE_ID, SESSION, SPORT, FitMessages
from strava_assets.archive.markup import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEGINNING = 64 * 1024
_MANUFACTURER, _ZWIFT = 1, 260
_ELAPSED_MS, _TIMER_MS = 7, 8
_ANY = None
# By FIT sport and sub-sport; the entry without sub-sport is for all others.
_FIT_SPORTS: Mapping[tuple[int, int | None], str] = {
    (1, _ANY): "Run",
    (1, 3): "TrailRun",
    (1, 58): "VirtualRun",
    (2, _ANY): "Ride",
    (2, 8): "MountainBikeRide",
    (2, 9): "MountainBikeRide",
    (2, 12): "Handcycle",
    (2, 28): "EBikeRide",
    (2, 46): "GravelRide",
    (2, 47): "EMountainBikeRide",
    (2, 58): "VirtualRide",
    (2, 88): "Handcycle",
    (4, _ANY): "Workout",
    (4, 14): "Rowing",
    (4, 15): "Elliptical",
    (4, 16): "StairStepper",
    (4, 20): "WeightTraining",
    (5, _ANY): "Swim",
    (6, _ANY): "Basketball",
    (7, _ANY): "Soccer",
    (8, _ANY): "Tennis",
    (10, _ANY): "Workout",
    (10, 20): "WeightTraining",
    (10, 43): "Yoga",
    (10, 44): "Pilates",
    (10, 70): "HighIntensityIntervalTraining",
    (11, _ANY): "Walk",
    (12, _ANY): "NordicSki",
    (13, _ANY): "AlpineSki",
    (13, 37): "BackcountrySki",
    (14, _ANY): "Snowboard",
    (15, _ANY): "Rowing",
    (15, 58): "VirtualRow",
    (16, _ANY): "Hike",
    (17, _ANY): "Hike",
    (19, _ANY): "Canoeing",
    (21, _ANY): "EBikeRide",
    (21, 47): "EMountainBikeRide",
    (25, _ANY): "Golf",
    (30, _ANY): "InlineSkate",
    (31, _ANY): "RockClimbing",
    (32, _ANY): "Sail",
    (33, _ANY): "IceSkate",
    (35, _ANY): "Snowshoe",
    (37, _ANY): "StandUpPaddling",
    (38, _ANY): "Surfing",
    (41, _ANY): "Kayaking",
    (43, _ANY): "Windsurf",
    (44, _ANY): "Kitesurf",
    (62, _ANY): "HighIntensityIntervalTraining",
    (65, _ANY): "Wheelchair",
    (66, _ANY): "Wheelchair",
    (71, _ANY): "Cricket",
    (75, _ANY): "Volleyball",
    (83, _ANY): "Dance",
}
_INDOOR_SUB_SPORTS = frozenset({1, 5, 6, 14, 25, 27, 45, 88})
_VIRTUAL = {"Ride": "VirtualRide", "Run": "VirtualRun", "Rowing": "VirtualRow"}
# By a word in the text; the first that occurs counts. GPX files of Strava have numbers for ride and run.
_WORDS = (
    (r"virtual.*(ride|cycl|bik)", "VirtualRide"),
    (r"virtual.*run", "VirtualRun"),
    (r"\be-?_?(mountain|mtb)", "EMountainBikeRide"),
    (r"\be-?_?bik", "EBikeRide"),
    (r"mountain|mtb", "MountainBikeRide"),
    (r"gravel", "GravelRide"),
    (r"cycl|bik|\bride\b|^1$", "Ride"),
    (r"trail", "TrailRun"),
    (r"run|^9$", "Run"),
    (r"walk", "Walk"),
    (r"hik", "Hike"),
    (r"swim", "Swim"),
    (r"row", "Rowing"),
)
_GPX_TYPE = re.compile(rb"<" + PREFIX + rb"trk\b.{0,4096}?<" + PREFIX + rb"type>([^<]{1,40})</", re.DOTALL)
_TCX_SPORT = re.compile(rb"<" + PREFIX + rb"Activity\s[^>]{0,200}?Sport=[\"']([^\"']{1,40})[\"']")


def recorded_sport(content: bytes) -> str | None:
    """The sport type of a FIT, GPX or TCX file that is not compressed, or None if it does not say."""
    if content[8:12] == b".FIT":
        return _sport_in_fit(content)
    beginning = content[:_BEGINNING]
    match = _TCX_SPORT.search(beginning) or _GPX_TYPE.search(beginning)
    return _sport_of_words(match[1].decode(errors="replace")) if match else None


def is_indoor(sub_sport: int | None) -> bool:
    """Whether a FIT sub-sport is on a trainer or another machine."""
    return sub_sport in _INDOOR_SUB_SPORTS


def sport_of_fit(sport: int | None, sub_sport: int | None, manufacturer: int | None) -> str | None:
    """Strava's sport type of a FIT sport."""
    if sport is None:
        return None
    sport_type = _FIT_SPORTS.get((sport, sub_sport)) or _FIT_SPORTS.get((sport, _ANY))
    return _VIRTUAL.get(sport_type or "", sport_type) if manufacturer == _ZWIFT else sport_type


def _sport_in_fit(content: bytes) -> str | None:
    messages = FitMessages(content)
    [file_id, *_] = messages.fields(FILE_ID) or [{}]
    manufacturer = file_id.get(_MANUFACTURER)
    if sessions := messages.fields(SESSION):
        # Of a triathlon the sport that took longest; the first one if the device does not say.
        longest = max(sessions, key=lambda session: session.get(_ELAPSED_MS, session.get(_TIMER_MS, 0)))
        return sport_of_fit(longest.get(5), longest.get(6), manufacturer)
    [sport, *_] = messages.fields(SPORT) or [{}]
    return sport_of_fit(sport.get(0), sport.get(1), manufacturer)


def _sport_of_words(text: str) -> str | None:
    words = text.strip().casefold()
    return next((sport for pattern, sport in _WORDS if re.search(pattern, words)), None)
