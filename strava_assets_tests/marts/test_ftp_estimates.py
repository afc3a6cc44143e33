"""`ftp_estimates`: an estimate stays while nobody rides hard, and a change is proposed with its evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.data_checks import Subject
from strava_assets.landing import Landing
from strava_assets.marts.ftp_estimates import ftp_is_up_to_date
from strava_assets.streams import StreamStore
from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import some
from strava_assets_tests.marts.ftp_by_hand import supporting
from strava_assets_tests.marts.histories import MONDAY, activity
from strava_assets_tests.marts.seconds import FITTED_S, held, measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]


def own_ftp(watts: float, since: int = -1000) -> Row:
    return {"athlete_id": "7", "valid_from": MONDAY + timedelta(since), "valid_to": None, "ftp_w": watts}


def estimates(
    marts: Marts,
    efforts: Mapping[int, float],
    *,
    today: int,
    figures: Sequence[Row] = (),
    bests: Sequence[Row] = (),
    **fields: Any,
) -> list[Row]:
    """The mart after rides with these best 20 minutes (W), by days after a Monday."""
    history = [activity(MONDAY + timedelta(day), str(day), **fields) for day in efforts]
    power = [measured(str(day), best_1200s_w=float(watts)) for day, watts in efforts.items()]
    as_of = MONDAY + timedelta(today)
    [rows] = marts(history, "ftp_estimates", power=power, figures=figures, bests=bests, as_of=as_of)
    return rows


def proposed(rows: Sequence[Row]) -> list[float | None]:
    return [row["proposed_ftp_w"] for row in rows]


def test_an_estimate_stays_while_nobody_rides_hard(marts: Marts) -> None:
    easy = dict.fromkeys(range(7, 140, 7), 206.0)
    [row] = estimates(marts, {0: 260, **easy}, today=150)
    assert row["estimated_ftp_w"] == pytest.approx(247)
    assert (row["age_days"], row["superseded_on"], row["activity_id"]) == (150, None, "0")


@pytest.mark.parametrize(("after", "watts", "supports"), [(90, 248, True), (90, 246, False), (1, 260, True)])
def test_the_bar_falls_by_five_percent_in_ninety_days(
    marts: Marts, after: int, watts: float, supports: bool
) -> None:
    rows = estimates(marts, {0: 260, after: watts}, today=after)
    assert len(rows) == 1 + supports
    assert rows[0]["superseded_on"] == (MONDAY + timedelta(after) if supports else None)


@some(max_examples=examples(12))
@given(efforts=st.dictionaries(st.integers(0, 900), st.integers(150, 300), min_size=1, max_size=25))
def test_the_supporting_efforts_are_those_told_day_after_day(marts: Marts, efforts: dict[int, int]) -> None:
    rows = estimates(marts, efforts, today=1000)
    wanted = supporting((MONDAY + timedelta(day), watts) for day, watts in efforts.items())
    assert {row["supported_on"]: row["best_1200s_w"] for row in rows} == wanted
    assert [row["superseded_on"] for row in rows] == [*sorted(wanted)[1:], None]


def test_a_change_is_proposed_with_its_evidence_and_since_when(marts: Marts) -> None:
    first, second = estimates(marts, {0: 268, 20: 272}, today=30, figures=[own_ftp(246)])
    assert first["proposed_ftp_w"] is None
    assert (second["proposed_ftp_w"], second["best_1200s_w"]) == (258, 272)
    assert second["differs_since"] == MONDAY
    assert second["difference_w"] == pytest.approx(12.4)


def test_the_difference_begins_after_the_last_effort_that_agreed(marts: Marts) -> None:
    *_, newest = estimates(marts, {0: 259, 10: 268, 20: 272}, today=30, figures=[own_ftp(246)])
    assert newest["differs_since"] == MONDAY + timedelta(10)


@pytest.mark.parametrize(
    ("ftp", "efforts", "today"),
    [
        (253, {0: 268}, 10),  # 254.6 W: too near
        (260, {0: 275, 100: 262}, 110),  # lower, and nothing says that it was all the athlete had
    ],
)
def test_nothing_is_proposed_without_support(
    marts: Marts, ftp: float, efforts: dict[int, float], today: int
) -> None:
    rows = estimates(marts, efforts, today=today, figures=[own_ftp(ftp)])
    assert proposed(rows) == [None] * len(efforts)


def test_efforts_before_todays_ftp_was_set_propose_nothing(marts: Marts) -> None:
    figures = [own_ftp(230) | {"valid_to": MONDAY + timedelta(5)}, own_ftp(250, since=5)]
    [row] = estimates(marts, {0: 280}, today=10, figures=figures)
    assert (row["ftp_w"], row["proposed_ftp_w"], row["differs_since"]) == (230, None, None)


@pytest.mark.parametrize(("newest", "wanted"), [({}, None), ({190: 268}, 255)])
def test_an_ftp_that_returns_does_not_revive_an_effort_under_another(
    marts: Marts, newest: dict[int, float], wanted: float | None
) -> None:
    figures = [own_ftp(240), own_ftp(260, since=50), own_ftp(240, since=150)]
    rows = estimates(marts, {0: 262, 60: 275, 140: 273, **newest}, today=200, figures=figures)
    assert proposed(rows)[-1] == wanted
    assert proposed(rows)[:-1] == [None] * (len(rows) - 1)
    # What was ridden under the first 240 W does not say since when the second is wrong.
    assert rows[-1]["differs_since"] == (MONDAY + timedelta(190) if wanted else None)


def test_without_an_effort_since_the_ftp_returned_nothing_is_proposed(marts: Marts) -> None:
    figures = [own_ftp(240), own_ftp(260, since=50), own_ftp(240, since=150)]
    assert proposed(estimates(marts, {0: 262}, today=200, figures=figures)) == [None]


def test_an_ftp_that_returns_counts_from_its_last_return(marts: Marts) -> None:
    figures = [own_ftp(230), own_ftp(240, since=20), own_ftp(260, since=50), own_ftp(240, since=150)]
    assert proposed(estimates(marts, {30: 262}, today=200, figures=figures)) == [None]


def test_a_change_of_weight_alone_leaves_the_ftp_as_it_was(marts: Marts) -> None:
    figures = [own_ftp(240) | {"weight_kg": 70.0}, own_ftp(240, since=50) | {"weight_kg": 69.0}]
    assert proposed(estimates(marts, {0: 262}, today=60, figures=figures)) == [249]


def line(
    critical_power: float = 245.0,
    *,
    w_prime_j: float = 18_000.0,
    scatter_j: float = 0.0,
    short_on: int = 90,
    durations: Sequence[int] = FITTED_S,
) -> list[Row]:
    """Bests on a line of work on time: the short ones of one day, from eight minutes on of day 100."""
    watts = {
        seconds: critical_power + (w_prime_j + scatter_j * (-1) ** index) / seconds
        for index, seconds in enumerate(durations)
    }
    short = {seconds: mean for seconds, mean in watts.items() if seconds < 480}
    long = {seconds: mean for seconds, mean in watts.items() if seconds >= 480}
    return [*held(str(short_on), short), *held("100", long)]


@pytest.mark.parametrize(
    ("today", "bests", "is_proposed"),
    [
        (189, line(), True),
        (190, line(), False),  # 90 days ago
        (110, line(254.7), True),
        (110, line(254.9), False),  # above 98 % of 260 W
        (110, line(w_prime_j=5_100), True),
        (110, line(w_prime_j=4_900), False),  # easy rides: hardly stronger over two minutes than over twenty
        (110, line(w_prime_j=39_900), True),
        (110, line(w_prime_j=40_100), False),
        (110, line(253, scatter_j=3_500), True),
        (110, line(253, scatter_j=5_000), False),  # within twice the standard error of 260 W
        (110, line(short_on=100), False),  # the bests of one day
        (110, line(short_on=59), True),
        (110, line(short_on=58), False),  # before the six weeks
        (110, line(durations=(120, 300, 1200)), True),
        (110, line(durations=(120, 1200)), False),
    ],
)
def test_a_lower_ftp_is_proposed_only_where_critical_power_confirms_it(
    marts: Marts, today: int, bests: list[Row], is_proposed: bool
) -> None:
    # The days of the short bests have no twenty minutes to speak of.
    efforts = {0: 275, 58: 100, 59: 100, 90: 100, 100: 262}
    rows = estimates(marts, efforts, today=today, figures=[own_ftp(260)], bests=bests)
    assert proposed(rows) == [None, 249 if is_proposed else None]


def test_the_first_effort_never_lowers_an_ftp(marts: Marts) -> None:
    rows = estimates(marts, {100: 262, 101: 100}, today=110, figures=[own_ftp(260)], bests=line(short_on=100))
    assert proposed(rows) == [None]
    two_days = line(short_on=90)
    rows = estimates(marts, {90: 262, 100: 250}, today=110, figures=[own_ftp(260)], bests=two_days)
    assert proposed(rows) == [None]


@pytest.mark.parametrize("others", [[], ["8"]])
def test_the_check_names_the_athlete_where_there_are_several(
    marts: Marts, warehouse: DuckDBWarehouse, tmp_path: Path, others: list[str]
) -> None:
    athletes = [{"athlete_id": each} for each in ("7", *others)]
    history = [activity(MONDAY, row["athlete_id"], **row) for row in athletes]
    power = [measured(row["athlete_id"], best_1200s_w=268.0, **row) for row in athletes]
    figures = [own_ftp(246) | row for row in athletes]
    marts(history, power=power, figures=figures, as_of=MONDAY)
    subject = Subject(warehouse, Landing(str(tmp_path / "landing")), StreamStore(str(tmp_path / "streams")))

    message = ftp_is_up_to_date(subject).message

    assert ("of athlete 7 of 246 W" in message, "of athlete 8 of 246 W" in message) == (bool(others),) * 2
    assert "246 W looks 9 W low" in message


def test_a_flagged_ride_supports_nothing(marts: Marts) -> None:
    assert estimates(marts, {0: 400}, today=1, flagged=True) == []


def test_the_weeks_carry_the_estimate_and_its_age(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY + timedelta(100), "2")]
    power = [measured("1", best_1200s_w=300.0), measured("2", best_1200s_w=200.0)]
    [weeks] = marts(history, "power_profile_progress", power=power, as_of=MONDAY + timedelta(106))
    assert {row["estimated_ftp_w"] for row in weeks} == {285.0}
    assert [row["estimated_ftp_age_days"] for row in weeks][:2] == [6, 13]
