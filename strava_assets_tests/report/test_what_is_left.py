"""Durability, polarization, W' balance and the records wall say what their marts say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.section import Section


def section(figures: Figures, name: str) -> Section:
    return next(section for section in build_sections(figures, METRIC) if section.name == name)


def test_the_loss_late_in_rides_is_the_mart_s(figures: Figures) -> None:
    wanted = {"season": 2024, "work_basis": "kj", "after_work": 1000, "duration_s": 300}
    [row] = [row for row in figures.rows("durability") if wanted.items() <= row.items()]

    durability = section(figures, "durability")

    watts = f"{row['watts']:.0f}\u00a0W"
    assert durability.finding == (
        f"After 1,000\u00a0kJ the best 5\u00a0min of 2024 is {watts}, 10\u00a0% below fresh."
    )
    drawn = [point["p"] for point in durability.data["durability"] if point["d"] == "5\u00a0min"]
    assert drawn == sorted(drawn, reverse=True)
    assert len(drawn) == 3


def test_durability_waits_until_nearly_all_seconds_are_here(figures: Figures) -> None:
    half = replace(figures, quality=figures.quality | {"streams_to_come": 1000})

    assert "durability" not in {each.name for each in build_sections(half, METRIC)}


def test_every_quarter_has_its_polarization_index(figures: Figures) -> None:
    zones = section(figures, "zones")

    latest = figures.rows("intensity_distribution")[-1]
    assert zones.data["zones-polarization"][-1] == {
        "q": "Q2 2024",
        "p": pytest.approx(latest["power_polarization"], abs=0.01),
        "h": pytest.approx(latest["heartrate_polarization"], abs=0.01),
    }
    assert "polarization index" in zones.note


def test_the_last_ride_says_how_much_was_left_and_never_less_than_nothing(figures: Figures) -> None:
    last = figures.last_ride
    assert last is not None
    below = {last["activity_id"]: {"lowest_balance_share": -0.2, "matches": 0}}

    facts = {fact.name: fact.value for fact in section(figures, "ride").facts}
    emptied = {fact.name: fact.value for fact in section(replace(figures, w_balances=below), "ride").facts}

    assert facts["W\u2032 left at the lowest"] == "33\u00a0%"
    assert facts["Matches"] == "2"
    assert emptied["W\u2032 left at the lowest"] == "0\u00a0%"
    assert "Matches" not in emptied


def test_the_records_wall_says_how_close_the_last_90_days_came(figures: Figures) -> None:
    rows = {(row["period"], row["record"]): row["value"] for row in figures.rows("personal_records")}

    wall = section(figures, "records")

    longest = wall.data["records"][0]
    ratio = rows["last_90_days", "longest_distance"] / rows["all_time", "longest_distance"]
    assert longest["n"] == "Longest distance"
    assert longest["p"] == pytest.approx(100 * ratio, abs=0.1)
    assert all(0 < point["p"] <= 100 for point in wall.data["records"])


def test_the_running_quarter_is_carried_on_at_its_own_rate(figures: Figures) -> None:
    now = figures.rows("quarterly_overview")[-1]
    days = (now["quarter_end"] - now["quarter"]).days + 1

    quarterly = section(figures, "quarterly")

    distance = f"{days / now['days_elapsed'] * now['distance_m'] / 1000:,.0f}\u00a0km"
    assert f"At the rate of its first {now['days_elapsed']}\u00a0days it ends at {distance}" in quarterly.note
    over = [row for row in figures.rows("quarterly_overview") if not row["is_partial"]]
    finished = replace(figures, marts={**figures.marts, "quarterly_overview": over})
    assert "At the rate" not in section(finished, "quarterly").note


def test_power_by_heart_rate_is_drawn_by_quarter(figures: Figures) -> None:
    now = figures.rows("quarterly_overview")[-1]

    quarterly = section(figures, "quarterly")

    assert "quarterly-efficiency" in {chart.name for chart in quarterly.charts}
    assert quarterly.data["quarters"][-1]["e"] == round(now["watts_per_heartbeat"], 2)
