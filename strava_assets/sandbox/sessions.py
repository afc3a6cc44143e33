"""The kinds of session the sample athlete does, and the numbers each leaves behind.

When a kind is done is in diary.py; how strong the legs are is in season.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from strava_assets.sandbox import profile
from strava_assets.sandbox.places import HOME, VIRTUAL, Place, track
from strava_assets.sandbox.recording import Recording

if TYPE_CHECKING:
    import random

    from strava_assets.sandbox.season import Career

_ID_EPOCH = datetime(2021, 10, 1, tzinfo=UTC)
_ID_AT_EPOCH = 6_050_000_000
_IDS_A_SECOND = 79

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of session.

    Attributes:
        hours: moving time, from and to.
        begins: local hour of the day, from and to.
        effort: mean power as a share of the threshold; for other sports the share of the heart rate's reserve follows it.
        variability: weighted over average watts.
        climb: metres climbed per kilometre.
        power: "meter", "estimate" (Strava's), or "none".
        pace_mps: speed where it does not follow from watts.
        heartrate: how often the strap is worn.
        gps: False for a room.
        thermometer: whether the device has one.
        stops: elapsed beyond moving time, as a share of it.
    """

    sport: str
    hours: Range
    names: tuple[str, ...] = ()
    begins: Range = (17.3, 18.9)
    effort: Range = (0.6, 0.7)
    variability: Range = (1.03, 1.09)
    climb: Range = (7.0, 14.0)
    power: str = "none"
    pace_mps: Range | None = None
    heartrate: float = 0.95
    cadence: Range | None = (80.0, 91.0)
    gear: str | None = None
    gps: bool = True
    thermometer: bool = True
    trainer: bool = False
    commute: bool = False
    manual: bool = False
    stops: Range = (0.01, 0.12)
    workout_type: int | None = None
    in_company: float = 0.05


_ROAD = {"sport": "Ride", "power": "meter", "gear": profile.ROAD_BIKE, "workout_type": 10}
_VIRTUAL = {
    "sport": "VirtualRide",
    "power": "meter",
    "gear": profile.TRAINER_BIKE,
    "trainer": True,
    "thermometer": False,
    "stops": (0.0, 0.01),
    "begins": (17.8, 19.6),
}
_COMMUTE = {
    "sport": "Ride",
    "power": "estimate",
    "gear": profile.COMMUTER,
    "commute": True,
    "hours": (0.38, 0.6),
    "effort": (0.5, 0.66),
    "climb": (3.0, 8.0),
    "heartrate": 0.12,
    "cadence": None,
    "stops": (0.03, 0.3),
}

