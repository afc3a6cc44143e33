"""Real and lifelike listings through the whole chain, held against pandas straight from Strava's JSON.

The witness below knows Strava's fields and the definitions, and nothing of the project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from strava_assets.sandbox import Sandbox
from strava_assets_tests.chain import chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain

pytestmark = pytest.mark.deep

BIKES = {"Ride", "GravelRide", "MountainBikeRide", "VirtualRide", "Velomobile", "Handcycle"}
# The recorded athlete only runs; a person may ask for running watts, and then runs are what counts.
RUNS = ("Run", "TrailRun")

TOTALS = ["rides", "moving_time_s", "distance_m", "climb_m", "power_rides", "work_kj"]
AVERAGES = ["average_watts", "weighted_average_watts", "average_heartrate_bpm"]
ROLLING = ["moving_time_4w_s", "average_watts_4w", "average_watts_12w", "weighted_average_watts_12w"]


@pytest.fixture(scope="module")
def recorded(recorded_list: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The recorded page, gone through the chain with runs counting."""
    home = tmp_path_factory.mktemp("recorded") / "home"
    with chain(home, Sandbox.replay(recorded_list), power_sports=RUNS) as platform:
        run = platform.compute()
        assert run.succeeded, run.failures()
        yield platform


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The sample athlete, gone through the chain; what two devices recorded at once is left out."""
    sandbox = Sandbox.sample(seed=1)
    free_from = ""
    for record in reversed(sandbox.history.records()):
        if record["start_date"] < free_from:
            sandbox.history.delete(record["id"])
            continue
        began = pd.Timestamp(record["start_date"])
        free_from = f"{began + pd.Timedelta(seconds=record['moving_time']):%Y-%m-%dT%H:%M:%SZ}"
    with chain(tmp_path_factory.mktemp("sample") / "home", sandbox) as platform:
        run = platform.compute()
        assert run.succeeded, run.failures()
        yield platform


def activities(platform: Chain, counted: set[str]) -> pd.DataFrame:
    """Strava's own records with what the definitions add up."""
    frame = pd.DataFrame(platform.sandbox.history.records())
    for optional in (
        "average_watts",
        "weighted_average_watts",
        "kilojoules",
        "device_watts",
        "average_heartrate",
    ):
        if optional not in frame:
            frame[optional] = None
    frame["day"] = pd.to_datetime(frame["start_date_local"].str[:10])
    frame["week"] = frame["day"] - pd.to_timedelta(frame["day"].dt.weekday, unit="D")
    frame["quarter"] = frame["day"].dt.to_period("Q").dt.start_time
    seconds = frame["moving_time"].astype(float)
    indoor = frame["trainer"].eq(True) | frame["sport_type"].eq("VirtualRide")
    ride = frame["sport_type"].isin(counted)
    joules = (frame["kilojoules"].astype(float) * 1000).round()
    watts = frame["average_watts"].astype(float)
    measured = ride & frame["device_watts"].eq(True) & ~frame["manual"].eq(True) & (watts > 0) & (joules > 0)
    weighted = frame["weighted_average_watts"].astype(float).where(measured)
    heart = frame["average_heartrate"].astype(float).where(ride)
    return frame.assign(
        rides=ride.astype(int),
        moving_time_s=seconds.where(ride, 0),
        distance_m=frame["distance"].astype(float).where(ride, 0),
        climb_m=frame["total_elevation_gain"].astype(float).where(ride & ~indoor, 0),
        power_rides=measured.astype(int),
        power_s=seconds.where(measured, 0),
        work_j=joules.where(measured, 0),
        weighted_s=seconds.where(weighted.notna(), 0),
        weighted_w4s=(weighted**4 * seconds).fillna(0),
        heart_s=seconds.where(heart.notna(), 0),
        beats=(heart * seconds).fillna(0),
    )


