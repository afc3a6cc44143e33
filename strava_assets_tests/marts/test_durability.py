"""`durability` against a second implementation, and as a coach reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories, todays
from strava_assets_tests.marts.judged import Settings, rides_by_athlete
from strava_assets_tests.marts.seconds import held, held_late, measured, random_late_bests, random_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.judged import Ride

Row = dict[str, Any]
START = MONDAY + timedelta(14)
DURATIONS = (5, 15, 30, 60, 120, 300, 600, 1200, 3600)


def witness(athlete: str, rides: Sequence[Ride], bests: Sequence[Row], late: Sequence[Row]) -> list[Row]:
    """The mart of one athlete by its definition."""
    fair = {ride.id: ride for ride in rides if ride.has_seconds and not ride.flagged}

    def usable(rows: Sequence[Row]) -> list[Row]:
        return [
            row
            for row in rows
            if row["athlete_id"] == athlete
            and row["activity_id"] in fair
            and row["duration_s"] in DURATIONS
            and 0 < row["energy_j"] <= 2500 * row["duration_s"]
        ]

    fresh: dict[tuple[int, int], int] = {}
    for best in usable(bests):
        place = fair[best["activity_id"]].day.year, best["duration_s"]
        fresh[place] = max(best["energy_j"], fresh.get(place, 0))
    groups: dict[tuple[int, str, int, int], list[Row]] = {}
    for row in usable(late):
        year = fair[row["activity_id"]].day.year
        groups.setdefault((year, row["work_basis"], row["after_work"], row["duration_s"]), []).append(row)
    answer = []
    for (year, basis, level, length), rows in sorted(groups.items()):
        if (year, length) not in fresh:
            continue
        best = min(rows, key=lambda r: (-r["energy_j"], fair[r["activity_id"]].day, r["activity_id"]))
        answer.append(
            {
                "athlete_id": athlete,
                "season": year,
                "work_basis": basis,
                "after_work": level,
                "duration_s": length,
                "watts": best["energy_j"] / length,
                "fresh_watts": fresh[year, length] / length,
                "loss_pct": 100 * (1 - best["energy_j"] / fresh[year, length]),
                "rides": len(rows),
                "activity_id": best["activity_id"],
            }
        )
    return answer


@some(max_examples=examples(8))
@given(history=histories(), seed=st.integers(0, 2**32))
def test_every_loss_is_what_a_second_implementation_says(marts: Marts, history: list[Row], seed: int) -> None:
    power, bests = random_seconds(seed, history)
    late = random_late_bests(seed, bests)
    settings = Settings(todays(history, seed))
    [rows] = marts(history, "durability", power=power, bests=bests, after_work=late, **vars(settings))
    rides = rides_by_athlete(history, settings, (), power)
    wanted = [row for name in sorted(rides) for row in witness(name, rides[name], bests, late)]
    assert differences(rows, wanted, "athlete_id", "season", "work_basis", "after_work", "duration_s") == []


def test_the_fresh_best_may_be_another_ride_s_of_the_same_season(marts: Marts) -> None:
    history = [activity(START + timedelta(days), str(days)) for days in (0, 7, 400)]
    [rows] = marts(
        history,
        "durability",
        power=[measured(row["activity_id"]) for row in history],
        bests=[*held("0", {300: 320}), *held("7", {300: 290}), *held("400", {300: 400})],
        after_work=[*held_late("7", "kj", 1000, {300: 272}), *held_late("400", "kj", 1000, {300: 380})],
        as_of=START + timedelta(400),
    )
    assert [(row["season"], row["activity_id"], row["rides"]) for row in rows] == [
        (START.year, "7", 1),
        (START.year + 1, "400", 1),
    ]
    assert [row["loss_pct"] for row in rows] == [pytest.approx(15), pytest.approx(5)]


def test_a_flagged_ride_is_in_neither(marts: Marts) -> None:
    [rows] = marts(
        [activity(MONDAY, "1", flagged=True)],
        "durability",
        power=[measured("1")],
        bests=held("1", {300: 320}),
        after_work=held_late("1", "kj", 1000, {300: 300}),
    )
    assert rows == []
