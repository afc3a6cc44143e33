"""The sample athlete rides as the plan, the body and the road say, and as riders with devices do."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from strava_assets.power.xpower import xpower_w
from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.fitness import talent
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.sandbox.season import Career

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from strava_assets.sandbox.history import History
    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.samples import Samples

pytestmark = pytest.mark.xdist_group("sample athlete")

TODAY = date(2026, 11, 23)
KEYS = [
    *("time", "distance", "latlng", "altitude", "velocity_smooth", "heartrate"),
    *("cadence", "watts", "temp", "moving", "grade_smooth"),
]


@dataclass(frozen=True)
class Ride:
    """An activity of the sample athlete: its summary, made when it is needed, and the truth about it."""

    history: History
    id: int
    outing: Outing

    @cached_property
    def record(self) -> dict[str, Any]:
        """The summary."""
        return self.history.get(self.id)

    def is_workout(self, words: str) -> bool:
        """Whether the name of its workout has these words."""
        return self.outing.workout is not None and words in self.outing.workout.name


@pytest.fixture(scope="module")
def rides() -> list[Ride]:
    """All activities that have seconds, newest first."""
    history = Sandbox.sample(today=TODAY).history
    pairs = ((activity, history.outing(activity)) for activity in history.ids())
    return [Ride(history, activity, outing) for activity, outing in pairs if outing is not None]


def measured(rides: list[Ride], *, trainer: bool) -> list[Ride]:
    """Rides with a power meter and a cadence sensor, without workouts."""
    return [
        ride
        for ride in rides
        if ride.outing.kind.power == "meter"
        and ride.outing.kind.cadence
        and ride.outing.kind.trainer == trainer
        and not ride.outing.workout
        and ride.outing.hours > 0.7
    ]


def test_every_figure_of_a_summary_follows_from_its_streams(rides: list[Ride]) -> None:
    compared = 0
    for ride in rides[::23]:
        record = ride.record
        streams = streams_of(record, KEYS, ride.outing)
        if streams is None:
            continue
        compared += 1
        data = {key: np.array(values) for key, values in streams.items()}
        assert {len(values) for values in data.values()} == {record["moving_time"]}
        assert data["time"][-1] <= record["elapsed_time"]
        if "distance" in data:
            assert data["distance"][-1] == record["distance"]
            assert data["velocity_smooth"].max() == record["max_speed"]
            assert np.cumsum(data["velocity_smooth"]) == pytest.approx(data["distance"], abs=0.06)
        if "watts" in data:
            assert data["watts"].mean() == pytest.approx(record["average_watts"], abs=0.051)
            assert data["watts"].max() == record["max_watts"]
            assert xpower_w(data["watts"]) == pytest.approx(record["weighted_average_watts"], abs=0.51)
        if "heartrate" in data:
            assert data["heartrate"].mean() == pytest.approx(record["average_heartrate"], abs=0.051)
            assert data["heartrate"].max() == record["max_heartrate"]
        if "cadence" in data:
            turning = data["cadence"][data["cadence"] > 0]
            assert turning.mean() == pytest.approx(record["average_cadence"], abs=0.051)
        if "altitude" in data:
            rises = np.diff(data["altitude"])
            assert rises[rises > 0].sum() == pytest.approx(record["total_elevation_gain"], abs=0.051)
            assert (data["altitude"].min(), data["altitude"].max()) == (
                record["elev_low"],
                record["elev_high"],
            )
    assert compared > 40


def test_positions_move_as_fast_as_the_speed_says(rides: list[Ride]) -> None:
    ride = next(ride for ride in rides if ride.outing.kind.sport == "GravelRide")
    record = ride.record
    streams = streams_of(record, ["latlng", "distance"], ride.outing) or {}
    north, east = np.radians(np.array(streams["latlng"])).T
    meters = 6_378_137 * np.hypot(np.diff(north), np.diff(east) * np.cos(north[:-1]))
    # Straight lines between points cut the bends.
    assert 0.9 * record["distance"] < meters.sum() < 1.02 * record["distance"]


def test_cadence_stops_when_the_power_does_and_runs_with_it(rides: list[Ride]) -> None:
    for outing in (ride.outing for ride in rides[::31]):
        if outing.kind.bike:
            samples = outing.samples
            assert ((samples.cadence_rpm > 0) == (samples.watts > 0)).all()


class Habits(NamedTuple):
    """What the recordings of real devices have in common."""

    zeros: float
    correlation: float
    first_minute: float
    sprint: float


def habits(watts: NDArray[Any], cadence: NDArray[Any], heartrate: NDArray[Any]) -> Habits:
    """The habits of a ride: share of zeros, cadence and power, first minute's heart rate, 15 s over 5 s."""
    valid = ~np.isnan(watts) & ~np.isnan(cadence)
    bests = [np.convolve(np.nan_to_num(watts), np.full(n, 1 / n), "valid").max() for n in (15, 5)]
    first = (
        np.nanmean(heartrate[:60]) / np.nanmean(heartrate) if np.isfinite(heartrate[:60]).any() else np.nan
    )
    correlation = float(np.corrcoef(watts[valid], cadence[valid])[0, 1])
    return Habits(float((watts[valid] == 0).mean()), correlation, float(first), float(bests[0] / bests[1]))