def periods(frame: pd.DataFrame, period: str, starts: pd.DatetimeIndex) -> pd.DataFrame:
    """Sums of every period, empty ones included, and what is divided out of them."""
    summed = [
        "rides", "moving_time_s", "distance_m", "climb_m", "power_rides",
        "power_s", "work_j", "weighted_s", "weighted_w4s", "heart_s", "beats",
    ]  # fmt: skip
    sums = frame.groupby(period)[summed].sum().reindex(starts, fill_value=0).astype(float)
    four, twelve = sums.rolling(4, min_periods=1).sum(), sums.rolling(12, min_periods=1).sum()
    return sums.assign(
        work_kj=sums["work_j"] / 1000,
        average_watts=sums["work_j"] / sums["power_s"],
        weighted_average_watts=(sums["weighted_w4s"] / sums["weighted_s"]) ** 0.25,
        average_heartrate_bpm=sums["beats"] / sums["heart_s"],
        moving_time_4w_s=four["moving_time_s"],
        average_watts_4w=four["work_j"] / four["power_s"],
        average_watts_12w=twelve["work_j"] / twelve["power_s"],
        weighted_average_watts_12w=(twelve["weighted_w4s"] / twelve["weighted_s"]) ** 0.25,
    )


def stored(platform: Chain, mart: str, period: str, columns: list[str]) -> pd.DataFrame:
    """A mart's columns by period."""
    rows = pd.DataFrame(platform.rows(f"SELECT * FROM {mart} ORDER BY {period}"))  # noqa: S608 - our own names
    return rows.set_index(pd.DatetimeIndex(rows[period]))[columns].astype(float)


def assert_same(got: pd.DataFrame, witnessed: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        got, witnessed[got.columns], check_freq=False, check_names=False, check_index_type=False, rtol=1e-9
    )


def assert_marts_are_witnessed(platform: Chain, counted: set[str]) -> None:
    frame = activities(platform, counted)
    today = pd.Timestamp(platform.rows("SELECT as_of FROM mart_settings")[0]["as_of"])
    weeks = pd.date_range(frame["week"].min(), today, freq="7D")
    quarters = pd.date_range(frame["quarter"].min(), today, freq="QS")

    got = stored(platform, "weekly_watts", "week", TOTALS + AVERAGES + ROLLING)
    assert_same(got, periods(frame, "week", weeks))
    got = stored(platform, "quarterly_overview", "quarter", TOTALS + AVERAGES)
    assert_same(got, periods(frame, "quarter", quarters))


def test_every_recorded_activity_is_a_row_as_strava_sent_it(recorded: Chain) -> None:
    sent = {str(record["id"]): record for record in recorded.sandbox.history.records()}
    rows = {row["activity_id"]: row for row in recorded.rows("SELECT * FROM bq_activities")}

    assert len(rows) == 30
    assert rows.keys() == sent.keys()
    renamed = {
        "name": "name",
        "sport_type": "sport_type",
        "distance": "distance_m",
        "moving_time": "moving_time_s",
        "elapsed_time": "elapsed_time_s",
        "total_elevation_gain": "total_elevation_gain_m",
        "average_heartrate": "average_heartrate_bpm",
        "average_speed": "average_speed_m_per_s",
        "utc_offset": "utc_offset_s",
        "suffer_score": "suffer_score",
        "gear_id": "gear_id",
    }
    for activity_id, record in sent.items():
        row: dict[str, Any] = rows[activity_id]
        assert {column: row[column] for column in renamed.values()} == {
            column: record.get(field) for field, column in renamed.items()
        }
        assert row["athlete_id"] == str(record["athlete"]["id"])
        assert row["start_date_local"].isoformat() + "Z" == record["start_date_local"]
        assert row["activity_date"].isoformat() == record["start_date_local"][:10]
        assert row["timezone"] == record["timezone"].split(") ")[1]


def test_the_marts_of_recorded_activities_are_what_pandas_says(recorded: Chain) -> None:
    assert_marts_are_witnessed(recorded, BIKES | set(RUNS))

    [weeks] = recorded.rows("SELECT SUM(rides) AS rides, COUNT(average_watts) AS measured FROM weekly_watts")
    assert weeks == {"rides": 30, "measured": 0}


def test_the_marts_of_the_sample_athlete_are_what_pandas_says(sample: Chain) -> None:
    assert_marts_are_witnessed(sample, BIKES)

    [weeks] = sample.rows("SELECT COUNT(*) AS n, COUNT(average_watts) AS measured FROM weekly_watts")
    assert weeks["n"] > weeks["measured"] > 100
