"""`daily_load` against the recursion itself, against pandas, and on the days that mislead."""

from __future__ import annotations

import math
import statistics
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories
from strava_assets_tests.marts.judged import Settings, of_seconds
from strava_assets_tests.marts.seconds import random_seconds, random_zones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]
FTP = [{"athlete_id": "7", "valid_from": date(1960, 1, 1), "valid_to": None, "ftp_w": 200.0}]


def ride(day: date, name: str, load: float, **fields: Any) -> Row:
    """A ride of this load, for an athlete with 200 W of FTP: at threshold, as long as it takes."""
    return activity(day, name, moving_time_s=round(load * 36), weighted_average_watts=200.0, **fields)


def witness(activities: Sequence[Judged], today: date) -> list[Row]:
    """The mart by its definition, day after day."""
    first = min(a.day for a in activities)
    days: list[Row] = []
    count = (max(today, *(a.day for a in activities)) - first).days + 1
    begun = [
        a.ride.load or 0
        for a in activities
        if a.is_counted and not a.ride.ebike and (a.day - first).days < 42
    ]
    start = fitness = fatigue = math.fsum(begun) / 42 if count >= 42 else 0.0
    for number in range(count):
        day = first + timedelta(number)
        mine = [a for a in activities if a.day == day and a.is_counted and not a.ride.ebike]
        by_source = {
            source: [a.ride.load or 0 for a in mine if a.ride.load_source == source]
            for source in ("power", "pace", "heart_rate", "none")
        }
        load = math.fsum(by_source["power"] + by_source["pace"] + by_source["heart_rate"])
        sources = [source for source, loads in by_source.items() if loads and source != "none"]
        form = fitness - fatigue
        fitness += (1 - math.exp(-1 / 42)) * (load - fitness)
        fatigue += (1 - math.exp(-1 / 7)) * (load - fatigue)
        seconds = sum(a.ride.seconds for a in mine)
        row: Row = {
            "athlete_id": activities[0].row["athlete_id"],
            "day": day,
            "activities": len(mine),
            "moving_time_s": seconds,
            "training_load": load,
            "power_load": math.fsum(by_source["power"]),
            "heartrate_load": math.fsum(by_source["heart_rate"]),
            "pace_load": math.fsum(by_source["pace"]),
            "load_source": "mixed" if len(sources) > 1 else next(iter(sources), "none"),
            "scaled_rides": sum(
                a.ride.load_method == "scaled_summary" and a.ride.load_scale_rides >= 5 for a in mine
            ),
            "start_load": start,
            "start_weight": math.exp(-(number + 1) / 42),
            "activities_without_load": len(by_source["none"]),
            "loaded_s": sum(a.ride.seconds for a in mine if a.ride.load_source != "none"),
            "load_coverage": sum(a.ride.seconds for a in mine if a.ride.load_source != "none") / seconds
            if seconds
            else None,
            "relative_effort": math.fsum(efforts)
            if (efforts := [a.ride.effort for a in mine if a.ride.effort is not None])
            else None,
            "fitness_ctl": fitness,
            "fatigue_atl": fatigue,
            "form_tsb": form,
            **of_seconds([a.ride for a in mine if a.ride.measured]),
            "ramp_7d": fitness - days[-7]["fitness_ctl"] if number >= 7 else None,
            "days_of_history": number + 1,
            "is_warm_up": number < 42,
            "is_settled": number >= 126,
        }
        last = [d["training_load"] for d in days[-6:]] + [load]
        deviation = statistics.pstdev(last)
        varies = len(last) == 7 and max(last) > min(last) * 1.000001
        row |= {
            "load_7d": math.fsum(last),
            "monotony_7d": statistics.fmean(last) / deviation if varies else None,
            "strain_7d": math.fsum(last) * statistics.fmean(last) / deviation if varies else None,
        }
        days.append(row)
    return days


@some(max_examples=examples(12))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_every_day_is_what_the_recursion_says(marts: Marts, data: st.DataObject, seed: int) -> None:
    history, profile = data.draw(histories()), data.draw(figures())
    power, _ = random_seconds(seed, history)
    zones = random_zones(seed, history)
    options: dict[str, Any] = {
        "as_of": MONDAY + timedelta(days=data.draw(st.integers(0, 520))),
        "count_commutes": data.draw(st.booleans()),
        "count_virtual": data.draw(st.booleans()),
    }
    [rows] = marts(history, "daily_load", figures=profile, power=power, zones=zones, **options)
    athletes = judge(history, Settings(**options), profile, power, zones)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], options["as_of"])]
    assert differences(rows, wanted, "day") == []
    assert all(math.isfinite(v) for row in rows for v in row.values() if isinstance(v, float))


@pytest.mark.deep
def test_the_sums_do_not_overflow_over_sixty_years(marts: Marts) -> None:
    # Long rests, hard blocks and single days, across many of the blocks that the SQL sums in.
    first = date(1966, 1, 1)
    numbers = [*range(0, 300, 2), *range(2040, 2060), 4095, 4096, 6144, *range(9000, 9400, 3), 21_900]
    history = [ride(first + timedelta(n), str(n), 40 + n % 97) for n in numbers]
    today = first + timedelta(22_000)
    [rows] = marts(history, "daily_load", as_of=today, figures=FTP)
    assert differences(rows, witness(judge(history, Settings(today), FTP)["7"], today), "day") == []


