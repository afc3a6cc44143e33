"""`power_profile_progress` against a second implementation: bests, critical power by numpy, ninety days."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.power.critical import fit_critical_power
from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, some
from strava_assets_tests.marts.ftp_by_hand import supporting
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays, week_of
from strava_assets_tests.marts.judged import Settings, active, rides_by_athlete, sum_of_known
from strava_assets_tests.marts.seconds import (
    BEST_EFFORTS_S,
    FITTED_S,
    ZONES,
    held,
    measured,
    random_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.judged import Ride

Row = dict[str, Any]
FITTED = (
    "critical_power_w",
    "critical_power_error_w",
    "w_prime_kj",
    "w_prime_error_kj",
    "fit_points",
    "fit_days",
    "fit_r2",
    "fit_quality",
)
LONG_AGO = MONDAY + timedelta(520)


def witness(
    athlete: str, rides: Sequence[Ride], bests: Sequence[Row], today: date, week: Callable[[date], date]
) -> list[Row]:
    """The mart of one athlete by its definition, week after week."""
    metered = [ride for ride in rides if ride.measured]
    fair = {ride.id: ride.day for ride in metered if ride.has_seconds and not ride.flagged}
    efforts = [
        (fair[best["activity_id"]], best["duration_s"], best["energy_j"])
        for best in bests
        if best["athlete_id"] == athlete and best["activity_id"] in fair
    ]
    days_with_streams = [ride.day for ride in metered if ride.has_seconds]
    answer: list[Row] = []
    start = week(min(days_with_streams)) if days_with_streams else today + timedelta(1)
    while start <= today:
        own = [ride for ride in metered if week(ride.day) == start]
        row: Row = {
            "athlete_id": athlete,
            "week": start,
            "is_partial": today < start + timedelta(7),
            "stream_rides": sum(ride.normalized is not None for ride in own),
        }
        for zone in ZONES:
            seconds = sum_of_known(ride.zones[zone] for ride in own)
            row[zone] = None if seconds is None else int(seconds)
        for length in BEST_EFFORTS_S:
            able = [ride for ride in own if length in ride.bests]
            best = min(able, key=lambda r: (-r.bests[length], r.day, r.id), default=None)
            row[f"best_{length}s_w"] = best and best.bests[length]
            row[f"best_{length}s_ride_id"] = best and best.id
            weighed = [ride.bests[length] / ride.kilograms for ride in able if ride.kilograms]
            row[f"best_{length}s_w_per_kg"] = max(weighed, default=None)
        steady = [ride for ride in own if ride.decoupling is not None]
        longest = min(steady, key=lambda r: (-r.recorded_s, r.day, r.id), default=None)
        row["decoupling_pct"] = longest and longest.decoupling
        row["decoupling_ride_id"] = longest and longest.id
        six = [start - timedelta(7 * n) for n in range(6)]
        strongest: dict[int, tuple[int, date]] = {}
        for day, length, joules in sorted(efforts):
            is_fit = week(day) in six and length in FITTED_S and 0 < joules <= 2500 * length
            if is_fit and (length not in strongest or joules > strongest[length][0]):
                strongest[length] = joules, day
        last = min(start + timedelta(6), today)
        ridden = [(r.day, r.bests[1200]) for r in metered if 1200 in r.bests and r.day <= last]
        supported = supporting(ridden)
        latest = max(supported, default=None)
        row["estimated_ftp_w"] = None if latest is None else 0.95 * supported[latest]
        row["estimated_ftp_age_days"] = None if latest is None else (last - latest).days
        row |= fitted(strongest, row["estimated_ftp_w"])
        answer.append(row)
        start += timedelta(7)
    return answer


def fitted(strongest: Mapping[int, tuple[int, date]], ftp_w: float | None) -> Row:
    """Work on time by the standard library's regression, and whether to believe it."""
    row: Row = dict.fromkeys(FITTED)
    row["fit_points"] = points = len(strongest)
    days = row["fit_days"] = len({day for _, day in strongest.values()})
    if not strongest:
        return row
    row["fit_quality"] = "few_points"
    if points < 2:
        return row
    lengths = sorted(strongest)
    joules = [strongest[length][0] for length in lengths]
    line = statistics.linear_regression(lengths, joules)
    misses = [j - line.intercept - line.slope * t for t, j in zip(lengths, joules, strict=True)]
    spread = sum((j - statistics.fmean(joules)) ** 2 for j in joules)
    row["fit_r2"] = 1 - sum(miss**2 for miss in misses) / spread if spread else 1.0
    if points < 3:
        return row
    residual = sum(miss**2 for miss in misses) / (points - 2)
    # The inverse of the normal equations, whose diagonal holds the variances of intercept and slope.
    sides = np.array([[1.0, length] for length in lengths])
    errors = np.sqrt(residual * np.diag(np.linalg.inv(sides.T @ sides)))
    row |= {"w_prime_error_kj": float(errors[0]) / 1000, "critical_power_error_w": float(errors[1])}
    row["fit_quality"] = judged(line.slope, line.intercept, errors, days, lengths, joules)
    if row["fit_quality"] == "good" and ftp_w and line.slope < 0.85 * ftp_w:
        row["fit_quality"] = "submaximal"
    if row["fit_quality"] == "good":
        row |= {"critical_power_w": line.slope, "w_prime_kj": line.intercept / 1000}
    return row


