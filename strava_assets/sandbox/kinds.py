"""The sample athlete's kinds of session: duration, intensity, workouts, terrain, bike and sensors.

The numbers of one session are made in sessions.py; diary.py decides when a kind takes place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from strava_assets.sandbox import sample_profile, workouts
from strava_assets.sandbox.physics import Bike
from strava_assets.sandbox.terrain import (
    ISLAND,
    PASSES,
    PATHS,
    ROLLING,
    SINGLETRACK,
    TRACKS,
    VALLEY,
    Ground,
)

if TYPE_CHECKING:
    from strava_assets.sandbox.workouts import Workout

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of session.

    Attributes:
        hours: Range of the planned time in motion; the road decides when a ride ends.
        begins: Range of the local hour of the start.
        effort: Range of the planned power on the flat as a share of FTP; the heart follows it.
        workouts: One of them is ridden; its name becomes the activity's.
        climb: Range of meters climbed per kilometer.
        power: "meter", "estimate" (Strava's), or "none".
        bike: None for everything that is not a bike.
        pace_mps: Range of the speed on the flat without a bike.
        way: "out" and "home" on the way to work, "" for a loop.
        spread: How uneven the power is from second to second, as a standard deviation.
        drifting: How much it changes over minutes.
        surges_per_hour: Accelerations of up to 45 seconds.
        surge: Their strength, as a share of the power.
        pauses_per_hour: Short pauses in pedaling on the flat.
        drafting: The share of the drag that riding in company saves.
        stops_per_hour: How often the athlete stands.
        heartrate: Probability of a heart rate sensor.
        cadence: Range of the preferred cadence; None without a sensor.
        gps: False indoors.
        thermometer: Whether the device measures temperature.
        stops: Range of the stopped time as a share of the moving time.
        in_company: Probability of other participants.
    """

    sport: str
    hours: Range
    names: tuple[str, ...] = ()
    begins: Range = (17.3, 18.9)
    effort: Range = (0.6, 0.7)
    workouts: tuple[Workout, ...] = ()
    climb: Range = (7.0, 14.0)
    power: str = "none"
    ground: Ground = ROLLING
    bike: Bike | None = None
    pace_mps: Range = (1.0, 1.2)
    way: str = ""
    spread: float = 0.17
    drifting: float = 0.05
    surges_per_hour: float = 4.0
    surge: float = 0.6
    pauses_per_hour: float = 35.0
    drafting: float = 0.0
    stops_per_hour: float = 1.5
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


_ROAD_BIKE = Bike()
_TRAINER = Bike(cda_m2=0.31, crr=0.004)
_GRAVEL = Bike(mass_kg=10.5, cda_m2=0.38, crr=0.009, fastest_mps=13.5, coasts_mps=11.0)
_HARDTAIL = Bike(mass_kg=12.5, cda_m2=0.45, crr=0.017, fastest_mps=9.0, coasts_mps=7.5)
_STEEL = Bike(mass_kg=18.0, cda_m2=0.45, crr=0.007, fastest_mps=11.5, coasts_mps=9.5)
_CARGO = Bike(mass_kg=55.0, cda_m2=0.6, crr=0.009, fastest_mps=7.3, coasts_mps=7.1)

_ROAD = Kind(
    sport="Ride",
    hours=(1.3, 2.2),
    effort=(0.72, 0.82),
    power="meter",
    gear=sample_profile.ROAD_BIKE,
    bike=_ROAD_BIKE,
    workout_type=10,
)
_VIRTUAL = Kind(
    sport="VirtualRide",
    hours=(0.8, 1.2),
    power="meter",
    gear=sample_profile.TRAINER_BIKE,
    bike=_TRAINER,
    ground=ISLAND,
    spread=0.06,
    drifting=0.02,
    surges_per_hour=0.0,
    pauses_per_hour=5.0,
    stops_per_hour=0.5,
    trainer=True,
    thermometer=False,
    stops=(0.0, 0.01),
    begins=(17.8, 19.6),
)
_COMMUTE = Kind(
    sport="Ride",
    hours=(0.38, 0.6),
    power="estimate",
    gear=sample_profile.COMMUTER,
    bike=_STEEL,
    ground=VALLEY,
    commute=True,
    effort=(0.5, 0.66),
    climb=(3.0, 8.0),
    pauses_per_hour=70.0,
    stops_per_hour=9.0,
    heartrate=0.12,
    cadence=None,
    stops=(0.03, 0.3),
)

