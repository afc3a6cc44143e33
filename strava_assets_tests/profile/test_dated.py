"""Figures by date: valid until a newer one; Strava's are used only where the file has none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.errors import ConfigurationError
from strava_assets.profile import Entry, gear_rows, hints, observation, rows
from strava_assets_tests.depth import examples

DAY = date(2025, 1, 1)


def entry(days: int, athlete_id: str | None = None, **figures: float) -> Entry:
    return Entry(DAY + timedelta(days), figures, athlete_id, f"athlete.toml, line {days}")


def seen(days: int, athlete_id: str = "7", **figures: float) -> dict[str, Any]:
    return {
        "athlete_id": athlete_id,
        "observed_on": DAY + timedelta(days),
        "ftp_w": None,
        "weight_kg": None,
    } | figures


def test_a_figure_is_carried_forward_until_a_newer_one() -> None:
    first, second = rows([entry(0, ftp_w=250, weight_kg=72), entry(90, ftp_w=262)], ["7"])
    assert first["valid_to"] == second["valid_from"] == DAY + timedelta(90)
    assert (first["ftp_w"], first["weight_kg"]) == (250, 72)
    assert (second["ftp_w"], second["weight_kg"], second["valid_to"]) == (262, 72, None)
    assert second["max_heartrate_bpm"] is None


def test_no_file_and_no_profile_are_no_figures() -> None:
    assert rows([], ["7"]) == []


def test_an_entry_that_names_nobody_is_the_only_athletes() -> None:
    assert [row["athlete_id"] for row in rows([entry(0, ftp_w=250)], ["7"])] == ["7"]
    assert rows([entry(0, ftp_w=250)], []) == []


def test_an_entry_that_names_nobody_is_not_handed_to_several_athletes() -> None:
    with pytest.raises(ConfigurationError, match=r"line 0 does not say whose") as error:
        rows([entry(0, ftp_w=250)], ["8", "7"])
    assert "the athletes are 7, 8" in error.value.remedy


def test_each_athlete_keeps_figures_of_their_own() -> None:
    dated = rows([entry(0, "8", ftp_w=300), entry(0, "7", ftp_w=200)], ["7", "8", "9"])
    assert [(row["athlete_id"], row["ftp_w"]) for row in dated] == [("7", 200), ("8", 300)]


def test_two_entries_of_one_day_are_seen_even_where_only_one_names_the_athlete() -> None:
    with pytest.raises(ConfigurationError, match="as does"):
        rows([entry(0, ftp_w=250), entry(0, "7", ftp_w=255)], ["7"])


def test_strava_fills_what_the_file_leaves_out_from_the_day_it_was_seen() -> None:
    first, second = rows([entry(0, ftp_w=250)], ["7"], [seen(30, ftp_w=300, weight_kg=70)])
    assert (first["ftp_w"], first["weight_kg"]) == (250, None)
    assert (second["valid_from"], second["ftp_w"], second["weight_kg"]) == (DAY + timedelta(30), 250, 70)


def test_the_file_takes_over_from_strava_on_the_day_it_begins() -> None:
    dated = rows([entry(60, ftp_w=250)], ["7"], [seen(30, ftp_w=300), seen(70, ftp_w=310)])
    assert [row["ftp_w"] for row in dated] == [300, 250]


def test_what_strava_said_earlier_stays_with_the_days_it_was_said_for() -> None:
    dated = rows([], ["7"], [seen(0, ftp_w=240), seen(1, ftp_w=240), seen(2), seen(30, ftp_w=255)])
    assert [(row["valid_from"], row["ftp_w"]) for row in dated] == [(DAY, 240), (DAY + timedelta(30), 255)]


@pytest.mark.parametrize(
    ("answer", "ftp_w", "weight_kg"),
    [
        ({"id": 7, "ftp": 250, "weight": 71.5}, 250, 71.5),
        ({"id": 7, "ftp": None, "weight": 0.0}, None, None),
        ({"id": 7}, None, None),
        ({"id": 7, "ftp": 9999, "weight": float("nan")}, None, None),
        ({"id": 7, "ftp": "250", "weight": True}, None, None),
    ],
)
def test_of_stravas_profile_only_possible_values_are_taken(
    answer: dict[str, Any], ftp_w: float | None, weight_kg: float | None
) -> None:
    assert observation(answer, DAY) == {
        "athlete_id": "7",
        "observed_on": DAY,
        "ftp_w": ftp_w,
        "weight_kg": weight_kg,
    }


@pytest.mark.parametrize(
    "entries",
    [
        [entry(0, max_heartrate_bpm=150, threshold_heartrate_bpm=170)],
        [entry(0, max_heartrate_bpm=170, run_threshold_heartrate_bpm=172)],
        [entry(0, max_heartrate_bpm=90, resting_heartrate_bpm=90)],
        [entry(0, resting_heartrate_bpm=60), entry(5, max_heartrate_bpm=190, threshold_heartrate_bpm=60)],
    ],
)
def test_heart_rates_out_of_order_are_refused(entries: list[Entry]) -> None:
    with pytest.raises(ConfigurationError, match=f"line {(entries[-1].valid_from - DAY).days}"):
        rows(entries, ["7"])


def test_a_missing_figure_gives_a_hint() -> None:
    [hint] = hints(rows([entry(0, ftp_w=250, weight_kg=70)], ["7"]), ["7"])
    assert hint.startswith(
        "Athlete 7 has no max_heartrate_bpm, resting_heartrate_bpm. Empty until then: training load by heart"
    )
    everything = {
        "ftp_w": 250.0,
        "weight_kg": 70.0,
        "max_heartrate_bpm": 190.0,
        "resting_heartrate_bpm": 50.0,
    }
    assert hints(rows([entry(0, None, **everything)], ["7"]), ["7"]) == []


def test_figures_of_somebody_without_activities_give_a_hint() -> None:
    texts = hints(rows([entry(0, "77", ftp_w=250)], ["7"]), ["7"])
    assert any("athlete 77, who has no activity" in hint for hint in texts)


days = st.dictionaries(st.integers(0, 40), st.integers(200, 300).map(float), max_size=6)


@settings(deadline=None, derandomize=True, database=None, max_examples=examples(100))
@given(ftp=days, strava=days)
def test_every_day_has_the_newest_figure_of_the_file_or_else_of_strava(
    ftp: dict[int, float], strava: dict[int, float]
) -> None:
    dated = rows(
        [entry(day, ftp_w=watts) for day, watts in ftp.items()],
        ["7"],
        [seen(day, ftp_w=watts) for day, watts in strava.items()],
    )
    for number in range(45):
        day = DAY + timedelta(number)
        held = [r for r in dated if r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"])]
        source = ftp if any(d <= number for d in ftp) else strava
        begun = [d for d in source if d <= number]
        assert [row["ftp_w"] for row in held] == ([source[max(begun)]] if begun else [])


def test_gear_of_the_profile_is_named_and_what_has_no_name_is_left_out() -> None:
    bike = {"id": "b1", "name": " Road bike ", "distance": 1234.5, "retired": False, "primary": True}
    answer = {
        "id": 7,
        "bikes": [bike, {"id": "b2", "name": " "}, "b3"],
        "shoes": [{"id": "g1", "name": "Trail shoes"}],
    }

    assert gear_rows(answer, DAY) == [
        {
            "athlete_id": "7",
            "gear_id": "b1",
            "name": "Road bike",
            "is_retired": False,
            "distance_m": 1234.5,
            "observed_on": DAY,
        },
        {
            "athlete_id": "7",
            "gear_id": "g1",
            "name": "Trail shoes",
            "is_retired": None,
            "distance_m": None,
            "observed_on": DAY,
        },
    ]


def test_a_summary_of_the_profile_names_no_gear() -> None:
    assert gear_rows({"id": 7, "bikes": None}, DAY) == []