def judged(
    watts: float, joules_above: float, errors: Any, days: int, lengths: list[int], joules: list[int]
) -> str:
    """The verdict on a fit of three points or more, without that of the estimated FTP."""
    if lengths[0] > 180 or lengths[-1] < 720:
        return "narrow"
    if days < 2:
        return "one_day"
    if not 5_000 <= joules_above <= 40_000 or not 0 < watts < joules[-1] / lengths[-1]:
        return "implausible"
    return "good" if errors[1] <= 0.05 * watts and errors[0] <= 0.2 * joules_above else "uncertain"


@pytest.mark.parametrize("week_start", ["monday", "sunday"])
@some(max_examples=examples(8))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_every_week_is_what_a_second_implementation_says(
    marts: Marts, week_start: str, data: st.DataObject, seed: int
) -> None:
    history, profile = data.draw(histories(week_start)), data.draw(figures())
    power, bests = random_seconds(seed, history)
    settings = Settings(todays(history, seed), data.draw(st.booleans()), data.draw(st.booleans()))
    given_: dict[str, Any] = {"figures": profile, "power": power, "bests": bests, "week_start": week_start}
    [rows] = marts(history, "power_profile_progress", **given_, **vars(settings))
    rides = rides_by_athlete(history, settings, profile, power)
    week = partial(week_of, week_start=week_start)
    wanted = []
    for name in sorted(rides):
        days = [row["activity_date"] for row in active(history, settings) if row["athlete_id"] == name]
        wanted += witness(name, rides[name], bests, max(*days, settings.as_of), week)
    assert differences(rows, wanted, "athlete_id", "week") == []


def curve(critical_power_w: float, w_prime_j: float, *lengths: int) -> dict[int, float]:
    return {length: critical_power_w + w_prime_j / length for length in lengths or FITTED_S}


def fit_of(
    marts: Marts, efforts: Mapping[int, float], days: int = 2, best_1200s_w: float | None = None
) -> Row:
    """The fit to bests that were ridden in turn on so many days, with the evidence of the first one."""
    rides = [activity(MONDAY + timedelta(day), str(day)) for day in range(days)]
    bests = [row for n, (t, w) in enumerate(efforts.items()) for row in held(str(n % days), {t: w})]
    [[row]] = marts(
        rides,
        "power_profile_progress",
        power=[measured(str(day), best_1200s_w=None if day else best_1200s_w) for day in range(days)],
        bests=bests,
        as_of=MONDAY + timedelta(days - 1),
    )
    return {name: row[name] for name in FITTED}


def test_bests_on_the_line_give_the_line(marts: Marts) -> None:
    assert fit_of(marts, curve(250, 18_000)) == {
        "critical_power_w": pytest.approx(250),
        "critical_power_error_w": pytest.approx(0, abs=1e-6),
        "w_prime_kj": pytest.approx(18),
        "w_prime_error_kj": pytest.approx(0, abs=1e-6),
        "fit_points": 6,
        "fit_days": 2,
        "fit_r2": pytest.approx(1),
        "fit_quality": "good",
    }


