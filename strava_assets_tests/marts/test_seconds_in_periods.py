"""Values of days, weeks and quarters from streams: null without streams, never mixed with summaries."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import some
from strava_assets_tests.marts.histories import MONDAY, activity, histories
from strava_assets_tests.marts.seconds import BEST_EFFORTS_S, measured, random_seconds

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
PERIODS = ("daily_load", "weekly_watts", "quarterly_overview")
BESTS = tuple(f"best_{seconds}s_w" for seconds in BEST_EFFORTS_S)
OF_SECONDS = ("stream_rides", "stream_coverage", "normalized_power_w", "tss", "tss_rides", *BESTS)
LATER = MONDAY + timedelta(520)


def period_rows(marts: Marts, history: list[Row], power: list[Row], **options: Any) -> list[Row]:
    """The one day, week and quarter of a history of one day."""
    return [rows[0] for rows in marts(history, *PERIODS, power=power, **{"as_of": MONDAY} | options)]


@pytest.mark.deep
def test_without_seconds_everything_is_null_and_the_summary_stays(marts: Marts) -> None:
    for row in period_rows(marts, [activity(MONDAY, "1")], []):
        assert (row["stream_rides"], row["tss_rides"], row["stream_coverage"]) == (0, 0, 0)
        assert {row[name] for name in ("normalized_power_w", "tss", *BESTS)} == {None}
    _, week, quarter = period_rows(marts, [activity(MONDAY, "1")], [])
    assert week["weighted_average_watts"] == quarter["weighted_average_watts"] == pytest.approx(210)


def test_a_day_without_power_has_no_coverage(marts: Marts) -> None:
    for row in period_rows(marts, [activity(MONDAY, "1", average_watts=None)], [measured("1")]):
        assert (row["stream_rides"], row["stream_coverage"], row["normalized_power_w"]) == (0, None, None)


def test_normalized_power_rests_on_the_rides_with_seconds_alone(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", moving_time_s=10_800)]
    power = [measured("1", normalized_power_w=260.0, tss=90.0, best_300s_w=310.0)]
    for row in period_rows(marts, history, power):
        assert (row["stream_rides"], row["stream_coverage"]) == (1, 0.25)
        assert row["normalized_power_w"] == pytest.approx(260)
        assert (row["tss"], row["tss_rides"], row["best_300s_w"], row["best_60s_w"]) == (90, 1, 310, None)


def test_normalized_power_is_averaged_by_fourth_powers_over_recorded_seconds(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2")]
    power = [
        measured("1", normalized_power_w=200.0),
        measured("2", normalized_power_w=300.0, recorded_s=1800),
    ]
    mean = ((3600 * 200**4 + 1800 * 300**4) / 5400) ** 0.25
    for row in period_rows(marts, history, power):
        assert row["normalized_power_w"] == pytest.approx(mean)
        # Neither the mean of the two nor their mean by time.
        assert abs(row["normalized_power_w"] - 250) > 2
        assert abs(row["normalized_power_w"] - 700 / 3) > 2


@pytest.mark.deep
@pytest.mark.parametrize(
    "fields",
    [
        {"normalized_power_w": None},
        {"normalized_power_w": 0.0},
        {"normalized_power_w": -200.0},
        {"normalized_power_w": 2501.0},
        {"normalized_power_w": math.nan},
        {"normalized_power_w": math.inf},
        {"recorded_s": 0},
        {"recorded_s": 10**12},
    ],
    ids=str,
)
def test_an_impossible_normalized_power_is_none(marts: Marts, fields: Row) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2")]
    for row in period_rows(marts, history, [measured("1"), measured("2", **fields)]):
        assert (row["stream_rides"], row["stream_coverage"]) == (1, 0.5)
        assert row["normalized_power_w"] == pytest.approx(210)


@pytest.mark.deep
@pytest.mark.parametrize("value", [None, -1.0, math.nan, math.inf, 1e300])
@pytest.mark.parametrize("name", ["tss", "best_5s_w", "best_3600s_w"])
def test_an_impossible_score_or_best_is_none(marts: Marts, name: str, value: float | None) -> None:
    for row in period_rows(marts, [activity(MONDAY, "1")], [measured("1", **{name: value})]):
        assert row[name] is None


@pytest.mark.deep
def test_no_effort_at_all_is_a_score_of_zero_and_no_best(marts: Marts) -> None:
    for row in period_rows(marts, [activity(MONDAY, "1")], [measured("1", tss=0.0, best_5s_w=0.0)]):
        assert (row["tss"], row["tss_rides"], row["best_5s_w"]) == (0, 1, None)


@pytest.mark.deep
def test_a_flagged_ride_keeps_its_normalized_power_and_sets_no_best(marts: Marts) -> None:
    strong: Row = dict.fromkeys(BESTS, 900.0)
    for row in period_rows(marts, [activity(MONDAY, "1", flagged=True)], [measured("1", tss=50.0, **strong)]):
        assert (row["stream_rides"], row["tss"]) == (1, 50)
        assert {row[name] for name in BESTS} == {None}


@pytest.mark.deep
@pytest.mark.parametrize(
    "added",
    [
        {"device_watts": False},
        {"device_watts": None},
        {"average_watts": None, "weighted_average_watts": None},
        {"sport_type": "EBikeRide"},
        {"sport_type": "Run"},
        {"manual": True},
        {"deleted_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=["estimated", "unknown", "no power", "e-bike", "run", "manual", "deleted"],
)
@some(max_examples=examples(2))
@given(history=histories(), seed=st.integers(0, 2**32))
def test_the_seconds_of_what_is_no_measured_ride_change_nothing(
    marts: Marts, history: list[Row], seed: int, added: Row
) -> None:
    anchored = [*history, activity(MONDAY, "anchor")]
    power, _ = random_seconds(seed, anchored)
    extra = activity(MONDAY, "extra", **added)
    strong = measured("extra", normalized_power_w=900.0, tss=400.0, **dict.fromkeys(BESTS, 2000.0))
    before = marts(anchored, *PERIODS[:2], power=power, as_of=LATER)
    after = marts([*anchored, extra], *PERIODS[:2], power=[*power, strong], as_of=LATER)
    for actual, wanted in zip(after, before, strict=True):
        assert [[row[name] for name in OF_SECONDS] for row in actual] == [
            [row[name] for name in OF_SECONDS] for row in wanted
        ]


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 2**32))
def test_days_weeks_and_quarters_add_up_to_the_same(marts: Marts, history: list[Row], seed: int) -> None:
    power, _ = random_seconds(seed, history)
    *periods, rides = marts(history, *PERIODS, "activity_measures", power=power, as_of=LATER)
    with_streams = [row for row in rides if row["stream_s"]]
    scores = [row["tss"] for row in rides if row["tss"] is not None]
    for rows in periods:
        assert sum(row["stream_rides"] for row in rows) == len(with_streams)
        assert sum(row["tss_rides"] for row in rows) == len(scores)
        assert math.fsum(row["tss"] or 0 for row in rows) == pytest.approx(math.fsum(scores))
        for name in BESTS:
            best = max((row[name] for row in rides if row[name] is not None), default=None)
            assert max((row[name] for row in rows if row[name] is not None), default=None) == best
        assert all(0 <= row["stream_coverage"] <= 1 for row in rows if row["stream_coverage"] is not None)


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 2**32), cut=st.integers(0, 80))
def test_two_halves_of_a_history_merge_into_the_whole(
    marts: Marts, history: list[Row], seed: int, cut: int
) -> None:
    power, _ = random_seconds(seed, history)
    separate = [row | {"start_date": activity(MONDAY, row["activity_id"])["start_date"]} for row in history]
    whole, rides = marts(separate, "weekly_watts", "activity_measures", power=power, as_of=LATER)
    recorded_s = {(row["athlete_id"], row["activity_id"]): row["stream_s"] for row in rides}
    halves = [separate[:cut], separate[cut:]]
    parts = [marts(half, "weekly_watts", power=power, as_of=LATER)[0] for half in halves]
    for row in whole:
        key = (row["athlete_id"], row["week"])
        mean = seconds = 0.0
        for half, weeks in zip(halves, parts, strict=True):
            own = sum(
                recorded_s[r["athlete_id"], r["activity_id"]]
                for r in half
                if (r["athlete_id"], r["week"]) == key and (r["athlete_id"], r["activity_id"]) in recorded_s
            )
            [watts] = [w["normalized_power_w"] for w in weeks if (w["athlete_id"], w["week"]) == key] or [
                None
            ]
            mean += own * (watts or 0) ** 4
            seconds += own
        merged = (mean / seconds) ** 0.25 if seconds else None
        assert row["normalized_power_w"] == pytest.approx(merged)
