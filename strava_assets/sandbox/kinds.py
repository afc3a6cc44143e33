"""The sample athlete's kinds of session: duration, intensity, bike and sensors.

The numbers of one session are made in sessions.py; diary.py decides when a kind takes place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from strava_assets.sandbox import sample_profile

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of session.

    Attributes:
        hours: Range of the moving time.
        begins: Range of the local hour of the start.
        effort: Range of the mean power as a share of FTP; the heart rate follows it.
        variability: Range of weighted over average watts.
        climb: Range of meters climbed per kilometer.
        power: "meter", "estimate" (Strava's), or "none".
        pace_mps: Range of the speed, if it does not follow from watts.
        heartrate: Probability of a heart rate sensor.
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


_ROAD = Kind(
    sport="Ride",
    hours=(1.3, 2.2),
    effort=(0.66, 0.75),
    variability=(1.04, 1.1),
    power="meter",
    gear=sample_profile.ROAD_BIKE,
    workout_type=10,
)
_VIRTUAL = Kind(
    sport="VirtualRide",
    hours=(0.8, 1.2),
    power="meter",
    gear=sample_profile.TRAINER_BIKE,
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
    commute=True,
    effort=(0.5, 0.66),
    climb=(3.0, 8.0),
    heartrate=0.12,
    cadence=None,
    stops=(0.03, 0.3),
)

KINDS: dict[str, Kind] = {
    "zwift_intervals": replace(
        _VIRTUAL,
        effort=(0.72, 0.83),
        variability=(1.05, 1.13),
        climb=(3.0, 9.0),
        names=("5 x 4 min", "Over-unders", "30/30s, three sets", "4 x 8 min", "Zwift - Ramp and hold"),
    ),
    "zwift_tempo": replace(
        _VIRTUAL,
        hours=(0.9, 1.6),
        effort=(0.68, 0.78),
        variability=(1.01, 1.04),
        climb=(4.0, 12.0),
        names=("Zwift - Sweet spot", "2 x 20 min", "Zwift - Climb portal", "Tempo, film on"),
    ),
    "zwift_endurance": replace(
        _VIRTUAL,
        hours=(1.3, 2.6),
        effort=(0.58, 0.66),
        variability=(1.01, 1.03),
        climb=(3.0, 8.0),
        names=("Zwift - Endurance", "Long and dull", "Rain outside"),
    ),
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
        hours=(1.1, 1.8),
        effort=(0.68, 0.78),
        variability=(1.08, 1.17),
        names=("Hill repeats", "VO2 on the climb", "6 x 3 min", "Threshold, 3 x 12"),
    ),
    "road_easy": replace(_ROAD, hours=(0.8, 1.4), effort=(0.5, 0.58), names=("Easy spin", "Coffee ride")),
    "road_endurance": replace(_ROAD, hours=(2.0, 3.4), begins=(8.3, 10.0), effort=(0.6, 0.67)),
    "road_long": replace(
        _ROAD,
        hours=(3.2, 5.6),
        begins=(7.6, 9.2),
        effort=(0.61, 0.69),
        variability=(1.05, 1.12),
        climb=(9.0, 17.0),
        names=("Long one", "Three cols", "Across the plateau and back", "Big loop"),
        in_company=0.35,
    ),
    "group_ride": replace(
        _ROAD,
        hours=(1.7, 2.5),
        effort=(0.7, 0.78),
        variability=(1.1, 1.19),
        names=("Thursday group", "Club ride", "Chaingang"),
        in_company=1.0,
    ),
    "race": replace(
        _ROAD,
        workout_type=11,
        hours=(2.2, 4.4),
        begins=(8.0, 9.5),
        effort=(0.77, 0.85),
        variability=(1.07, 1.15),
        climb=(10.0, 18.0),
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
        names=("Rollers in the garage",),
    ),
    "gravel": Kind(
        sport="GravelRide",
        hours=(1.8, 4.2),
        begins=(8.5, 10.5),
        effort=(0.58, 0.68),
        climb=(10.0, 19.0),
        power="estimate",
        gear=sample_profile.GRAVEL_BIKE,
        names=("Gravel", "Dust", "Shepherds' tracks", "Mud and more mud"),
    ),
    "mtb": Kind(
        sport="MountainBikeRide",
        hours=(1.2, 2.6),
        begins=(9.0, 14.5),
        effort=(0.55, 0.7),
        climb=(18.0, 32.0),
        gear=sample_profile.MOUNTAIN_BIKE,
        cadence=None,
        names=("Singletrack", "Rock garden", "Roots"),
    ),
    "commute_out": replace(_COMMUTE, begins=(7.3, 8.1)),
    "commute_home": replace(_COMMUTE, begins=(16.9, 18.4)),
    "ebike": Kind(
        sport="EBikeRide",
        hours=(0.4, 1.3),
        begins=(10.0, 17.0),
        effort=(0.3, 0.45),
        climb=(6.0, 14.0),
        pace_mps=(6.0, 7.0),
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
