"""One session of the sample athlete: its plan, and the recording of it that the athlete uploads.

The kinds of session are in kinds.py, the abilities in season.py, and the days of the sessions in diary.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from strava_assets.sandbox.invented_activity import Recording, Track
from strava_assets.sandbox.outing import Outing
from strava_assets.sandbox.physics import estimated_watts
from strava_assets.sandbox.places import HOME, VIRTUAL, Place
from strava_assets.sandbox.tracks import polyline, positions, public_point

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from strava_assets.sandbox.kinds import Kind
    from strava_assets.sandbox.samples import Figures, Samples
    from strava_assets.sandbox.season import Career

_ID_EPOCH = datetime(2021, 10, 1, tzinfo=UTC)
_ID_AT_EPOCH = 6_050_000_000
_IDS_A_SECOND = 79
_BIKE_KG = 9.0
_MEMORY_MPS = 7.2

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


def _as_measured(recording: Recording) -> Recording:
    return recording


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session: everything but what its seconds decide, which is filled in when it is needed.

    Attributes:
        recording: With the planned times and without measurements.
        outing: None for an entry made by hand.
        power: "meter", "estimate" or "none".
        stopped: The stopped time as a share of the moving time.
        amend: What goes wrong with the recording, or with its upload.
        is_spoiled: Its seconds are not those of the outing, so that streams are fitted to the summary.
    """

    recording: Recording
    outing: Outing | None = None
    power: str = "none"
    has_heartrate: bool = False
    stopped: float = 0.0
    amend: Callable[[Recording], Recording] = _as_measured
    is_spoiled: bool = False

    def but(self, **fields: Any) -> Session:
        """The same session with other fields of its recording."""
        return replace(self, recording=replace(self.recording, **fields))

    def measured(self) -> Recording:
        """The recording that the athlete uploads."""
        if self.outing is None:
            return self.amend(self.recording)
        kind = self.outing.kind
        samples = self.outing.samples
        figures = samples.figures()
        moving_s = figures.moving_time_s
        heartrate = (figures.average_heartrate_bpm, figures.max_heartrate_bpm)
        work = self._work(figures)
        recording = replace(
            self.recording,
            moving_time_s=moving_s,
            elapsed_time_s=moving_s + (int(moving_s * self.stopped) if samples.stops else 0),
            distance_m=figures.distance_m,
            climb_m=figures.climb_m if kind.gps else 0,
            max_speed_mps=figures.max_speed_mps,
            average_watts=work and work.average,
            weighted_watts=work and work.weighted,
            max_watts=work and work.highest,
            heartrate=heartrate if self.has_heartrate else None,
            cadence=figures.cadence_rpm if kind.cadence else None,
            temperature_c=figures.temperature_c if kind.thermometer else None,
            relative_effort=_relative_effort(heartrate, moving_s),
            track=_track(self.outing, samples, figures),
            kudos=0 if kind.commute else self.recording.kudos + int(moving_s / 1800),
        )
        return self.amend(recording)

    def _work(self, figures: Figures) -> Work | None:
        if self.outing is None or self.power == "none":
            return None
        if self.power == "meter":
            return Work(figures.average_watts, figures.weighted_watts, figures.max_watts)
        samples = self.outing.samples
        mass_kg = self.outing.abilities.weight_kg + _BIKE_KG
        estimate = estimated_watts(samples.speed_mps, samples.grade, mass_kg)
        return Work(round(float(estimate.mean()), 1), None, None)


