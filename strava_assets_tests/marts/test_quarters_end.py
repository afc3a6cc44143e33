"""How an athlete stands at a quarter's end: what `quarterly_overview` takes over from the marts it reads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays
from strava_assets_tests.marts.seconds import held, measured, random_seconds

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
NAMES = ("quarterly_overview", "eddington", "daily_load", "power_profile_progress")


def witness(quarter: Row, numbers: list[Row], days: list[Row], weeks: list[Row]) -> Row:
    """The columns of one quarter of one athlete, from the rows of the others."""
    first, last = quarter["quarter"], quarter["quarter_end"]
    reached = [n for n in numbers if n["unit"] == "km" and n["reached_on"] and n["reached_on"] <= last]
    gained = [n for n in reached if n["reached_on"] >= first]
    own = [day for day in days if first <= day["day"] <= last]
    today = max(day["day"] for day in days)
    over = [w for w in weeks if first <= min(w["week"] + timedelta(6), today) <= last]
    profile = over[-1] if over else {}
    return {
        "eddington_km_end": len(reached),
        "eddington_km_gain": len(gained),
        "fitness_ctl_end": own[-1]["fitness_ctl"],
        "fitness_ctl_highest": max(day["fitness_ctl"] for day in own),
        "days_form_below_minus_30": sum(day["form_tsb"] < -30 for day in own),
        "estimated_ftp_end_w": profile.get("estimated_ftp_w"),
        "estimated_ftp_age_end_days": profile.get("estimated_ftp_age_days"),
        "critical_power_end_w": profile.get("critical_power_w"),
        "w_prime_end_kj": profile.get("w_prime_kj"),
    }


@pytest.mark.deep
@some(max_examples=examples(8))
@given(history=histories(), profile=figures(), seed=st.integers(0, 2**32), scale=st.sampled_from([0.1, 1]))
def test_a_quarter_ends_as_the_other_marts_say(
    marts: Marts, history: list[Row], profile: list[Row], seed: int, scale: float
) -> None:
    near = [row | {"distance_m": row["distance_m"] and row["distance_m"] * scale} for row in history]
    power, bests = random_seconds(seed, near)
    quarters, *others = marts(
        near, *NAMES, figures=profile, power=power, bests=bests, as_of=todays(history, seed)
    )
    for quarter in quarters:
        own = ([r for r in rows if r["athlete_id"] == quarter["athlete_id"]] for rows in others)
        wanted = witness(quarter, *own)
        assert differences([{name: quarter[name] for name in wanted}], [wanted]) == []


@pytest.mark.deep
@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [
        (date(2024, 3, 30), {"2024-01-01": 285}),  # the running quarter as of today
        (date(2024, 3, 31), {"2024-01-01": 285}),
        # 2024-03-31 is a Sunday: the ride's week is over with its quarter.
        (date(2024, 4, 1), {"2024-01-01": 285, "2024-04-01": 285}),
        (date(2024, 9, 30), {"2024-01-01": 285, "2024-04-01": 285, "2024-07-01": 285}),
    ],
)
def test_the_estimated_ftp_is_that_of_the_last_week_that_is_over(
    marts: Marts, as_of: date, wanted: Row
) -> None:
    power = [measured("1", best_1200s_w=300.0)]
    [quarters] = marts([activity(date(2024, 3, 28), "1")], "quarterly_overview", power=power, as_of=as_of)
    estimates = {f"{row['quarter']}": row["estimated_ftp_end_w"] for row in quarters}
    assert estimates == {start: watts and pytest.approx(watts) for start, watts in wanted.items()}


def test_a_week_over_two_quarters_is_told_by_the_later_one(marts: Marts) -> None:
    # Monday 30 December 2024: the first two days of the week are 2024's last.
    [quarters] = marts(
        [activity(date(2024, 12, 30), "1"), activity(date(2024, 12, 31), "2")],
        "quarterly_overview",
        power=[measured("1", best_1200s_w=300.0), measured("2")],
        bests=held("1", {d: 250 + 18_000 / d for d in (120, 300)}) + held("2", {720: 275.0}),
        as_of=date(2025, 1, 20),
    )
    assert [row["estimated_ftp_end_w"] for row in quarters] == [None, pytest.approx(285)]
    assert [row["critical_power_end_w"] for row in quarters] == [None, pytest.approx(250)]


def test_the_number_grows_by_what_the_quarter_gained(marts: Marts) -> None:
    days = [MONDAY + timedelta(n) for n in (0, 1, 10, 120, 300)]
    history = [activity(day, str(n), distance_m=1000.0 * (n + 3)) for n, day in enumerate(days)]
    [quarters] = marts(history, "quarterly_overview", as_of=MONDAY + timedelta(310))
    assert [(row["eddington_km_end"], row["eddington_km_gain"]) for row in quarters] == [
        (2, 2),  # two days in December
        (3, 1),
        (3, 0),
        (3, 0),
        (4, 1),
    ]
