"""An activity made from its recording alone, in the API's format, for files that no export describes.

Totals that the device wrote (climbing) come before totals computed from the samples. Averages are weighted by
the seconds in motion. What a recording does not show stays absent.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.file_formats import TCX
from strava_assets.archive.fit_decoder import FILE_ID, SESSION, FitMessages
from strava_assets.archive.markup import PREFIX
from strava_assets.archive.recorded_sport import is_indoor, recorded_sport
from strava_assets.archive.time_zones import clock_of
from strava_assets.schema.rules import MOST_WATTS
from strava_assets.schema.sports import VIRTUAL_SPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.archive.decoded_file import DecodedFile, Values

_ID_PREFIX = "file-"
_BEGINNING = 4096
_ACTIVITIES, _COURSES = (re.compile(rb"<" + PREFIX + tag) for tag in (b"Activities", b"Courses"))
_FILE_TYPE, _ACTIVITY_FILE = 0, 4
_FILE_TYPES = {5: "a workout", 6: "a course", 2: "settings of a device", 34: "a segment"}
_SUB_SPORT, _ASCENT = 6, 22
# A longer gap between samples is a pause, even with a device that records only when something changes.
_LONGEST_STEP_S = 30
_MOVING_M_PER_S = 0.3
# Faster than people run for long; a slower one may be anything on foot.
_RIDE_FROM_M_PER_S = 4.5
# A barometer's noise stays below this; a climb counts once it is higher.
_CLIMB_FROM_M = 3.0
_EARTH_RADIUS_M = 6_371_000.0


@dataclass(frozen=True)
class FileIdentity:
    """Whose activity a file is, and what it is called.

    Args:
        activity_id: the id made of the file's content.
        athlete_id: Strava's id of the athlete, or `local`.
        name: the file's name.
        home: the athlete's time zone, for recordings without position and device clock.
    """

    activity_id: str
    athlete_id: str
    name: str
    home: str


@dataclass(frozen=True)
class RecordedPower:
    """The weighted power of a recording's seconds.

    Args:
        xpower_w: xPower, the mean that Strava's weighted power is closest to; never normalized power.
        recorded_s: the seconds it is of.
    """

    xpower_w: float
    recorded_s: int

    def in_motion(self, moving_s: int) -> float:
        """The same over the time in motion, as Strava's is: recorded stops are zeros of xPower."""
        is_stopped = moving_s < self.recorded_s <= 2 * moving_s
        return self.xpower_w * ((self.recorded_s / moving_s) ** 0.25 if is_stopped else 1)


def file_activity_id(content: bytes) -> str:
    """The id of the activity in a file that is not compressed."""
    return _ID_PREFIX + hashlib.blake2b(content, digest_size=16).hexdigest()


def refuse_other_files(content: bytes) -> None:
    """Refuse courses, workouts and other files that are not the recording of an activity.

    Args:
        content: the file, not compressed.

    Raises:
        UnreadableFileError: the file is not a recorded activity.
    """
    beginning = content[:_BEGINNING]
    [file_id, *_] = FitMessages(content).fields(FILE_ID) or [{}]
    file_type = file_id.get(_FILE_TYPE)
    if file_type not in (None, _ACTIVITY_FILE):
        kind = _FILE_TYPES.get(file_type, "another kind of file")
        raise UnreadableFileError(f"it is {kind}, not a recorded activity")
    if TCX.search(beginning) and not _ACTIVITIES.search(content):
        kind = "a course" if _COURSES.search(content) else "a workout"
        raise UnreadableFileError(f"it is {kind}, not a recorded activity")


def refuse_undated(recorded: DecodedFile) -> None:
    """Refuse a recording whose clock was never set.

    Raises:
        UnreadableFileError: nothing says when the activity was.
    """
    if not recorded.has_date:
        raise UnreadableFileError("its clock was never set, so it does not say when the activity was")