def plan_session(
    career: Career, kind: Kind, place: Place, day: date, rng: random.Random, begins: datetime | None = None
) -> Session:
    """Plan a session.

    Args:
        career: Gives the abilities and the state of the devices.
        kind: The kind of session.
        place: Where the athlete is. The track of a virtual ride is elsewhere, its time zone is not.
        day: The local date.
        rng: The generator of the day.
        begins: The local start without zone; by default chosen from the kind's range.
    """
    local = begins or datetime.combine(day, time()) + timedelta(hours=rng.uniform(*kind.begins))
    start = local.replace(microsecond=0, tzinfo=ZoneInfo(place.zone)).astimezone(UTC)
    if kind.manual:
        return Session(recording=_from_memory(career, kind, place, local, start, rng))
    outing = _outing(career, kind, place, day, rng)
    stopped = rng.uniform(*kind.stops)
    planned_s = outing.planned_s
    recording = Recording(
        id=activity_id(start + timedelta(seconds=planned_s * (1 + stopped)), rng),
        athlete_id=career.athlete_id,
        name=outing.workout.name if outing.workout else _name(kind, local, rng),
        sport_type=kind.sport,
        start=start,
        zone=place.zone,
        moving_time_s=planned_s,
        elapsed_time_s=planned_s,
        distance_m=0,
        climb_m=0,
        gear_id=kind.gear if place is HOME or kind.power == "meter" or not kind.bike else None,
        external_id=(
            f"zwift-activity-{int(start.timestamp()) * 7}.fit" if kind.sport == "VirtualRide" else None
        ),
        workout_type=kind.workout_type if rng.random() < 0.8 else None,
        visibility=_visibility(kind, rng),
        trainer=kind.trainer,
        commute=kind.commute,
        athletes=rng.randrange(2, 14) if rng.random() < kind.in_company else 1,
        kudos=rng.randrange(1, 8),
        records=int(rng.expovariate(0.7)) if kind.gps and not kind.commute else 0,
    )
    return Session(
        recording=recording,
        outing=outing,
        power=_power(career, kind, day, rng),
        has_heartrate=rng.random() < kind.heartrate,
        stopped=stopped,
    )


def _from_memory(
    career: Career, kind: Kind, place: Place, local: datetime, start: datetime, rng: random.Random
) -> Recording:
    """An entry made by hand: times and distance in round numbers, and nothing measured."""
    moving_s = 300 * round(12 * rng.triangular(*kind.hours))
    return Recording(
        id=activity_id(start + timedelta(seconds=moving_s), rng),
        athlete_id=career.athlete_id,
        name=_name(kind, local, rng),
        sport_type=kind.sport,
        start=start,
        zone=place.zone,
        moving_time_s=moving_s,
        elapsed_time_s=moving_s,
        distance_m=500 * round(_MEMORY_MPS * moving_s / 500) if kind.bike else 0,
        climb_m=0,
        gear_id=kind.gear,
        visibility=_visibility(kind, rng),
        manual=True,
        kudos=rng.randrange(4),
    )


def _outing(career: Career, kind: Kind, place: Place, day: date, rng: random.Random) -> Outing:
    temperature_c = place.temperature_c(day, rng)
    return Outing(
        kind=kind,
        abilities=career.abilities(day),
        place=VIRTUAL if kind.sport == "VirtualRide" else place,
        temperature_c=temperature_c if not kind.trainer else 20,
        hours=rng.triangular(*kind.hours),
        level=rng.uniform(*kind.effort),
        climb_per_km=rng.uniform(*kind.climb),
        workout=rng.choice(kind.workouts) if kind.workouts else None,
        seed=rng.getrandbits(64),
        way_seed=career.seed,
    )


def _track(outing: Outing, samples: Samples, figures: Figures) -> Track | None:
    if not outing.kind.gps or samples.route is None:
        return None
    ends = positions(samples.route, outing.place, np.array([0.0, figures.distance_m]))
    start, end = ((float(lat), float(lng)) for lat, lng in ends)
    return Track(
        polyline=polyline(samples.route, outing.place, figures.distance_m),
        start=public_point(start),
        end=public_point(end),
        elev_low_m=figures.elev_low_m,
        elev_high_m=figures.elev_high_m,
    )


def activity_id(uploaded: datetime, rng: random.Random) -> int:
    """An id for the upload time; Strava's ids grow by about 79 per second in these years."""
    seconds = int((uploaded - _ID_EPOCH).total_seconds())
    return _ID_AT_EPOCH + seconds * _IDS_A_SECOND + rng.randrange(_IDS_A_SECOND)


def _power(career: Career, kind: Kind, day: date, rng: random.Random) -> str:
    """Whether power is measured, estimated or absent."""
    if kind.sport in ("Run", "TrailRun"):
        return "meter" if career.running_power(day) else "none"
    if kind.sport == "EBikeRide":
        # Some hubs measure the power of rider and motor together.
        return "meter" if rng.random() < 0.4 else kind.power
    if kind.power == "meter" and not kind.trainer and career.meter_broken(day):
        return "estimate"
    return kind.power


def _relative_effort(heartrate: tuple[float, float], moving_s: int) -> float:
    return float(round(moving_s / 3600 * 52 * (heartrate[0] / 140) ** 4))


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
