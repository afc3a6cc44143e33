"""What each sport counts as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.schema.sports import SPORTS, sport_rules

OPENAPI = Path(__file__).parents[3] / "shared" / "fixtures" / "openapi" / "strava-v3.flat.json"


@pytest.mark.skipif(not OPENAPI.exists(), reason="the API's own description is not here")
def test_every_sport_of_the_api_is_known() -> None:
    described = json.loads(OPENAPI.read_text())["definitions"]["sportType"]["enum"]
    assert set(described) == {sport.sport_type for sport in SPORTS}


def test_every_cycle_without_a_motor_counts_for_power_by_default() -> None:
    assert all(
        rule["counts_for_power"] == (rule["is_ride"] and not rule["is_ebike"]) for rule in sport_rules()
    )


def test_the_athlete_may_choose_the_sports_that_count_for_power() -> None:
    chosen = {rule["sport_type"] for rule in sport_rules(["Ride", "Rowing"]) if rule["counts_for_power"]}
    assert chosen == {"Ride", "Rowing"}


@pytest.mark.parametrize("sport", ["EBikeRide", "Rdie"])
def test_an_ebike_and_a_misspelt_sport_cannot_count_for_power(sport: str) -> None:
    with pytest.raises(ConfigurationError, match=sport) as refused:
        sport_rules(["Ride", sport])
    assert "GravelRide" in refused.value.remedy