def test_the_power_package_fits_the_same_line(marts: Marts) -> None:
    efforts = {120: 410.0, 180: 372.0, 300: 338.0, 480: 300.0, 720: 295.0, 1200: 281.0}
    row = fit_of(marts, efforts)
    fit = fit_critical_power(np.array([*efforts]), np.array([*efforts.values()]))
    assert fit is not None
    assert row["critical_power_w"] == pytest.approx(fit.critical_power_w)
    assert row["w_prime_kj"] == pytest.approx(fit.w_prime_j / 1000)
    assert row["critical_power_error_w"] == pytest.approx(fit.critical_power_error_w)
    assert row["w_prime_error_kj"] == pytest.approx(fit.w_prime_error_j and fit.w_prime_error_j / 1000)
    assert row["fit_r2"] == pytest.approx(fit.r2)
    assert row["fit_quality"] == fit.quality(days=2)
    # Power on 1/t, the other custom, would give another one.
    lengths, watts = np.array([*efforts]), np.array([*efforts.values()])
    assert abs(np.polyfit(1 / lengths, watts, 1)[1] - row["critical_power_w"]) > 0.5


@pytest.mark.parametrize(
    ("efforts", "days", "quality"),
    [
        (curve(250, 18_000, 120, 300, 1200), 2, "good"),
        (curve(250, 18_000, 120, 300, 720), 2, "good"),
        (curve(250, 18_000, 180, 300, 720), 2, "good"),
        (curve(250, 18_000, 300, 480, 1200), 2, "narrow"),
        (curve(250, 18_000, 120, 180, 480), 2, "narrow"),
        (curve(250, 18_000), 1, "one_day"),
        (curve(250, 18_000, 120, 1200), 2, "few_points"),
        (curve(250, 18_000, 300), 1, "few_points"),
        (curve(250, 4_900), 2, "implausible"),
        (curve(250, 5_100), 2, "good"),
        (curve(250, 39_900), 2, "good"),
        (curve(250, 40_100), 2, "implausible"),
        (dict.fromkeys(FITTED_S, 250), 2, "implausible"),
        (curve(-5, 20_000), 2, "implausible"),
        # The longest best falls behind the line so far that critical power lies above it.
        ({120: 300, 180: 300, 720: 300, 1200: 210}, 2, "uncertain"),
        ({120: 300, 180: 410, 300: 270, 480: 340, 720: 260, 1200: 281}, 2, "uncertain"),
        ({60: 500, 3600: 240}, 2, None),
    ],
)
def test_a_fit_is_shown_only_if_it_can_be_believed(
    marts: Marts, efforts: dict[int, float], days: int, quality: str | None
) -> None:
    row = fit_of(marts, efforts, days)
    assert row["fit_quality"] == quality
    assert (row["critical_power_w"] is not None) is (quality == "good")
    assert (row["w_prime_kj"] is not None) is (quality == "good")


@pytest.mark.parametrize(
    ("best_1200s_w", "quality"),
    [(None, "good"), (309.5, "good"), (309.7, "submaximal"), (900.0, "submaximal")],
)
def test_critical_power_far_below_the_estimated_ftp_is_not_believed(
    marts: Marts, best_1200s_w: float | None, quality: str
) -> None:
    """Of 250 W, the bound of 85 % is at 294.1 W, which are 95 % of 309.6 W."""
    row = fit_of(marts, curve(250, 18_000), best_1200s_w=best_1200s_w)
    fit = fit_critical_power(np.array(FITTED_S), np.array([*curve(250, 18_000).values()]))
    assert fit is not None
    assert row["fit_quality"] == quality
    assert fit.quality(2, best_1200s_w and 0.95 * best_1200s_w) == quality
    assert (row["critical_power_w"] is not None) is (quality == "good")


@pytest.mark.parametrize(("weeks_ago", "points"), [(0, 6), (5, 6), (6, 0)])
def test_the_fit_looks_back_over_six_calendar_weeks(marts: Marts, weeks_ago: int, points: int) -> None:
    [weeks] = marts(
        [activity(MONDAY + timedelta(6), "1")],
        "power_profile_progress",
        power=[measured("1")],
        bests=held("1", curve(250, 18_000)),
        as_of=MONDAY + timedelta(6 + 7 * weeks_ago),
    )
    assert [row["fit_points"] for row in weeks][-1] == points


