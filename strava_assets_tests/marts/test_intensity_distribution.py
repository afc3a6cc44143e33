"""`intensity_distribution` against a second implementation, and the polarization index by its paper."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories, todays, week_of
from strava_assets_tests.marts.judged import Settings, sum_of_known
from strava_assets_tests.marts.seconds import SEVEN_ZONES, THREE_ZONES, random_zones, zoned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]


def quarter_of(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def index(low: float, moderate: float, high: float) -> float | None:
    """The polarization index of Treff et al. 2019 of seconds, with its exceptions."""
    total = low + moderate + high
    if not total or high > low:
        return None
    one, two, three = low / total, moderate / total, high / total
    if not three:
        return 0.0
    if two:
        return math.log10(one / two * three * 100)
    return math.log10(one / 0.01 * (three - 0.01) * 100) if three > 0.01 else 0.0


def witness(
    activities: Sequence[Judged], zones: dict[str, Row], settings: Settings, week: Callable[[date], date]
) -> list[Row]:
    """The mart of one athlete by its definition."""
    today = max(settings.as_of, *(each.day for each in activities))
    first = min(each.day for each in activities)
    answer = []
    for kind, start_of in (("quarter", quarter_of), ("week", week)):
        starts = sorted({start_of(first + timedelta(n)) for n in range((today - first).days + 1)})
        for start in starts:
            own = [
                each
                for each in activities
                if each.is_counted and not each.row.get("manual") and start_of(each.day) == start
            ]
            rows = [zones.get(each.row["activity_id"], {}) for each in own]
            answer.append(
                period(rows)
                | {
                    "athlete_id": activities[0].row["athlete_id"],
                    "period_kind": kind,
                    "period_start": start,
                    "is_partial": start == starts[-1],
                }
            )
    return answer


def period(rows: Sequence[Row]) -> Row:
    """The sums of a period's recordings, an empty row for each that is missing."""
    sums = {name: sum_of_known(row.get(name) for row in rows) for name in (*SEVEN_ZONES, *THREE_ZONES)}
    whole: Row = {name: None if value is None else int(value) for name, value in sums.items()}
    for kind in ("power", "heartrate"):
        three = [whole[f"{kind}_{name}_s"] for name in ("low", "moderate", "high")]
        whole[f"{kind}_polarization"] = None if three[0] is None else index(*three)
        whole[f"without_{kind}_zones"] = sum(f"{kind}_low_s" not in row for row in rows)
    return whole | {
        "activities": len(rows),
        "missing_recordings": sum(not row for row in rows),
        "recorded_s": sum(row.get("recorded_s", 0) for row in rows),
    }


@pytest.mark.parametrize("week_start", ["monday", "sunday"])
@some(max_examples=examples(6))
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_every_period_is_what_a_second_implementation_says(
    marts: Marts, week_start: str, data: st.DataObject, seed: int
) -> None:
    history = data.draw(histories(week_start))
    zones = random_zones(seed, history)
    settings = Settings(todays(history, seed), data.draw(st.booleans()), data.draw(st.booleans()))
    [rows] = marts(history, "intensity_distribution", zones=zones, week_start=week_start, **vars(settings))
    by_id = {row["activity_id"]: row for row in zones}
    week = partial(week_of, week_start=week_start)
    athletes = judge(history, settings)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], by_id, settings, week)]
    assert differences(rows, wanted, "athlete_id", "period_kind", "period_start") == []


def of_heart(low: int, moderate: int, high: int) -> Row:
    return {
        "heartrate_low_s": low,
        "heartrate_moderate_s": moderate,
        "heartrate_high_s": high,
        "heartrate_s": low + moderate + high,
    }


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        ((80, 5, 15), math.log10(0.8 / 0.05 * 15)),  # polarized: above 2
        ((70, 20, 10), math.log10(0.7 / 0.2 * 10)),  # pyramidal: below 2
        ((90, 0, 10), math.log10(0.9 / 0.01 * 9)),
        ((90, 10, 0), 0),
        ((100, 0, 0), 0),
        ((995, 0, 5), 0),
        ((30, 20, 50), None),
        ((0, 0, 0), None),
    ],
)
def test_the_index_is_that_of_the_paper(
    marts: Marts, seconds: tuple[int, int, int], wanted: float | None
) -> None:
    [rows] = marts(
        [activity(MONDAY, "1", sport_type="Run")],
        "intensity_distribution",
        zones=[zoned("1", **of_heart(*seconds))],
        as_of=MONDAY,
    )
    for row in rows:
        assert row["heartrate_polarization"] == (None if wanted is None else pytest.approx(wanted))
        assert row["power_polarization"] is None


def test_what_is_missing_is_counted(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(n), str(n)) for n in range(4)]
    history.append(activity(MONDAY, "typed", manual=True))
    [rows] = marts(
        history,
        "intensity_distribution",
        zones=[zoned("0", **of_heart(600, 300, 100)), zoned("1")],
        as_of=MONDAY + timedelta(6),
    )
    [week] = [row for row in rows if row["period_kind"] == "week"]
    assert (week["activities"], week["missing_recordings"]) == (4, 2)
    assert (week["without_power_zones"], week["without_heartrate_zones"]) == (4, 3)
    assert week["recorded_s"] == 7200
