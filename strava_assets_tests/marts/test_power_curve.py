"""`power_curve` against a second implementation, at the bounds of periods, and with excluded rides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts import seconds
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays
from strava_assets_tests.marts.judged import Settings, figures_of, within
from strava_assets_tests.marts.seconds import random_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]
KEY = ("athlete_id", "period", "duration_s")
LATER = MONDAY + timedelta(9)


def witness(
    activities: Sequence[Judged], bests: Sequence[Row], as_of: date, figures: Sequence[Row] = ()
) -> list[Row]:
    """The mart of one athlete by its definition: every best of every period is compared with every other."""
    fair = {a.ride.id: a for a in activities if a.may_be_best and a.ride.has_seconds}
    own = [
        best
        for best in bests
        if best["athlete_id"] == activities[0].row["athlete_id"]
        and best["activity_id"] in fair
        and 0 < best["energy_j"] / best["duration_s"] <= 2500
    ]
    answer: dict[tuple[str, int], Row] = {}
    for best in own:
        holder = fair[best["activity_id"]]
        for kind, period, start in periods(holder.day, as_of):
            row = {
                "athlete_id": best["athlete_id"],
                "period": period,
                "period_kind": kind,
                "period_start": start,
                "duration_s": best["duration_s"],
                "watts": best["energy_j"] / best["duration_s"],
                "energy_j": best["energy_j"],
                "activity_id": holder.ride.id,
                "activity_date": holder.day,
                "begins_at_s": best["begins_at_s"],
                "name": holder.row.get("name"),
            }
            figures_then = figures_of(best["athlete_id"], holder.day, figures) or {}
            weight = within(figures_then.get("weight_kg"), 20, 300)
            row["watts_per_kg"] = row["watts"] / weight if weight else None
            before = answer.setdefault((period, best["duration_s"]), row)
            if rank(row) < rank(before):
                answer[period, best["duration_s"]] = row
    return [answer[key] for key in sorted(answer)]


def rank(row: Row) -> tuple[float, date, str]:
    """The strongest first, then the earliest, then the smallest id."""
    return (-row["watts"], row["activity_date"], row["activity_id"])


def periods(day: date, as_of: date) -> list[tuple[str, str, date | None]]:
    """Kind, name and first day of every period that contains a day."""
    quarter = (day.month + 2) // 3
    of_calendar: list[tuple[str, str, date | None]] = [
        ("all_time", "all_time", None),
        ("year", f"{day.year}", date(day.year, 1, 1)),
        ("quarter", f"{day.year}-Q{quarter}", date(day.year, 3 * quarter - 2, 1)),
    ]
    recent = [days for days in (90, 42) if day > as_of - timedelta(days)]
    return of_calendar + [(f"last_{n}_days", f"last_{n}_days", as_of - timedelta(n - 1)) for n in recent]


@some(max_examples=examples(12))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_every_best_is_what_a_second_implementation_says(
    marts: Marts, data: st.DataObject, seed: int
) -> None:
    history, profile = data.draw(histories()), data.draw(figures())
    power, bests = random_seconds(seed, history)
    settings = Settings(todays(history, seed), data.draw(st.booleans()), data.draw(st.booleans()))
    [rows] = marts(history, "power_curve", figures=profile, power=power, bests=bests, **vars(settings))
    athletes = judge(history, settings, profile, power)
    wanted = [
        row for name in sorted(athletes) for row in witness(athletes[name], bests, settings.as_of, profile)
    ]
    assert differences(rows, wanted, *KEY) == []


@some(max_examples=examples(6))
@given(history=histories(), seed=st.integers(0, 2**32), factor=st.sampled_from([0.5, 2]))
def test_twice_the_watts_are_twice_the_curve_with_the_same_holders(
    marts: Marts, history: list[Row], seed: int, factor: float
) -> None:
    power, bests = random_seconds(seed, history)
    even = [b | {"energy_j": 2 * b["energy_j"]} for b in bests if 0 < b["watts"] < 600]
    scaled = [b | {"energy_j": int(b["energy_j"] * factor)} for b in even]
    [before] = marts(history, "power_curve", power=power, bests=even)
    [after] = marts(history, "power_curve", power=power, bests=scaled)
    wanted = [
        row | {"watts": row["watts"] * factor, "energy_j": int(row["energy_j"] * factor)} for row in before
    ]
    assert differences(after, wanted, *KEY) == []


@some(max_examples=examples(6))
@given(history=histories(), seed=st.integers(0, 2**32), cut=st.integers(0, 80))
def test_of_two_halves_of_a_history_the_stronger_makes_the_whole(
    marts: Marts, history: list[Row], seed: int, cut: int
) -> None:
    power, bests = random_seconds(seed, history)
    # Two recordings of one ride may be in different halves, where neither is a duplicate.
    separate = [row | {"start_date": activity(MONDAY, row["activity_id"])["start_date"]} for row in history]
    [whole] = marts(separate, "power_curve", power=power, bests=bests)
    stronger: dict[tuple[Any, ...], Row] = {}
    for half in (separate[:cut], separate[cut:]):
        for row in marts(half, "power_curve", power=power, bests=bests)[0]:
            key = tuple(row[name] for name in KEY)
            stronger[key] = min(row, stronger.get(key, row), key=rank)
    assert differences(whole, [stronger[key] for key in sorted(stronger)], *KEY) == []


def holders(marts: Marts, history: list[Row], watts: dict[str, float], **options: Any) -> dict[str, str]:
    """The id of the ride with the best minute, by period, for rides with these watts over one minute."""
    minutes = seconds.power_and_bests({activity_id: {60: mean} for activity_id, mean in watts.items()})
    [rows] = marts(history, "power_curve", **{"as_of": MONDAY} | minutes | options)
    return {row["period"]: row["activity_id"] for row in rows}


@pytest.mark.deep
@pytest.mark.parametrize(
    "fields",
    [
        {"flagged": True},
        {"manual": True},
        {"device_watts": False},
        {"device_watts": None},
        {"sport_type": "EBikeRide"},
        {"sport_type": "Run"},
        {"average_watts": 0.0, "kilojoules": 0.0},
        {"deleted_at": activity(MONDAY, "x")["fetched_at"]},
        {"activity_date": MONDAY + timedelta(2)},
    ],
    ids=["flagged", "by hand", "estimated", "unknown", "e-bike", "run", "no watts", "deleted", "ahead"],
)
def test_what_is_no_fair_ride_with_a_meter_sets_no_best(marts: Marts, fields: Row) -> None:
    history = [activity(MONDAY, "fair"), activity(MONDAY, "unfair", **fields)]
    assert set(holders(marts, history, {"fair": 300, "unfair": 900}).values()) == {"fair"}


def test_a_second_recording_sets_no_best_of_its_own(marts: Marts) -> None:
    begun = activity(MONDAY, "1")["start_date"]
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", start_date=begun, average_heartrate_bpm=None)]
    assert set(holders(marts, history, {"1": 300, "2": 301}).values()) == {"1"}


def test_what_the_settings_do_not_count_sets_no_best(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", commute=True)]
    for count_commutes, holder in ((True, "2"), (False, "1")):
        by_period = holders(marts, history, {"1": 300, "2": 301}, count_commutes=count_commutes)
        assert set(by_period.values()) == {holder}


@pytest.mark.parametrize("watts", [0, -100, 2500.5, 10**12])
def test_an_impossible_best_is_none(marts: Marts, watts: float) -> None:
    assert holders(marts, [activity(MONDAY, "1")], {"1": watts}) == {}
    assert holders(marts, [activity(MONDAY, "1")], {"1": 2500}) != {}


@pytest.mark.parametrize(
    ("day", "period", "start"),
    [
        (date(2024, 1, 1), "2024-Q1", date(2024, 1, 1)),
        (date(2024, 3, 31), "2024-Q1", date(2024, 1, 1)),
        (date(2024, 4, 1), "2024-Q2", date(2024, 4, 1)),
        (date(2023, 12, 31), "2023-Q4", date(2023, 10, 1)),
        (date(2024, 2, 29), "2024-Q1", date(2024, 1, 1)),
    ],
)
def test_a_day_at_a_quarters_bound_is_in_its_own(marts: Marts, day: date, period: str, start: date) -> None:
    minute = seconds.power_and_bests({"1": {60: 300}})
    [rows] = marts([activity(day, "1")], "power_curve", as_of=date(2025, 1, 1), **minute)
    assert {(r["period"], r["period_start"]) for r in rows} == {
        ("all_time", None),
        (str(day.year), date(day.year, 1, 1)),
        (period, start),
    }


@pytest.mark.parametrize(
    ("days_ago", "wanted"),
    [(0, (42, 90)), (41, (42, 90)), (42, (90,)), (89, (90,)), (90, ()), (-1, (42, 90))],
)
def test_the_last_days_count_today_and_no_day_more(
    marts: Marts, days_ago: int, wanted: tuple[int, ...]
) -> None:
    as_of = date(2024, 3, 30)
    minute = seconds.power_and_bests({"1": {60: 300}})
    [rows] = marts([activity(as_of - timedelta(days_ago), "1")], "power_curve", as_of=as_of, **minute)
    recent = {row["period"]: row["period_start"] for row in rows if row["period_kind"].startswith("last")}
    assert recent == {f"last_{days}_days": as_of - timedelta(days - 1) for days in wanted}


def test_of_equal_bests_the_earliest_days_holds_and_then_the_smallest_id(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(n), name) for n, name in ((1, "1"), (0, "3"), (0, "2"))]
    assert set(holders(marts, history, {"1": 300, "2": 300, "3": 300}, as_of=LATER).values()) == {"2"}


def test_a_longer_duration_may_show_more_watts_than_a_shorter_one(marts: Marts) -> None:
    # 1 s, nothing, 1 s of 100 W: over two seconds 50 W, over three 67 W.
    [rows] = marts(
        [activity(MONDAY, "1")], "power_curve", **seconds.power_and_bests({"1": {2: 50, 3: 200 / 3}})
    )
    assert [(r["duration_s"], round(r["watts"])) for r in rows if r["period"] == "all_time"] == [
        (2, 50),
        (3, 67),
    ]


def test_each_best_is_weighed_with_its_own_day(marts: Marts) -> None:
    weights = [
        {"athlete_id": "7", "valid_from": MONDAY + timedelta(n), "weight_kg": kg}
        for n, kg in ((1, 80.0), (2, 60.0))
    ]
    history = [activity(MONDAY + timedelta(n), str(n)) for n in range(3)]
    rides = seconds.power_and_bests({"0": {10: 700}, "1": {60: 400}, "2": {300: 300}})
    [rows] = marts(history, "power_curve", figures=weights, as_of=LATER, **rides)
    weighed = {row["duration_s"]: row["watts_per_kg"] for row in rows}
    assert weighed == {10: None, 60: 5.0, 300: 5.0}


def test_without_any_seconds_there_is_no_curve(marts: Marts) -> None:
    assert marts([activity(MONDAY, "1")], "power_curve") == [[]]


def test_the_mean_of_the_rides_bests_is_seen_to_be_no_curve(marts: Marts, warehouse: DuckDBWarehouse) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2")]
    [rows] = marts(history, "power_curve", **seconds.power_and_bests({"1": {60: 500}, "2": {60: 100}}))
    [wrong] = warehouse.query("SELECT AVG(watts) AS watts FROM ride_bests").to_pylist()
    assert ({row["watts"] for row in rows}, wrong["watts"]) == ({500}, 300)
