"""`recording_zones` and `ride_w_balance` over time: which recordings, by which sport and figures."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from strava_assets.history.w_balance import WBalanceReport, compute_w_balance
from strava_assets.streams import StreamEntry, from_channels
from strava_assets_tests.history.test_ride_power import FIGURES, HEART, Rides, counts, rides

if TYPE_CHECKING:
    from strava_assets_tests.history.stories import Story

__all__ = ["rides"]
SECONDS = 1500
RUNNER = {"run_threshold_heartrate_bpm": 160.0, "run_threshold_pace_s_per_km": 250.0, "sex": "female"}


def zones(rides: Rides) -> dict[str, dict[str, Any]]:
    rows = rides.warehouse.query("SELECT * FROM recording_zones").to_pylist()
    return {row["activity_id"]: row for row in rows}


def test_power_of_runs_and_e_bikes_is_not_measured_against_the_ftp_of_rides(rides: Rides) -> None:
    rides.land(1)
    rides.story.sync(
        [
            *rides_of(1, "Ride"),
            *rides_of(2, "Run"),
            *rides_of(3, "EBikeRide"),
            *rides_of(4, "Kabaddi"),
            *rides_of(5, "Rowing"),
        ]
    )
    rides.keep(1, 2, 3, 4, 5)
    rides.figures(FIGURES | HEART)

    assert counts(rides.compute()) == (5, 0, 0)

    assert rides.power().keys() == {"1"}
    [bests] = rides.warehouse.query("SELECT DISTINCT activity_id FROM ride_bests").to_pylist()
    assert bests["activity_id"] == "1"
    rows = zones(rides)
    assert {name: row["family"] for name, row in rows.items()} == {
        "1": "ride",
        "2": "run",
        "3": "ride",
        "4": "other",
        "5": "paddle",
    }
    assert {name for name, row in rows.items() if row["power_low_s"] is not None} == {"1"}
    assert rows["1"]["threshold_power_w"] == 250
    # A motor's watts are not the athlete's; a rower's are, without a threshold.
    assert (rows["3"]["power_s"], rows["5"]["power_s"]) == (0, SECONDS)
    # The heart is the athlete's own on an e-bike as well.
    assert all(row["heart_rate_load"] is not None for row in rows.values())


def rides_of(number: int, sport: str) -> list[dict[str, Any]]:
    from strava_assets_tests.history.stories import activity

    return [activity(number, sport_type=sport)]


def test_another_choice_of_power_sports_moves_rides_in_and_out(rides: Rides, story: Story) -> None:
    from strava_assets.history.ride_power import compute_ride_power

    story.sync([*rides_of(1, "Ride"), *rides_of(2, "Rowing")])
    rides.keep(1, 2)
    rides.figures(FIGURES)
    rides.compute()
    assert rides.power().keys() == {"1"}

    compute_ride_power(rides.warehouse, rides.store, story.now, power_sports=["Rowing"])

    assert rides.power().keys() == {"2"}
    assert zones(rides).keys() == {"1", "2"}


def test_a_run_has_thresholds_and_a_load_of_its_own(rides: Rides) -> None:
    rides.story.sync(rides_of(1, "Run"))
    t_s = np.arange(SECONDS)
    channels = {"t_s": t_s, "distance_m": 4.0 * t_s, "altitude_m": np.full(SECONDS, 100.0)}
    with rides.store.writer() as writer:
        entry = StreamEntry("7", "1", 2026, "stored", "api", rides.story.now, fingerprint="f")
        beats = np.full(SECONDS, 160.0)
        writer.add(entry, from_channels("7", "1", channels | {"heartrate_bpm": beats}))
    rides.figures(FIGURES | HEART | RUNNER)
    rides.compute()

    [row] = zones(rides).values()
    assert (row["threshold_speed_mps"], row["threshold_heartrate_bpm"]) == (4.0, 160.0)
    assert row["pace_load"] == pytest.approx(100 * SECONDS / 3600, rel=0.01)
    assert row["heart_rate_load"] == pytest.approx(100 * SECONDS / 3600)
    assert row["grade_adjusted_speed_mps"] == pytest.approx(4, rel=0.001)
    assert (row["efficiency_basis"], row["is_steady"]) == ("pace", True)
    assert row["heartrate_high_s"] == SECONDS

    # Without a threshold of its own a run is measured by the one of all sports, and its pace by nothing.
    rides.figures(FIGURES | HEART)
    assert counts(rides.compute()) == (1, 0, 0)
    [row] = zones(rides).values()
    assert (row["threshold_heartrate_bpm"], row["pace_load"]) == (170.0, None)


def test_a_deleted_activity_loses_its_row(rides: Rides) -> None:
    rides.story.sync([*rides_of(1, "Run"), *rides_of(2, "Run")])
    rides.keep(1, 2)
    rides.compute()
    rides.story.sync(rides_of(2, "Run"))

    assert counts(rides.compute()) == (0, 1, 1)
    assert zones(rides).keys() == {"2"}


class Balance:
    """The rides of a story with W' balance after given fits."""

    def __init__(self, rides: Rides) -> None:
        self.rides = rides

    def fits(self, *fits: tuple[date, float, float, str]) -> None:
        rows = [
            {
                "athlete_id": "7",
                "week": week,
                "critical_power_w": watts,
                "w_prime_kj": kilojoules,
                "fit_quality": quality,
            }
            for week, watts, kilojoules, quality in fits
        ]
        schema = pa.schema(
            {
                "athlete_id": pa.string(),
                "week": pa.date32(),
                "critical_power_w": pa.float64(),
                "w_prime_kj": pa.float64(),
                "fit_quality": pa.string(),
            }
        )
        connection = self.rides.warehouse._connection  # type: ignore[attr-defined]
        connection.register("fits_of_test", pa.Table.from_pylist(rows, schema=schema))
        connection.execute("CREATE OR REPLACE TABLE power_profile_progress AS FROM fits_of_test")
        connection.unregister("fits_of_test")

    def compute(self) -> WBalanceReport:
        self.rides.compute()
        return compute_w_balance(
            self.rides.warehouse, self.rides.store, self.rides.story.now, progress=self.rides.lines.append
        )

    def rows(self) -> dict[str, dict[str, Any]]:
        rows = self.rides.warehouse.query("SELECT * FROM ride_w_balance").to_pylist()
        return {row["activity_id"]: row for row in rows}


