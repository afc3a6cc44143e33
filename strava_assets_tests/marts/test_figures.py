"""The bounds of figures in the athlete's file are those of the marts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets.profile import BOUNDS, Entry, rows
from strava_assets_tests.marts.histories import MONDAY, activity

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", ["ftp_w", "weight_kg"])
def test_a_figure_at_its_bound_is_used_and_one_beyond_it_is_not(marts: Marts, name: str, end: str) -> None:
    bound = getattr(BOUNDS[name], end)
    for value, used in ((bound, bound), (bound + (1 if end == "high" else -1), None)):
        profile = rows([Entry(MONDAY, {name: value}, None, "")], ["7"])
        [[row]] = marts([activity(MONDAY, "1")], "activity_measures", figures=profile)
        assert row[name] == used


@pytest.mark.parametrize(
    ("resting", "threshold", "maximum"), [(20, 60, 250), (20, 240, 250), (120, 180, 190), (30, 59, 60)]
)
def test_heart_rates_at_their_bounds_give_a_load(
    marts: Marts, resting: float, threshold: float, maximum: float
) -> None:
    figures = {"resting_heartrate_bpm": resting, "max_heartrate_bpm": maximum}
    if BOUNDS["threshold_heartrate_bpm"].low <= threshold:
        figures["threshold_heartrate_bpm"] = threshold
    profile = rows([Entry(MONDAY, figures, None, "")], ["7"])
    ridden = activity(MONDAY, "1", average_watts=None, average_heartrate_bpm=maximum)
    [[row]] = marts([ridden], "daily_load", figures=profile, as_of=MONDAY)
    assert row["load_source"] == "heart_rate"
    assert row["training_load"] > 0