KINDS: dict[str, Kind] = {
    "zwift_intervals": Kind(
        **_VIRTUAL
        | {"hours": (0.8, 1.2), "effort": (0.72, 0.83), "variability": (1.05, 1.13), "climb": (3, 9)},
        names=("5 x 4 min", "Over-unders", "30/30s, three sets", "4 x 8 min", "Zwift - Ramp and hold"),
    ),
    "zwift_tempo": Kind(
        **_VIRTUAL
        | {"hours": (0.9, 1.6), "effort": (0.68, 0.78), "variability": (1.01, 1.04), "climb": (4, 12)},
        names=("Zwift - Sweet spot", "2 x 20 min", "Zwift - Climb portal", "Tempo, film on"),
    ),
    "zwift_endurance": Kind(
        **_VIRTUAL
        | {"hours": (1.3, 2.6), "effort": (0.58, 0.66), "variability": (1.01, 1.03), "climb": (3, 8)},
        names=("Zwift - Endurance", "Long and dull", "Rain outside"),
    ),
    "trainer": Kind(
        **_VIRTUAL | {"sport": "Ride", "hours": (0.6, 1.1), "effort": (0.55, 0.7)} | {"gps": False},
        names=("Turbo, cadence drills", "Spin"),
    ),
    "rollers": Kind(
        sport="Ride",
        hours=(0.4, 0.8),
        effort=(0.5, 0.6),
        gps=False,
        trainer=True,
        thermometer=False,
        cadence=None,
        gear=profile.COMMUTER,
        names=("Rollers in the garage",),
    ),
    "road_intervals": Kind(
        **_ROAD | {"workout_type": 12},
        hours=(1.1, 1.8),
        effort=(0.68, 0.78),
        variability=(1.08, 1.17),
        names=("Hill repeats", "VO2 on the climb", "6 x 3 min", "Threshold, 3 x 12"),
    ),
    "road_tempo": Kind(**_ROAD, hours=(1.3, 2.2), effort=(0.66, 0.75), variability=(1.04, 1.1)),
    "road_easy": Kind(**_ROAD, hours=(0.8, 1.4), effort=(0.5, 0.58), names=("Easy spin", "Coffee ride")),
    "road_endurance": Kind(**_ROAD, hours=(2.0, 3.4), begins=(8.3, 10.0), effort=(0.6, 0.67)),
    "road_long": Kind(
        **_ROAD,
        hours=(3.2, 5.6),
        begins=(7.6, 9.2),
        effort=(0.61, 0.69),
        variability=(1.05, 1.12),
        climb=(9.0, 17.0),
        names=("Long one", "Three cols", "Across the plateau and back", "Big loop"),
        in_company=0.35,
    ),
    "group_ride": Kind(
        **_ROAD,
        hours=(1.7, 2.5),
        effort=(0.7, 0.78),
        variability=(1.1, 1.19),
        names=("Thursday group", "Club ride", "Chaingang"),
        in_company=1.0,
    ),
    "race": Kind(
        **_ROAD | {"workout_type": 11},
        hours=(2.2, 4.4),
        begins=(8.0, 9.5),
        effort=(0.77, 0.85),
        variability=(1.07, 1.15),
        climb=(10.0, 18.0),
        names=("Gran fondo", "Road race", "Hill climb championship"),
        in_company=1.0,
    ),
    "gravel": Kind(
        sport="GravelRide",
        hours=(1.8, 4.2),
        begins=(8.5, 10.5),
        effort=(0.58, 0.68),
        climb=(10.0, 19.0),
        power="estimate",
        gear=profile.GRAVEL_BIKE,
        names=("Gravel", "Dust", "Shepherds' tracks", "Mud and more mud"),
    ),
    "mtb": Kind(
        sport="MountainBikeRide",
        hours=(1.2, 2.6),
        begins=(9.0, 14.5),
        effort=(0.55, 0.7),
        climb=(18.0, 32.0),
        gear=profile.MOUNTAIN_BIKE,
        cadence=None,
        names=("Singletrack", "Rock garden", "Roots"),
    ),
    "commute_out": Kind(**_COMMUTE, begins=(7.3, 8.1)),
    "commute_home": Kind(**_COMMUTE, begins=(16.9, 18.4)),
    "ebike": Kind(
        sport="EBikeRide",
        hours=(0.4, 1.3),
        begins=(10.0, 17.0),
        effort=(0.3, 0.45),
        climb=(6.0, 14.0),
        pace_mps=(6.0, 7.0),
        gear=profile.E_BIKE,
        heartrate=0.0,
        cadence=None,
        names=("Groceries", "Kids to swimming", "Cargo run"),
    ),
    "run": Kind(
        sport="Run",
        hours=(0.55, 1.1),
        begins=(11.9, 12.9),
        effort=(0.66, 0.8),
        pace_mps=(2.75, 3.4),
        cadence=(82.0, 87.0),
        gear=profile.ROAD_SHOES,
    ),
    "trail_run": Kind(
        sport="TrailRun",
        hours=(0.8, 1.9),
        begins=(8.5, 10.5),
        effort=(0.68, 0.82),
        pace_mps=(2.2, 2.9),
        climb=(20.0, 40.0),
        cadence=(78.0, 84.0),
        gear=profile.TRAIL_SHOES,
    ),
    "swim": Kind(
        sport="Swim",
        hours=(0.5, 0.8),
        begins=(12.0, 13.0),
        effort=(0.5, 0.62),
        pace_mps=(0.72, 0.95),
        climb=(0.0, 0.0),
        gps=False,
        cadence=None,
    ),
    "strength": Kind(
        sport="WeightTraining",
        hours=(0.6, 1.0),
        pace_mps=(0.0, 0.0),
        climb=(0.0, 0.0),
        heartrate=0.0,
        cadence=None,
        gps=False,
        manual=True,
        names=("Strength", "Core and squats"),
    ),
    "hike": Kind(
        sport="Hike",
        hours=(2.0, 5.5),
        begins=(8.0, 10.0),
        effort=(0.4, 0.55),
        pace_mps=(0.9, 1.3),
        climb=(50.0, 95.0),
        cadence=None,
        gear=profile.TRAIL_SHOES,
        stops=(0.1, 0.4),
        in_company=0.7,
    ),
    "walk": Kind(
        sport="Walk", hours=(0.5, 1.2), effort=(0.3, 0.4), pace_mps=(1.2, 1.5), cadence=None, heartrate=0.4
    ),
    "ski": Kind(
        sport="NordicSki",
        hours=(1.0, 2.5),
        begins=(9.5, 13.0),
        effort=(0.65, 0.8),
        pace_mps=(3.0, 4.2),
        climb=(12.0, 22.0),
        cadence=None,
        names=("Skating", "Fresh tracks"),
    ),
}

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
    """Watts as the summary has them; weighted and highest are None for an estimate."""

    average: float
    weighted: int | None
    highest: int | None