def habits_of(samples: Samples) -> Habits:
    """The habits of an invented ride."""
    return habits(samples.watts, samples.cadence_rpm, samples.heartrate_bpm)


def device_rides(fixtures: Path) -> dict[str, Habits]:
    """The habits of the four recordings of devices."""
    rides_by_file = {}
    for path in sorted((fixtures / "power").glob("*.csv.gz")):
        with gzip.open(path, "rt") as file:
            rows = list(csv.DictReader(file))
        columns = [
            np.array([float(row[name] or "nan") for row in rows])
            for name in ("watts", "cadence", "heartrate")
        ]
        rides_by_file[path.name] = habits(*columns)
    return rides_by_file


def test_outdoors_the_rider_has_the_habits_of_the_device_rides(rides: list[Ride], fixtures: Path) -> None:
    devices = device_rides(fixtures)
    outdoors = [habit for name, habit in devices.items() if "indoor" not in name]
    ours = [habits_of(ride.outing.samples) for ride in measured(rides, trainer=False)[::12]]
    assert len(ours) > 15
    zeros, correlation, first_minute, sprint = np.transpose(ours)
    assert min(habit.zeros for habit in outdoors) - 0.02 < zeros.min()
    assert zeros.max() < max(habit.zeros for habit in outdoors) + 0.05
    assert min(habit.correlation for habit in devices.values()) - 0.05 < correlation.min()
    assert np.median(correlation) < max(habit.correlation for habit in devices.values()) + 0.05
    firsts = [habit.first_minute for habit in devices.values() if np.isfinite(habit.first_minute)]
    assert min(firsts) - 0.05 < np.median(first_minute) < max(firsts) + 0.03
    assert 0.85 < np.median(sprint) < 0.97


def test_indoors_the_rider_hardly_stops_pedaling(rides: list[Ride], fixtures: Path) -> None:
    device = device_rides(fixtures)["garmin_indoor_trainer.csv.gz"]
    ours = [habits_of(ride.outing.samples) for ride in measured(rides, trainer=True)[::8]]
    assert len(ours) > 4
    assert np.median([habit.zeros for habit in ours]) < device.zeros + 0.01


def test_workouts_have_the_watts_of_their_names(rides: list[Ride]) -> None:
    percents = {"3 x 12 min at 96 %": (3, 720, 0.96), "5 x 4 min at 108 %": (5, 240, 1.08)}
    for words, (count, seconds, share) in percents.items():
        matches = [ride.outing for ride in rides if ride.is_workout(words)]
        assert len(matches) > 3
        for outing in matches[:4]:
            samples = outing.samples
            assert len(samples.efforts) == count
            for effort in samples.efforts:
                watts = samples.watts[effort.start_s : effort.start_s + effort.seconds]
                assert effort.seconds == seconds
                assert watts.mean() == pytest.approx(share * outing.abilities.ftp_w, rel=0.004)
                assert watts.mean() == pytest.approx(effort.watts, abs=0.6)


def test_a_ramp_test_ends_when_nothing_is_left_above_critical_power(rides: list[Ride]) -> None:
    outing = next(ride.outing for ride in rides if ride.is_workout("Ramp test"))
    efforts = outing.samples.efforts
    above_j = sum(max(0.0, effort.watts - outing.abilities.cp_w) * effort.seconds for effort in efforts)
    assert above_j == pytest.approx(outing.abilities.w_prime_j, rel=0.05)
    assert [effort.watts for effort in efforts] == sorted(effort.watts for effort in efforts)


def test_climbs_of_workouts_are_ridden_up_and_their_rests_down(rides: list[Ride]) -> None:
    climbing = []
    for outing in (ride.outing for ride in rides if ride.is_workout("on the climb")):
        samples = outing.samples
        for effort in samples.efforts:
            part = slice(effort.start_s, effort.start_s + effort.seconds)
            gain_m = samples.altitude_m[part][-1] - samples.altitude_m[part][0]
            climbing.append(3_600 * gain_m / effort.seconds / (effort.watts / outing.abilities.weight_kg))
    # Meters an hour for each W/kg: about 260 at 6 %, with the bike and the air.
    assert len(climbing) > 20
    assert min(climbing) > 235
    assert max(climbing) < 285


def test_no_effort_of_a_season_exceeds_what_the_rider_can_do(rides: list[Ride]) -> None:
    durations = [5, 15, 60, 300, 1_200, 3_600]
    hard = [ride.outing for ride in rides if ride.outing.workout or ride.outing.kind.drafting]
    for outing in hard[::7]:
        bests = best_watts(outing.samples.watts, durations)
        for duration, best in bests.items():
            assert best <= 1.015 * outing.abilities.best_watts(duration), (outing.kind, duration)


def best_watts(watts: NDArray[Any], durations: list[int]) -> dict[int, float]:
    """The highest mean power of some durations that the ride is long enough for."""
    sums = np.append(0.0, np.cumsum(watts))
    return {d: float((sums[d:] - sums[:-d]).max() / d) for d in durations if d <= len(watts)}