KINDS: dict[str, Kind] = {
    "zwift_intervals": replace(
        _VIRTUAL,
        climb=(3.0, 9.0),
        workouts=(
            workouts.FIVE_BY_FOUR,
            workouts.OVER_UNDERS,
            workouts.THIRTY_THIRTIES,
            workouts.FOUR_BY_EIGHT,
            workouts.SIX_BY_THREE,
        ),
    ),
    "zwift_tempo": replace(
        _VIRTUAL,
        climb=(4.0, 12.0),
        workouts=(workouts.SWEET_SPOT, workouts.TWO_BY_TWENTY, workouts.THREE_BY_TWELVE),
    ),
    "zwift_endurance": replace(
        _VIRTUAL,
        hours=(1.3, 2.6),
        effort=(0.58, 0.68),
        climb=(3.0, 8.0),
        names=("Zwift - Endurance", "Long and dull", "Rain outside"),
    ),
    "test_short": replace(_VIRTUAL, workouts=(workouts.SHORT_TEST,), climb=(2.0, 4.0)),
    "test_long": replace(_ROAD, workouts=(workouts.LONG_TEST,), begins=(9.0, 10.0), workout_type=12),
    "test_hour": replace(
        _ROAD,
        workouts=(workouts.HOUR_TEST,),
        ground=VALLEY,
        begins=(9.0, 10.0),
        stops_per_hour=0.0,
        workout_type=11,
        in_company=1.0,
    ),
    "test_ramp": replace(_VIRTUAL, workouts=(workouts.RAMP_TEST,), climb=(2.0, 4.0)),
    "trainer": replace(
        _VIRTUAL,
        sport="Ride",
        hours=(0.6, 1.1),
        effort=(0.55, 0.7),
        gps=False,
        names=("Turbo, cadence drills", "Spin"),
    ),
    "road_tempo": _ROAD,
    "road_intervals": replace(
        _ROAD,
        workout_type=12,
        climb=(4.0, 8.0),
        workouts=(
            workouts.HILL_REPEATS,
            workouts.VO2_CLIMB,
            workouts.SIX_BY_THREE,
            workouts.THREE_BY_TWELVE,
            workouts.SPRINTS,
        ),
    ),
    "road_easy": replace(
        _ROAD, hours=(0.8, 1.4), effort=(0.53, 0.62), surges_per_hour=0.5, names=("Easy spin", "Coffee ride")
    ),
    "road_endurance": replace(_ROAD, hours=(2.0, 3.4), begins=(8.3, 10.0), effort=(0.66, 0.74)),
    "road_long": replace(
        _ROAD,
        hours=(3.2, 5.6),
        begins=(7.6, 9.2),
        effort=(0.67, 0.76),
        climb=(9.0, 17.0),
        ground=PASSES,
        names=("Long one", "Three cols", "Across the plateau and back", "Big loop"),
        in_company=0.35,
    ),
    "group_ride": replace(
        _ROAD,
        hours=(1.7, 2.5),
        effort=(0.74, 0.83),
        spread=0.28,
        drifting=0.12,
        surges_per_hour=22.0,
        surge=1.0,
        pauses_per_hour=110.0,
        drafting=0.3,
        names=("Thursday group", "Club ride", "Chaingang"),
        in_company=1.0,
    ),
    "race": replace(
        _ROAD,
        workout_type=11,
        hours=(2.2, 4.4),
        begins=(8.0, 9.5),
        effort=(0.85, 0.93),
        spread=0.24,
        drifting=0.09,
        surges_per_hour=18.0,
        surge=0.9,
        pauses_per_hour=90.0,
        drafting=0.25,
        climb=(10.0, 18.0),
        ground=PASSES,
        stops_per_hour=0.2,
        stops=(0.0, 0.02),
        names=("Gran fondo", "Road race", "Hill climb championship"),
        in_company=1.0,
    ),
    "rollers": Kind(
        sport="Ride",
        hours=(0.4, 0.8),
        effort=(0.5, 0.6),
        gps=False,
        trainer=True,
        thermometer=False,
        cadence=None,
        gear=sample_profile.COMMUTER,
        bike=_TRAINER,
        stops_per_hour=0.0,
        names=("Rollers in the garage",),
    ),
    "gravel": Kind(
        sport="GravelRide",
        hours=(1.8, 4.2),
        begins=(8.5, 10.5),
        effort=(0.64, 0.74),
        climb=(10.0, 19.0),
        ground=TRACKS,
        bike=_GRAVEL,
        spread=0.24,
        pauses_per_hour=70.0,
        power="estimate",
        gear=sample_profile.GRAVEL_BIKE,
        names=("Gravel", "Dust", "Shepherds' tracks", "Mud and more mud"),
    ),
    "mtb": Kind(
        sport="MountainBikeRide",
        hours=(1.2, 2.6),
        begins=(9.0, 14.5),
        effort=(0.65, 0.8),
        climb=(18.0, 32.0),
        ground=SINGLETRACK,
        bike=_HARDTAIL,
        spread=0.35,
        surges_per_hour=30.0,
        pauses_per_hour=160.0,
        gear=sample_profile.MOUNTAIN_BIKE,
        cadence=None,
        names=("Singletrack", "Rock garden", "Roots"),
    ),
    "commute_out": replace(_COMMUTE, way="out", begins=(7.3, 8.1)),
    "commute_home": replace(_COMMUTE, way="home", begins=(16.9, 18.4)),
    "ebike": Kind(
        sport="EBikeRide",
        hours=(0.4, 1.3),
        begins=(10.0, 17.0),
        effort=(0.95, 1.3),
        climb=(6.0, 14.0),
        ground=VALLEY,
        bike=_CARGO,
        surges_per_hour=0.0,
        stops_per_hour=8.0,
        gear=sample_profile.E_BIKE,
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
        gear=sample_profile.ROAD_SHOES,
    ),
    "trail_run": Kind(
        sport="TrailRun",
        hours=(0.8, 1.9),
        begins=(8.5, 10.5),
        effort=(0.68, 0.82),
        pace_mps=(2.2, 2.9),
        ground=PATHS,
        climb=(20.0, 40.0),
        cadence=(78.0, 84.0),
        gear=sample_profile.TRAIL_SHOES,
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
        ground=PATHS,
        stops_per_hour=1.5,
        climb=(50.0, 95.0),
        cadence=None,
        gear=sample_profile.TRAIL_SHOES,
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