def record_of_recording(
    content: bytes, recorded: DecodedFile, identity: FileIdentity, power: RecordedPower | None
) -> dict[str, Any]:
    """Describe a recording as the API describes an activity.

    Args:
        content: the file, not compressed.
        recorded: the decoded file.
        identity: id, athlete and name of the activity.
        power: weighted power of the recording; None without good seconds of power.
    """
    channels = _with_possible_power(recorded.channels)
    motion = _motion(channels)
    sport = recorded_sport(content) or _likely_sport(channels, motion)
    sessions = FitMessages(content).fields(SESSION)
    athlete = identity.athlete_id
    elapsed_s = max(1, round(float(channels["t_s"][-1])))
    record: dict[str, Any] = {
        "id": identity.activity_id,
        "athlete": {"id": int(athlete) if athlete.isdecimal() else athlete},
        "name": identity.name.rpartition("/")[2].partition(".")[0],
        "external_id": identity.name.rpartition("/")[2],
        "sport_type": sport,
        "manual": False,
        "trainer": True if any(is_indoor(session.get(_SUB_SPORT)) for session in sessions) else None,
        "distance": _rounded(motion.distance_m, 1),
        "moving_time": max(1, min(round(motion.moving_s), elapsed_s)),
        "elapsed_time": elapsed_s,
        "total_elevation_gain": _climb(sessions, channels),
    }
    record |= _clock(recorded, sport, identity.home) | _averages(channels, motion)
    if "average_watts" in record:
        record["device_watts"] = True
        record["kilojoules"] = round(record["average_watts"] * record["moving_time"] / 1000, 3)
        if power:
            record["weighted_average_watts"] = round(power.in_motion(record["moving_time"]))
    return {name: value for name, value in record.items() if value is not None}


def _with_possible_power(channels: Mapping[str, Values]) -> dict[str, Values]:
    """The channels without readings of power that are the meter's fault; without power if all are."""
    watts = channels.get("watts")
    if watts is None:
        return dict(channels)
    possible = np.where((watts >= 0) & (watts <= MOST_WATTS), watts, np.nan)
    others = {name: values for name, values in channels.items() if name != "watts"}
    return others | ({"watts": possible} if np.isfinite(possible).any() else {})


@dataclass(frozen=True)
class _Motion:
    """The seconds in motion that each sample stands for, their sum, and the distance, if known."""

    weights_s: Values
    distance_m: float | None

    @property
    def moving_s(self) -> float:
        return float(self.weights_s.sum())


def _motion(channels: Mapping[str, Values]) -> _Motion:
    t_s = channels["t_s"]
    steps_s = np.append(np.diff(t_s), 1.0)
    is_recorded = steps_s <= _longest_step_s(t_s)
    distance_m = _distance_m(channels)
    speed = channels.get("velocity_m_per_s")
    if distance_m is not None:
        by_distance = np.append(np.diff(distance_m), 0.0) / steps_s
        speed = by_distance if speed is None else np.where(np.isfinite(speed), speed, by_distance)
    # Without any motion it was a trainer that tells no speed.
    if speed is not None and np.nanmax(speed) > _MOVING_M_PER_S:
        is_recorded &= np.nan_to_num(speed) >= _MOVING_M_PER_S
    covered = None if distance_m is None else float(distance_m[-1] - distance_m[0])
    return _Motion(np.where(is_recorded, steps_s, 0.0), covered)


def _longest_step_s(t_s: Values) -> float:
    """The longest time between two samples that is no pause: trackers write a sample a minute, or less."""
    return max(_LONGEST_STEP_S, 2 * float(np.median(np.diff(t_s)))) if len(t_s) > 1 else _LONGEST_STEP_S


def _distance_m(channels: Mapping[str, Values]) -> Values | None:
    """The distance covered at each sample, by the device or else by the positions.

    Between two readings it grows evenly: a device that tells it now and then has not stopped.
    """
    distance = channels.get("distance_m")
    if distance is not None:
        return _continued(distance, channels["t_s"])
    latitude, longitude = channels.get("latitude_deg"), channels.get("longitude_deg")
    if latitude is None or longitude is None:
        return None
    has_position = np.isfinite(latitude) & np.isfinite(longitude)
    if not has_position.any():
        return None
    lat, lon = np.radians(latitude[has_position]), np.radians(longitude[has_position])
    half_chord = (
        np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    )
    steps_m = 2 * _EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half_chord, 0, 1)))
    t_s = channels["t_s"]
    covered: Values = np.interp(t_s, t_s[has_position], np.append(0.0, np.cumsum(steps_m)))
    return covered