def test_tests_show_the_true_critical_power_and_the_shape_of_a_rider(rides: list[Ride]) -> None:
    career = Career.until(TODAY)
    fitted = 0
    for monday in career.test_weeks(TODAY):
        week = [
            ride
            for ride in rides
            if ride.is_workout("Test:")
            and monday <= date.fromisoformat(ride.record["start_date"][:10]) < monday + timedelta(weeks=1)
        ]
        if len(week) < 2:
            continue
        fitted += 1
        durations = [5, 15, 180, 300, 720, 1_200]
        each = [best_watts(ride.outing.samples.watts, durations) for ride in week]
        best = {d: max(watts[d] for watts in each) for d in durations}
        long = np.array(durations[2:])
        cp_w, w_prime_j = np.polyfit(long, [best[d] * d for d in durations[2:]], 1)
        truth = career.abilities(monday)
        assert cp_w == pytest.approx(truth.cp_w, rel=0.02)
        assert w_prime_j == pytest.approx(truth.w_prime_j, rel=0.08)
        assert 0.84 < best[15] / best[5] < 0.94
        assert 1.12 < best[300] / truth.ftp_w < 1.3
        assert 1.02 < best[1_200] / truth.ftp_w < 1.09
    assert fitted > 10


def test_form_and_weight_move_with_training_injury_and_season() -> None:
    career = Career.until(TODAY)
    before, after = (career.abilities(day) for day in (career.injury_start, career.injury_end))
    assert after.ftp_w < 0.88 * before.ftp_w
    assert after.weight_kg > before.weight_kg + 1
    ill = next(
        monday
        for monday in (career.first_monday + timedelta(weeks=week) for week in range(60))
        if career.phase(monday) == "ill"
    )
    assert career.abilities(ill + timedelta(weeks=1)).ftp_w < 0.97 * career.abilities(ill).ftp_w
    summer, winter = (career.abilities(date(2025, month, 20)) for month in (7, 1))
    assert summer.ftp_w > 1.03 * winter.ftp_w
    assert summer.weight_kg < winter.weight_kg


def test_hours_of_work_make_tired_and_drive_the_heart(rides: list[Ride]) -> None:
    long = [ride.outing for ride in measured(rides, trainer=False) if ride.outing.hours > 4]
    drifts = []
    for outing in long[:12]:
        samples = outing.samples
        half = len(samples) // 2
        efficiency = [
            samples.watts[part].mean() / samples.heartrate_bpm[part].mean()
            for part in (slice(900, half), slice(half, None))
        ]
        drifts.append(1 - efficiency[1] / efficiency[0])
    assert 0.01 < np.median(drifts) < 0.12
    fresh = rides[0].outing.abilities
    assert float(fresh.tired(3_000)) < 0.95 < float(fresh.tired(1_000))


def test_a_crop_cuts_seconds_and_the_summary_follows() -> None:
    sandbox = Sandbox.sample(today=TODAY)
    history = sandbox.history
    record = next(
        record
        for record in map(history.get, history.ids())
        if record.get("device_watts") and record["elapsed_time"] > record["moving_time"]
    )
    outing = sandbox.history.outing(record["id"])
    assert outing is not None
    whole = streams_of(record, KEYS, outing) or {}
    cropped = sandbox.history.crop(record["id"], start_s=600, end_s=300)
    streams = streams_of(cropped, KEYS, sandbox.history.outing(record["id"])) or {}
    first = int(np.searchsorted(whole["time"], 600))
    assert streams["watts"] == whole["watts"][first : first + cropped["moving_time"]]
    assert cropped["average_watts"] == pytest.approx(np.mean(streams["watts"]), abs=0.051)
    assert cropped["kilojoules"] == round(cropped["average_watts"] * cropped["moving_time"] / 1000, 1)
    assert cropped["distance"] == streams["distance"][-1]
    start = datetime.fromisoformat(record["start_date"])
    assert datetime.fromisoformat(cropped["start_date"]) == start + timedelta(seconds=600)


def test_athletes_weigh_what_people_weigh() -> None:
    weights = [talent(seed).weight_kg for seed in range(2, 200)]
    assert 48 <= min(weights) < 55
    assert 85 < max(weights) <= 96
    assert len(set(weights)) > 100


@pytest.mark.deep
def test_each_seed_is_another_athlete() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    athletes = [Career.until(now.date(), seed) for seed in range(1, 200)]
    riders = [career.abilities(now.date()) for career in athletes]
    assert len({(rider.cp_w, rider.w_prime_j, rider.weight_kg) for rider in riders}) == len(riders)
    assert len({career.athlete_id for career in athletes}) == len(athletes)
    per_kg = [rider.ftp_w / rider.weight_kg for rider in riders]
    assert 1.7 < min(per_kg) < 2.6
    assert 4.0 < max(per_kg) < 6.0
    one, other = (Sandbox.sample(seed, now.date()) for seed in (2, 3))
    assert one.athlete["id"] != other.athlete["id"]
    assert one.history.get(one.history.ids()[0])["athlete"]["id"] == one.athlete["id"]