def test_pandas_has_the_same_fitness_and_fatigue(marts: Marts) -> None:
    history = [ride(MONDAY + timedelta(n), str(n), 30 + n * 37 % 120) for n in range(0, 400, 1) if n % 5 != 3]
    [rows] = marts(history, "daily_load", as_of=MONDAY + timedelta(420), figures=FTP)
    # The start value before the first day: pandas begins at the first value.
    loads = pd.Series([rows[0]["start_load"], *(row["training_load"] for row in rows)])
    for name, days in (("fitness_ctl", 42), ("fatigue_atl", 7)):
        mean = loads.ewm(alpha=1 - math.exp(-1 / days), adjust=False).mean()[1:]
        assert [row[name] for row in rows] == pytest.approx(list(mean), rel=1e-9)


def test_one_hard_day_is_forgotten_as_the_definition_says(marts: Marts) -> None:
    [rows] = marts([ride(MONDAY, "1", 1000)], "daily_load", as_of=MONDAY + timedelta(10), figures=FTP)
    assert [round(rows[0][name], 2) for name in ("fitness_ctl", "fatigue_atl")] == [23.53, 133.12]
    # Neither 1/N (23.81) nor 2/(N+1) (46.51), the conventions of others.
    assert rows[0]["form_tsb"] == 0
    assert rows[1]["form_tsb"] == pytest.approx(23.528 - 133.122, abs=0.001)
    assert rows[7]["ramp_7d"] == pytest.approx(rows[7]["fitness_ctl"] - rows[0]["fitness_ctl"])


def test_an_hour_at_threshold_is_a_hundred(marts: Marts) -> None:
    [[row]] = marts(
        [activity(MONDAY, "1", weighted_average_watts=200.0)], "daily_load", as_of=MONDAY, figures=FTP
    )
    assert (row["training_load"], row["load_source"], row["load_coverage"]) == (100, "power", 1)


def test_equal_days_have_no_monotony(marts: Marts) -> None:
    history = [ride(MONDAY + timedelta(n), str(n), 57.3) for n in range(10)]
    [rows] = marts(history, "daily_load", as_of=MONDAY + timedelta(20), figures=FTP)
    by_day = [row["monotony_7d"] for row in rows]
    assert by_day[:10] == [None] * 10
    assert by_day[10] == pytest.approx(6 / 7 / statistics.pstdev([1] * 6 + [0]))
    assert by_day[16:] == [None] * 5  # a week of rest


def test_a_rest_day_is_a_row_of_zero(marts: Marts) -> None:
    [rows] = marts([ride(MONDAY, "1", 100)], "daily_load", as_of=MONDAY + timedelta(3), figures=FTP)
    assert [row["training_load"] for row in rows] == [100, 0, 0, 0]
    assert [row["load_source"] for row in rows[1:]] == ["none"] * 3
    assert all(row["load_coverage"] is None for row in rows[1:])


def test_without_an_ftp_the_load_is_unknown_and_says_so(marts: Marts) -> None:
    [[row]] = marts([activity(MONDAY, "1")], "daily_load", as_of=MONDAY)
    assert (row["training_load"], row["load_source"]) == (0, "none")
    assert (row["activities_without_load"], row["load_coverage"]) == (1, 0)


def test_an_ftp_of_later_rewrites_no_earlier_day(marts: Marts) -> None:
    history = [ride(MONDAY, "1", 100), ride(MONDAY + timedelta(1), "2", 100)]
    later = [*FTP, FTP[0] | {"valid_from": MONDAY + timedelta(1), "ftp_w": 250.0}]
    [rows] = marts(history, "daily_load", as_of=MONDAY + timedelta(1), figures=later)
    assert [row["training_load"] for row in rows] == pytest.approx([100, 64])


def test_estimated_watts_are_no_load_by_power(marts: Marts) -> None:
    [[row]] = marts([activity(MONDAY, "1", device_watts=False)], "daily_load", as_of=MONDAY, figures=FTP)
    assert (row["power_load"], row["load_source"]) == (0, "none")


def test_a_run_adds_its_load_by_heart_rate(marts: Marts) -> None:
    profile = [
        FTP[0] | {"max_heartrate_bpm": 190.0, "threshold_heartrate_bpm": 170.0, "resting_heartrate_bpm": 50.0}
    ]
    history = [
        activity(MONDAY, "1", weighted_average_watts=200.0),
        activity(MONDAY, "2", sport_type="Run", average_watts=None, average_heartrate_bpm=170.0),
    ]
    [[row]] = marts(history, "daily_load", as_of=MONDAY, figures=profile)
    assert (row["power_load"], row["load_source"]) == (100, "mixed")
    assert row["heartrate_load"] == pytest.approx(100)  # an hour at the threshold's heart rate


def test_nobody_has_no_days(marts: Marts) -> None:
    assert marts([], "daily_load", figures=FTP) == [[]]


def test_a_ride_dated_after_today_still_counts(marts: Marts) -> None:
    # An athlete east of whoever says what today is.
    [rows] = marts([ride(MONDAY + timedelta(1), "1", 100)], "daily_load", as_of=MONDAY, figures=FTP)
    assert [row["day"] for row in rows] == [MONDAY + timedelta(1)]