def test_a_flagged_rides_seconds_stay_in_the_zones_and_set_no_best(marts: Marts) -> None:
    zones: Row = {"power_zone_3_s": 600, "heartrate_zone_2_s": 500}
    [[row]] = marts(
        [activity(MONDAY, "1", flagged=True), activity(MONDAY, "2")],
        "power_profile_progress",
        power=[
            measured("1", best_60s_w=900.0, **zones),
            measured("2", best_60s_w=300.0, power_zone_3_s=60),
        ],
        bests=held("1", curve(400, 20_000)),
        as_of=MONDAY,
    )
    assert (row["best_60s_w"], row["best_60s_ride_id"], row["fit_points"]) == (300, "2", 0)
    assert (row["stream_rides"], row["power_zone_3_s"], row["heartrate_zone_2_s"]) == (2, 660, 500)
    assert row["power_zone_1_s"] is None


def test_the_longest_steady_ride_tells_the_drift(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(n), str(n)) for n in range(4)]
    power = [
        measured("0", recorded_s=9000),
        measured("1", recorded_s=5000, decoupling_pct=4.0),
        measured("2", recorded_s=7000, decoupling_pct=-1.5),
        measured("3", recorded_s=7000, decoupling_pct=9.0),
    ]
    [[row]] = marts(history, "power_profile_progress", power=power, as_of=MONDAY + timedelta(6))
    assert (row["decoupling_pct"], row["decoupling_ride_id"]) == (-1.5, "2")


def test_the_best_by_the_kilogram_may_be_another_rides(marts: Marts) -> None:
    weights = [
        {"athlete_id": "7", "valid_from": MONDAY + timedelta(n), "weight_kg": kg}
        for n, kg in ((0, 80.0), (1, 60.0))
    ]
    [[row]] = marts(
        [activity(MONDAY, "1"), activity(MONDAY + timedelta(1), "2")],
        "power_profile_progress",
        figures=weights,
        power=[measured("1", best_300s_w=400.0), measured("2", best_300s_w=360.0)],
        as_of=MONDAY + timedelta(6),
    )
    assert (row["best_300s_ride_id"], row["best_300s_w_per_kg"], row["best_60s_w_per_kg"]) == ("1", 6, None)


def test_the_progress_begins_with_the_first_ride_whose_seconds_are_known(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(7 * n), str(n)) for n in range(4)]
    history.append(activity(MONDAY, "8", athlete_id="8"))
    [weeks] = marts(history, "power_profile_progress", power=[measured("2")], as_of=MONDAY + timedelta(7 * 5))
    assert [(row["week"], row["stream_rides"], row["is_partial"]) for row in weeks] == [
        (MONDAY + timedelta(14), 1, False),
        (MONDAY + timedelta(21), 0, False),
        (MONDAY + timedelta(28), 0, False),
        (MONDAY + timedelta(35), 0, True),
    ]


@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 2**32), factor=st.sampled_from([0.5, 2]))
def test_twice_the_watts_are_twice_the_bests_the_critical_power_and_the_estimate(
    marts: Marts, history: list[Row], seed: int, factor: float
) -> None:
    power, bests = random_seconds(seed, history)
    even = [b | {"energy_j": 2 * b["energy_j"]} for b in bests if 0 < b["watts"] < 600]
    names = [f"best_{d}s_w" for d in BEST_EFFORTS_S]
    weaker = [p | {n: None if not p.get(n) or p[n] > 1200 else p[n] for n in names} for p in power]
    stronger = [p | {n: p[n] and p[n] * factor for n in names} for p in weaker]
    scaled = [b | {"energy_j": int(b["energy_j"] * factor)} for b in even]
    [before] = marts(history, "power_profile_progress", power=weaker, bests=even, as_of=LONG_AGO)
    [after] = marts(history, "power_profile_progress", power=stronger, bests=scaled, as_of=LONG_AGO)
    for row, other in zip(before, after, strict=True):
        for name in (*names, "estimated_ftp_w"):
            assert other[name] == (pytest.approx(row[name] * factor) if row[name] else None)
        if row["fit_quality"] == other["fit_quality"] == "good":
            assert other["critical_power_w"] == pytest.approx(row["critical_power_w"] * factor)
            assert other["w_prime_kj"] == pytest.approx(row["w_prime_kj"] * factor)


def test_without_any_seconds_there_is_no_row(marts: Marts) -> None:
    assert marts([activity(MONDAY, "1")], "power_profile_progress") == [[]]
