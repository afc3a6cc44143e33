"""The numbers of one session of the sample athlete.

The kinds of session are in kinds.py, the FTP is in season.py, and the days of the sessions in diary.py.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from strava_assets.sandbox import sample_profile
from strava_assets.sandbox.invented_activity import Recording
from strava_assets.sandbox.tracks import HOME, VIRTUAL, Place, track

if TYPE_CHECKING:
    import random

    from strava_assets.sandbox.kinds import Kind
    from strava_assets.sandbox.season import Career

_ID_EPOCH = datetime(2021, 10, 1, tzinfo=UTC)
_ID_AT_EPOCH = 6_050_000_000
_IDS_A_SECOND = 79

_PARTS_OF_DAY = (
    (5, "Night"),
    (12, "Morning"),
    (14, "Lunch"),
    (18, "Afternoon"),
    (22, "Evening"),
    (25, "Night"),
)
_SPORT_NAMES = {"VirtualRide": "Virtual Ride", "TrailRun": "Trail Run", "NordicSki": "Nordic Ski"}


class Work(NamedTuple):
    """The watts of a summary; weighted and highest are None for an estimate."""

    average: float
    weighted: int | None
    highest: int | None


def record_session(
    career: Career, kind: Kind, place: Place, day: date, rng: random.Random, begins: datetime | None = None
) -> Recording:
    """Generate the recording of a session.

    Args:
        career: Gives FTP and the state of the devices.
        kind: The kind of session.
        place: Where the athlete is. The track of a virtual ride is elsewhere, its time zone is not.
        day: The local date.
        rng: The generator of the day.
        begins: The local start without zone; by default chosen from the kind's range.
    """
    local = begins or datetime.combine(day, time()) + timedelta(hours=rng.uniform(*kind.begins))
    start = local.replace(microsecond=0, tzinfo=ZoneInfo(place.zone)).astimezone(UTC)
    moving_s = int(3600 * rng.triangular(*kind.hours))
    elapsed_s = int(moving_s * (1 + rng.uniform(*kind.stops)))
    effort = rng.uniform(*kind.effort)
    climb_per_km = rng.uniform(*kind.climb)
    threshold = career.threshold_watts(day)
    speed_mps = rng.uniform(*kind.pace_mps) if kind.pace_mps else _speed_mps(threshold * effort, climb_per_km)
    distance_m = round(speed_mps * moving_s, 1)
    climb_m = round(distance_m / 1000 * climb_per_km, 1)
    heartrate = _heartrate(effort, rng) if rng.random() < kind.heartrate else None
    work = _work(career, kind, day, effort * threshold, rng)
    track_place = VIRTUAL if kind.sport == "VirtualRide" else place
    return Recording(
        id=activity_id(start + timedelta(seconds=elapsed_s), rng),
        athlete_id=sample_profile.ATHLETE_ID,
        name=_name(kind, local, rng),
        sport_type=kind.sport,
        start=start,
        zone=place.zone,
        moving_time_s=moving_s,
        elapsed_time_s=elapsed_s,
        distance_m=distance_m,
        climb_m=climb_m if kind.gps else 0,
        max_speed_mps=speed_mps * rng.uniform(1.3, 2.3),
        average_watts=work and work.average,
        weighted_watts=work and work.weighted,
        max_watts=work and work.highest,
        heartrate=heartrate,
        cadence=round(rng.uniform(*kind.cadence), 1) if kind.cadence else None,
        temperature_c=_temperature_c(kind, place, day, rng),
        relative_effort=_relative_effort(heartrate, moving_s),
        track=track(track_place, distance_m, climb_m, rng) if kind.gps and distance_m else None,
        gear_id=kind.gear if place is HOME or kind.power == "meter" or kind.pace_mps else None,
        external_id=f"zwift-activity-{int(start.timestamp()) * 7}.fit" if track_place is VIRTUAL else None,
        workout_type=kind.workout_type if rng.random() < 0.8 else None,
        visibility=_visibility(kind, rng),
        trainer=kind.trainer,
        commute=kind.commute,
        manual=kind.manual,
        athletes=rng.randrange(2, 14) if rng.random() < kind.in_company else 1,
        kudos=0 if kind.commute else rng.randrange(1, 8) + int(moving_s / 1800),
        records=int(rng.expovariate(0.7)) if kind.gps and not kind.commute else 0,
    )


def activity_id(uploaded: datetime, rng: random.Random) -> int:
    """An id for the upload time; Strava's ids grow by about 79 per second in these years."""
    seconds = int((uploaded - _ID_EPOCH).total_seconds())
    return _ID_AT_EPOCH + seconds * _IDS_A_SECOND + rng.randrange(_IDS_A_SECOND)


def _work(career: Career, kind: Kind, day: date, watts: float, rng: random.Random) -> Work | None:
    if kind.sport in ("Run", "TrailRun") and career.running_power(day):
        average = round(watts * 1.35, 1)
        return Work(average, int(average * 1.02) + 1, int(average * rng.uniform(1.4, 1.9)))
    if kind.sport == "EBikeRide" and rng.random() < 0.4:
        # Power of rider and motor together, as the hub measures it.
        average = round(rng.uniform(260, 340), 1)
        return Work(average, int(average * 1.1), rng.randrange(550, 700))
    if kind.power == "none":
        return None
    if kind.power == "meter" and (kind.trainer or not career.meter_broken(day)):
        average = round(watts, 1)
        weighted = math.ceil(average * rng.uniform(*kind.variability))
        return Work(average, weighted, int(weighted * rng.uniform(1.5, 2.3 if kind.trainer else 4.2) + 60))
    # Strava's physics knows neither wind nor draft.
    return Work(round(watts * rng.uniform(0.78, 1.12), 1), None, None)


def _speed_mps(watts: float, climb_per_km: float) -> float:
    return float(31 * (watts / 200) ** 0.45 - 0.45 * climb_per_km) / 3.6


def _heartrate(effort: float, rng: random.Random) -> tuple[float, float]:
    mean = round(68 + 104 * effort + rng.gauss(0, 3), 1)
    return mean, float(min(189, round(mean + rng.uniform(14, 38))))


def _relative_effort(heartrate: tuple[float, float] | None, moving_s: int) -> float | None:
    return float(round(moving_s / 3600 * 52 * (heartrate[0] / 140) ** 4)) if heartrate else None


def _temperature_c(kind: Kind, place: Place, day: date, rng: random.Random) -> int | None:
    if kind.manual or not kind.thermometer:
        return None
    return place.temperature_c(day, rng)


def _name(kind: Kind, local: datetime, rng: random.Random) -> str:
    if kind.names and rng.random() < 0.6:
        return rng.choice(kind.names)
    part = next(name for until, name in _PARTS_OF_DAY if local.hour < until)
    return f"{part} {_SPORT_NAMES.get(kind.sport, 'Ride' if kind.sport.endswith('Ride') else kind.sport)}"


def _visibility(kind: Kind, rng: random.Random) -> str:
    roll = rng.random()
    if roll < (0.08 if kind.commute else 0.02):
        return "only_me"
    return "followers_only" if roll < 0.15 else "everyone"
