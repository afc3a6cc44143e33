"""The marts against the oracle, and against themselves, over random histories."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts import oracle
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays, week_of
from strava_assets_tests.marts.judged import Settings
from strava_assets_tests.marts.seconds import random_seconds, random_zones

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
AS_OF = MONDAY + timedelta(days=520)
WATTS = (
    "average_watts",
    "weighted_average_watts",
    "average_watts_4w",
    "average_watts_12w",
    "weighted_average_watts_12w",
    "trend_12w_watts_per_week",
    "best_average_watts_so_far",
    "best_ride_weighted_watts",
    "watts_per_heartbeat",
    "estimated_average_watts",
)
TAKEN_OVER = (
    "eddington_km_end",
    "eddington_km_gain",
    "fitness_ctl_end",
    "fitness_ctl_highest",
    "days_form_below_minus_30",
    "estimated_ftp_end_w",
    "estimated_ftp_age_end_days",
    "critical_power_end_w",
    "w_prime_end_kj",
)
"""What a quarter takes from other marts: test_quarters_end.py."""
some = partial(
    settings,
    deadline=None,  # the machine's pace is not what is tested
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
    database=None,
    derandomize=True,
)


def same(actual: Any, wanted: Any) -> bool:
    """Whether two values are equal; floats may differ by rounding errors."""
    if isinstance(actual, float) and isinstance(wanted, int | float):
        return math.isclose(actual, wanted, rel_tol=1e-9, abs_tol=1e-6)
    return bool(actual == wanted)


def differences(actual: list[Row], wanted: list[Row]) -> list[str]:
    if len(actual) != len(wanted):
        return [f"{len(actual)} rows, not {len(wanted)}"]
    return [
        f"{name}: {row[name]!r}, not {other[name]!r} in {list(row.values())[:2]}"
        for row, other in zip(actual, wanted, strict=True)
        for name in row
        if not same(row[name], other[name])
    ]


@pytest.mark.parametrize("week_start", ["monday", "sunday"])
@some(max_examples=examples(12))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_weeks_and_quarters_are_what_a_second_implementation_says(
    marts: Marts, week_start: str, data: st.DataObject, seed: int
) -> None:
    history = data.draw(histories(week_start))
    profile = data.draw(figures())
    power, bests = random_seconds(seed, history)
    zones = random_zones(seed, history)
    options: dict[str, Any] = {
        "as_of": todays(history, seed),
        "count_commutes": data.draw(st.booleans()),
        "count_virtual": data.draw(st.booleans()),
    }
    given: dict[str, Any] = {"figures": profile, "power": power, "bests": bests, "zones": zones}
    actual = marts(history, "weekly_watts", "quarterly_overview", week_start=week_start, **given, **options)
    week = partial(week_of, week_start=week_start)
    wanted = [
        oracle.weekly(history, Settings(**options), profile, week, power, zones),
        oracle.quarterly(history, Settings(**options), profile, week, power, zones),
    ]
    for rows, expected, period in zip(actual, wanted, ("week", "quarter"), strict=True):
        assert [(row["athlete_id"], row[period]) for row in rows] == sorted(expected)
        for row in rows:
            judged = expected[row["athlete_id"], row[period]]
            unjudged = {"athlete_id", period} | set(row) - set(judged)
            assert unjudged == {"athlete_id", period, *(TAKEN_OVER if period == "quarter" else ())}
            assert [
                f"{name}: {row[name]!r}, not {judged[name]!r}"
                for name in row
                if name not in unjudged and not same(row[name], judged[name])
            ] == []


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 1000))
def test_the_order_of_arrival_does_not_matter(marts: Marts, history: list[Row], seed: int) -> None:
    power, bests = random_seconds(seed, history)
    names = ("weekly_watts", "quarterly_overview")
    first = marts(history, *names, power=power, bests=bests, as_of=AS_OF)
    for rows in (history, power, bests):
        random.Random(seed).shuffle(rows)  # noqa: S311 - a shuffle, not a secret
    second = marts(history, *names, power=power, bests=bests, as_of=AS_OF)
    assert [differences(a, b) for a, b in zip(first, second, strict=True)] == [[], []]


@some(max_examples=examples(4))
@given(history=histories(), factor=st.sampled_from([0.5, 2.0, 4.0]))
def test_twice_the_watts_are_twice_the_averages(marts: Marts, history: list[Row], factor: float) -> None:
    possible = [
        row
        for row in history
        if (row["average_watts"] or 0) < 500 and (row["weighted_average_watts"] or 0) < 500
    ]
    scaled = [
        row
        | {
            name: row[name] * factor if row.get(name) is not None else None
            for name in ("average_watts", "weighted_average_watts", "kilojoules")
        }
        for row in possible
        if not (row.get("kilojoules") or 0) > 1e8
    ]
    [before] = marts(
        [row for row in possible if not (row.get("kilojoules") or 0) > 1e8], "weekly_watts", as_of=AS_OF
    )
    [after] = marts(scaled, "weekly_watts", as_of=AS_OF)
    wanted = [
        row | {name: None if row[name] is None else row[name] * factor for name in WATTS} for row in before
    ]
    names = [
        *WATTS,
        "variability",
        "average_watts_change_pct",
        "average_watts_4w_change_pct",
        "is_best_week",
        "best_ride_id",
    ]
    assert (
        differences([{n: r[n] for n in names} for r in after], [{n: r[n] for n in names} for r in wanted])
        == []
    )


@pytest.mark.deep
@pytest.mark.parametrize(
    "added",
    [
        {"average_watts": None, "weighted_average_watts": None, "device_watts": None},
        {"sport_type": "EBikeRide", "average_watts": 400.0},
        {"sport_type": "Run", "average_watts": 350.0},
        {"manual": True, "average_watts": 400.0},
        {"average_watts": 0.0, "kilojoules": 0.0},
        {"deleted_at": datetime(2026, 1, 1, tzinfo=UTC), "average_watts": 400.0},
    ],
    ids=["no power", "e-bike", "run", "manual", "zero watts", "deleted"],
)
@some(max_examples=examples(2))
@given(history=histories(), day=st.integers(0, 500))
def test_what_carries_no_power_changes_no_watts(
    marts: Marts, history: list[Row], day: int, added: Row
) -> None:
    # An anchor, so that the added activity cannot lengthen the history.
    anchored = [*history, activity(MONDAY, "anchor")]
    extra = activity(MONDAY + timedelta(days=day), "extra", average_heartrate_bpm=None, **added)
    [before] = marts(anchored, "weekly_watts", as_of=AS_OF)
    [after] = marts([*anchored, extra], "weekly_watts", as_of=AS_OF)
    watts = [name for name in before[0] if "watts" in name or name == "variability"]
    assert (
        differences([{n: r[n] for n in watts} for r in after], [{n: r[n] for n in watts} for r in before])
        == []
    )


@some(max_examples=examples(4))
@given(history=histories())
def test_weeks_quarters_and_activities_add_up_to_the_same(marts: Marts, history: list[Row]) -> None:
    weeks, quarters, activities = marts(
        history, "weekly_watts", "quarterly_overview", "activity_measures", as_of=AS_OF
    )
    rides = [row for row in activities if row["is_ride"]]
    for name in ("rides", "moving_time_s", "distance_m", "climb_m", "virtual_climb_m", "work_kj", "power_s"):
        total = {
            "rides": len(rides),
            "work_kj": sum(row["work_j"] for row in rides) / 1000,
        }.get(name) or math.fsum(row.get(name, 0) for row in rides)
        assert math.fsum(row[name] for row in weeks) == pytest.approx(total)
        assert math.fsum(row[name] for row in quarters) == pytest.approx(total)


@some(max_examples=examples(4))
@given(history=histories(), cut=st.integers(0, 80))
def test_two_halves_of_a_history_merge_into_the_whole(marts: Marts, history: list[Row], cut: int) -> None:
    halves = [history[:cut], history[cut:]]
    [whole] = marts(history, "weekly_watts", as_of=AS_OF)
    parts = [row for half in halves for row in marts(half, "weekly_watts", as_of=AS_OF)[0]]
    for row in whole:
        mine = [p for p in parts if (p["athlete_id"], p["week"]) == (row["athlete_id"], row["week"])]
        assert math.fsum(p["work_kj"] for p in mine) == pytest.approx(row["work_kj"])
        seconds = sum(p["power_s"] for p in mine)
        merged = sum((p["average_watts"] or 0) * p["power_s"] for p in mine) / seconds if seconds else None
        assert row["average_watts"] == pytest.approx(merged)


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), hours=st.integers(-26, 26))
def test_a_moved_instant_changes_nothing_while_the_local_day_stays(
    marts: Marts, history: list[Row], hours: int
) -> None:
    moved = [
        row | {"start_date": row["start_date"] + timedelta(hours=hours), "utc_offset_s": -3600 * hours}
        for row in history
    ]
    assert marts(moved, "weekly_watts", "quarterly_overview", as_of=AS_OF) == marts(
        history, "weekly_watts", "quarterly_overview", as_of=AS_OF
    )


@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 1000))
def test_no_column_is_ever_nan_or_infinite(marts: Marts, history: list[Row], seed: int) -> None:
    power, bests = random_seconds(seed, history)
    names = ("weekly_watts", "quarterly_overview", "activity_measures")
    for rows in marts(history, *names, power=power, bests=bests, as_of=date(2024, 1, 10)):
        assert [
            (name, value)
            for row in rows
            for name, value in row.items()
            if isinstance(value, float) and not math.isfinite(value)
        ] == []
