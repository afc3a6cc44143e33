"""Properties of all further marts: order of arrival, absurd values, other athletes, an empty history."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories
from strava_assets_tests.marts.seconds import random_seconds

if TYPE_CHECKING:
    from strava_assets.marts import Mart
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
LATER = MONDAY + timedelta(420)
NAMES = (
    "daily_load",
    "sport_overview",
    "year_on_year",
    "eddington",
    "gear_use",
    "personal_records",
    "power_curve",
    "power_profile_progress",
)


@some(max_examples=examples(4))
@given(history=histories(), profile=figures(), seed=st.integers(0, 99))
def test_the_order_of_arrival_does_not_matter(
    marts: Marts, catalog: dict[str, Mart], history: list[Row], profile: list[Row], seed: int
) -> None:
    power, bests = random_seconds(seed, history)
    first = marts(history, *NAMES, figures=profile, power=power, bests=bests, as_of=MONDAY)
    history, power, bests = (random.Random(seed).sample(rows, len(rows)) for rows in (history, power, bests))  # noqa: S311 - a shuffle, not a secret
    second = marts(history, *NAMES, figures=profile, power=power, bests=bests, as_of=MONDAY)
    for name, before, again in zip(NAMES, first, second, strict=True):
        assert differences(again, before, *catalog[name].key) == []


@some(max_examples=examples(4))
@given(history=histories(), profile=figures(), seed=st.integers(0, 99))
def test_no_value_is_nan_or_infinite_and_no_key_is_null_or_twice(
    marts: Marts, catalog: dict[str, Mart], history: list[Row], profile: list[Row], seed: int
) -> None:
    power, bests = random_seconds(seed, history)
    tables = marts(history, *NAMES, figures=profile, power=power, bests=bests, as_of=LATER)
    for name, rows in zip(NAMES, tables, strict=True):
        keys = [tuple(row[part] for part in catalog[name].key) for row in rows]
        assert len(set(keys)) == len(keys)
        assert not any(part is None for key in keys for part in key)
        assert all(math.isfinite(v) for row in rows for v in row.values() if isinstance(v, float))


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), seed=st.integers(0, 99))
def test_another_athlete_changes_nothing_of_ones_own(
    marts: Marts, catalog: dict[str, Mart], history: list[Row], seed: int
) -> None:
    def of_neighbor(rows: list[Row]) -> list[Row]:
        return [row | {"athlete_id": "6", "activity_id": f"6-{row['activity_id']}"} for row in rows]

    own = [row for row in history if row["athlete_id"] == "7"]
    power, bests = random_seconds(seed, history)
    alone = marts(own, *NAMES, power=power, bests=bests, as_of=LATER)
    together = marts(
        [*own, *of_neighbor(history)],
        *NAMES,
        power=[*power, *of_neighbor(power)],
        bests=[*bests, *of_neighbor(bests)],
        as_of=LATER,
    )
    for name, mine, all_rows in zip(NAMES, alone, together, strict=True):
        assert differences([r for r in all_rows if r["athlete_id"] == "7"], mine, *catalog[name].key) == []


def test_no_activity_at_all_is_no_row_at_all(marts: Marts) -> None:
    assert marts([], *NAMES) == [[]] * len(NAMES)


def test_an_athlete_of_whom_nothing_is_left_has_no_row(marts: Marts) -> None:
    deleted = activity(MONDAY, "1") | {"deleted_at": activity(MONDAY, "1")["fetched_at"]}
    assert marts([deleted], *NAMES) == [[]] * len(NAMES)


def test_one_activity_of_nothing_but_its_date_is_read(marts: Marts) -> None:
    empty: Row = dict.fromkeys(
        (
            "moving_time_s",
            "distance_m",
            "total_elevation_gain_m",
            "device_watts",
            "average_watts",
            "sport_type",
        )
    )
    rows = dict(zip(NAMES, marts([activity(MONDAY, "1", **empty)], *NAMES, as_of=MONDAY), strict=True))
    assert [row["activities_without_load"] for row in rows["daily_load"]] == [1]
    assert [row["sport_type"] for row in rows["sport_overview"]] == ["unknown"]
    assert rows["year_on_year"][-1]["rides_so_far"] == 0
    assert [row["gear_id"] for row in rows["gear_use"]] == ["none"]
    assert (rows["personal_records"], rows["power_curve"], rows["power_profile_progress"]) == ([], [], [])