def _continued(distance: Values, t_s: Values) -> Values:
    """Distances that go on where they begin again after a pause, as in the next activity of a file."""
    filled = np.flatnonzero(np.isfinite(distance))
    counted = distance[filled]
    has_paused = np.diff(t_s[filled]) > _longest_step_s(t_s)
    begins_again = np.append(False, has_paused & (counted[1:] < counted[:-1] / 2))
    shifts = np.where(begins_again, np.append(0.0, counted[:-1]), 0.0)
    continued: Values = np.interp(t_s, t_s[filled], np.maximum.accumulate(counted + np.cumsum(shifts)))
    return continued


def _clock(recorded: DecodedFile, sport: str | None, home: str) -> dict[str, Any]:
    clock = clock_of(
        recorded.start,
        recorded.timezone,
        recorded.utc_offset_s,
        is_virtual=sport in VIRTUAL_SPORTS,
        home=home,
    )
    local = recorded.start + timedelta(seconds=clock.utc_offset_s)
    return {
        "start_date": f"{recorded.start:%Y-%m-%dT%H:%M:%SZ}",
        # Local time; the API appends a Z as well.
        "start_date_local": f"{local:%Y-%m-%dT%H:%M:%SZ}",
        "utc_offset": float(clock.utc_offset_s),
        "timezone": clock.zone,
    }


def _averages(channels: Mapping[str, Values], motion: _Motion) -> dict[str, Any]:
    averages: dict[str, Any] = {}
    for field, name, digits in (
        ("average_watts", "watts", 1),
        ("average_heartrate", "heartrate_bpm", 1),
        ("average_cadence", "cadence_rpm", 1),
        ("average_temp", "temp_c", 0),
    ):
        averages[field] = _rounded(_mean(channels.get(name), motion.weights_s), digits)
    if motion.distance_m and motion.moving_s:
        averages["average_speed"] = round(motion.distance_m / motion.moving_s, 3)
    for field, name, extreme in (
        ("max_watts", "watts", np.nanmax),
        ("max_heartrate", "heartrate_bpm", np.nanmax),
        ("max_speed", "velocity_m_per_s", np.nanmax),
        ("elev_high", "altitude_m", np.nanmax),
        ("elev_low", "altitude_m", np.nanmin),
    ):
        if name in channels:
            averages[field] = _rounded(float(extreme(channels[name])), 1)
    return {field: value for field, value in averages.items() if value is not None}


def _mean(values: Values | None, weights_s: Values) -> float | None:
    if values is None:
        return None
    weights = np.where(np.isfinite(values), weights_s, 0.0)
    return float(np.nansum(values * weights) / weights.sum()) if weights.sum() else None


def _climb(sessions: list[dict[int, int]], channels: Mapping[str, Values]) -> float | None:
    ascents = [session[_ASCENT] for session in sessions if _ASCENT in session]
    if ascents:
        return float(sum(ascents))
    altitude = channels.get("altitude_m")
    if altitude is None:
        return None
    heights = altitude[np.isfinite(altitude)].tolist()
    lowest, climbed = heights[0], 0.0
    for height in heights:
        if height >= lowest + _CLIMB_FROM_M:
            climbed += height - lowest
            lowest = height
        lowest = min(lowest, height)
    return round(climbed, 1)


def _likely_sport(channels: Mapping[str, Values], motion: _Motion) -> str | None:
    """A ride, if there is power or no one runs as fast; None for anything else."""
    speed = (motion.distance_m or 0.0) / max(motion.moving_s, 1.0)
    return "Ride" if "watts" in channels or speed >= _RIDE_FROM_M_PER_S else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, digits)