@pytest.fixture
def balance(rides: Rides) -> Balance:
    rides.figures(FIGURES)
    return Balance(rides)


# The ride with id n is on 1 January 2026 plus n days, and has 200 + n % 7 watts.
WEEKS = [(date(2025, 12, 22), 190.0, 20.0, "good"), (date(2025, 12, 29), 195.0, 15.0, "good")]


def test_the_newest_good_fit_before_the_ride_is_used(balance: Balance) -> None:
    balance.rides.land(3, 4, 12)
    balance.rides.keep(3, 4, 12)
    balance.fits(*WEEKS, (date(2026, 1, 5), 199.0, 9.0, "uncertain"))

    report = balance.compute()

    assert vars(report) == {"computed": 3, "unchanged": 0, "removed": 0, "without_figures": 0}
    rows = balance.rows()
    # 4 January is the last day of the week from 29 December, whose fit would know the ride itself.
    assert (rows["3"]["fit_week"], rows["3"]["fit_age_days"]) == (date(2025, 12, 22), 7)
    assert (rows["4"]["fit_week"], rows["4"]["fit_age_days"]) == (date(2025, 12, 29), 1)
    assert (rows["12"]["fit_week"], rows["12"]["fit_age_days"]) == (date(2025, 12, 29), 9)
    assert rows["4"]["figures_source"] == "fit"
    assert rows["4"]["lowest_balance_kj"] == pytest.approx(15 - SECONDS * (204 - 195) / 1000)
    assert rows["4"]["lowest_balance_share"] == pytest.approx(1.5 / 15)
    assert rows["4"]["work_above_kj"] == pytest.approx(13.5)
    assert rows["4"]["matches"] == 1
    assert rows["4"]["below_quarter_s"] == sum(9 * n > 11_250 for n in range(1, SECONDS + 1))


def test_the_athlete_s_own_figures_come_first_and_only_together(balance: Balance) -> None:
    balance.rides.land(4)
    balance.rides.keep(4)
    balance.fits(*WEEKS)
    balance.rides.figures(FIGURES | {"critical_power_w": 203.0})
    balance.compute()
    assert balance.rows()["4"]["figures_source"] == "fit"

    balance.rides.figures(FIGURES | {"critical_power_w": 203.0, "w_prime_kj": 18.0})

    assert balance.compute().computed == 1
    row = balance.rows()["4"]
    assert (row["figures_source"], row["critical_power_w"], row["fit_week"]) == ("athlete", 203, None)
    assert row["lowest_balance_kj"] == pytest.approx(18 - 1.5)


def test_without_a_fit_before_the_ride_everything_is_null(balance: Balance) -> None:
    balance.rides.land(1)
    balance.rides.keep(1)
    balance.fits((date(2026, 1, 5), 199.0, 9.0, "good"))

    assert balance.compute().without_figures == 1
    [row] = balance.rows().values()
    names = ("critical_power_w", "w_prime_kj", "figures_source", "lowest_balance_kj", "matches")
    assert {row[name] for name in names} == {None}


def test_power_that_is_not_good_has_no_balance(balance: Balance) -> None:
    balance.rides.land(4)
    with balance.rides.store.writer() as writer:
        watts = np.where(np.arange(SECONDS) % 5 == 0, np.nan, 200.0)
        entry = StreamEntry("7", "4", 2026, "stored", "api", balance.rides.story.now, fingerprint="f")
        writer.add(entry, from_channels("7", "4", {"t_s": np.arange(SECONDS), "watts": watts}))
    balance.fits(*WEEKS)

    assert balance.compute().without_figures == 1
    assert balance.rows()["4"]["lowest_balance_kj"] is None


def test_only_what_changed_is_computed_again(balance: Balance) -> None:
    balance.rides.land(3, 4)
    balance.rides.keep(3, 4)
    balance.fits(*WEEKS)
    balance.compute()
    assert balance.compute().unchanged == 2

    balance.fits(WEEKS[0], (date(2025, 12, 29), 196.0, 15.0, "good"))
    report = balance.compute()
    assert (report.computed, report.unchanged) == (1, 1)
    assert balance.rows()["4"]["critical_power_w"] == 196

    balance.rides.land(4)
    report = balance.compute()
    assert (report.computed, report.unchanged, report.removed) == (0, 1, 1)
