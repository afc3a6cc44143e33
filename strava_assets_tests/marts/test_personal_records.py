"""`personal_records` against a second implementation; what is no fair ride sets none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories, todays
from strava_assets_tests.marts.judged import Ride, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]

RECORDS: dict[str, tuple[str, Callable[[Ride], float | None]]] = {
    "longest_distance": ("m", lambda r: 0 if r.indoor else r.meters),
    "longest_time": ("s", lambda r: float(r.seconds)),
    "most_climbing": ("m", lambda r: 0 if r.indoor else r.climb),
    "highest_average_watts": (
        "W",
        lambda r: r.joules / r.measured_s if r.measured and r.measured_s >= 1200 else 0,
    ),
    "highest_weighted_watts": ("W", lambda r: r.weighted if r.measured_s >= 1200 else 0),
    "most_work": ("kJ", lambda r: r.joules / 1000 if r.measured else 0),
}


def witness(activities: Sequence[Judged], as_of: date) -> list[Row]:
    """The mart of one athlete by its definition."""
    fair = [a for a in activities if a.may_be_best]
    periods = {
        "all_time": fair,
        "last_90_days": [a for a in fair if a.day > as_of - timedelta(90)],
        **{str(year): [a for a in fair if a.day.year == year] for year in {a.day.year for a in fair}},
    }
    answer = []
    for period, rides in periods.items():
        for record, (unit, of) in RECORDS.items():
            able = [a for a in rides if of(a.ride)]
            if able:
                holder = min(able, key=lambda a: (-(of(a.ride) or 0), a.day, a.ride.id))
                answer.append(
                    {
                        "athlete_id": holder.row["athlete_id"],
                        "period": period,
                        "record": record,
                        "value": of(holder.ride),
                        "unit": unit,
                        "activity_id": holder.ride.id,
                        "activity_date": holder.day,
                        "name": holder.row.get("name"),
                        "sport_type": holder.row["sport_type"],
                    }
                )
    return sorted(answer, key=lambda row: (row["period"], row["record"]))


@some(max_examples=examples(12))
@given(data=st.data())
def test_every_record_is_what_a_second_implementation_says(marts: Marts, data: st.DataObject) -> None:
    history = data.draw(histories())
    settings = Settings(
        todays(history, data.draw(st.integers(0, 99))), data.draw(st.booleans()), data.draw(st.booleans())
    )
    [rows] = marts(history, "personal_records", **vars(settings))
    athletes = judge(history, settings)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], settings.as_of)]
    assert differences(rows, wanted, "athlete_id", "period", "record") == []


def held(marts: Marts, history: list[Row], as_of: date = MONDAY) -> dict[tuple[str, str], str]:
    [rows] = marts(history, "personal_records", as_of=as_of)
    return {(row["period"], row["record"]): row["activity_id"] for row in rows}


@pytest.mark.parametrize(
    "fields",
    [
        {"flagged": True},
        {"manual": True},
        {"sport_type": "EBikeRide"},
        {"sport_type": "Run"},
    ],
    ids=["flagged", "typed by hand", "e-bike", "run"],
)
def test_what_is_no_fair_ride_sets_no_record(marts: Marts, fields: Row) -> None:
    monster: Row = {"distance_m": 9e5, "moving_time_s": 80_000, "average_watts": 600.0}
    history = [activity(MONDAY, "fair"), activity(MONDAY, "unfair", **(monster | fields))]
    assert set(held(marts, history).values()) == {"fair"}


def test_estimated_watts_set_no_record_but_their_kilometers_do(marts: Marts) -> None:
    history = [
        activity(MONDAY, "1"),
        activity(MONDAY, "2", device_watts=False, average_watts=900.0, distance_m=99_000.0),
    ]
    holders = held(marts, history)
    assert holders["all_time", "highest_average_watts"] == "1"
    assert holders["all_time", "longest_distance"] == "2"


@pytest.mark.parametrize("record", ["highest_average_watts", "highest_weighted_watts"])
def test_a_sprint_of_nineteen_minutes_sets_no_record_of_power(marts: Marts, record: str) -> None:
    sprint: Row = {"average_watts": 500.0, "weighted_average_watts": 500.0}
    for seconds, holder in ((1199, "2"), (1200, "1")):
        history = [activity(MONDAY, "1", moving_time_s=seconds, **sprint), activity(MONDAY, "2")]
        assert held(marts, history)["all_time", record] == holder


def test_of_equal_rides_the_earliest_holds_the_record(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(n), name) for n, name in ((1, "1"), (0, "2"), (0, "3"))]
    assert set(held(marts, history).values()) == {"2"}


def test_the_last_ninety_days_count_today(marts: Marts) -> None:
    history = [activity(MONDAY, "1")]
    assert ("last_90_days", "most_work") in held(marts, history, MONDAY + timedelta(89))
    assert ("last_90_days", "most_work") not in held(marts, history, MONDAY + timedelta(90))


def test_a_virtual_ride_is_long_in_time_and_not_in_distance(marts: Marts) -> None:
    history = [
        activity(MONDAY, "1"),
        activity(MONDAY, "2", sport_type="VirtualRide", distance_m=99_000.0, moving_time_s=9000),
    ]
    holders = held(marts, history)
    assert holders["all_time", "longest_distance"] == "1"
    assert holders["all_time", "longest_time"] == "2"