def perform(  # noqa: PLR0913, PLR0917 - who, what, where, when, and the dice
    career: Career, kind: Kind, place: Place, day: date, rng: random.Random, begins: datetime | None = None
) -> Recording:
    """Do a session and note it.

    Args:
        career: gives the legs' strength and the state of the devices.
        kind: what is done.
        place: where; a virtual ride is in its own place, by the clock of where the athlete is.
        day: the local date.
        rng: the day's dice.
        begins: local start without a zone, where it is not up to the kind.
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
    where = VIRTUAL if kind.sport == "VirtualRide" else place
    return Recording(
        id=activity_id(start + timedelta(seconds=elapsed_s), rng),
        athlete_id=profile.ATHLETE_ID,
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
        track=track(where, distance_m, climb_m, rng) if kind.gps and distance_m else None,
        gear_id=kind.gear if place is HOME or kind.power == "meter" or kind.pace_mps else None,
        external_id=f"zwift-activity-{int(start.timestamp()) * 7}.fit" if where is VIRTUAL else None,
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
    """Strava's ids grow with the time of upload, by about 79 a second in these years."""
    seconds = int((uploaded - _ID_EPOCH).total_seconds())
    return _ID_AT_EPOCH + seconds * _IDS_A_SECOND + rng.randrange(_IDS_A_SECOND)


def _work(career: Career, kind: Kind, day: date, watts: float, rng: random.Random) -> Work | None:
    if kind.sport in ("Run", "TrailRun") and career.running_power(day):
        average = round(watts * 1.35, 1)
        return Work(average, int(average * 1.02) + 1, int(average * rng.uniform(1.4, 1.9)))
    if kind.sport == "EBikeRide" and rng.random() < 0.4:
        # Rider and motor together, as a hub reports them: measured, and still nobody's watts.
        average = round(rng.uniform(260, 340), 1)
        return Work(average, int(average * 1.1), rng.randrange(550, 700))
    if kind.power == "none":
        return None
    if kind.power == "meter" and (kind.trainer or not career.meter_broken(day)):
        average = round(watts, 1)
        weighted = math.ceil(average * rng.uniform(*kind.variability))
        return Work(average, weighted, int(watts * rng.uniform(2.2, 4.4) + 150))
    # Strava's physics knows neither wind nor draft.
    return Work(round(watts * rng.uniform(0.78, 1.12), 1), None, None)


def _speed_mps(watts: float, climb_per_km: float) -> float:
    return (31 * (watts / 200) ** 0.45 - 0.45 * climb_per_km) / 3.6


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
