"""Histories through a real DuckDB and the real marts to figures and pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pytest

from strava_assets.assets.marts import refresh_mart
from strava_assets.marts import load
from strava_assets.report import INPUT_TABLES, MARTS, Figures, build_page
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES
from strava_assets.schema.mart_inputs import ATHLETE_GEAR, ATHLETE_PROFILE, MART_SETTINGS, PLANNED_LOAD
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RIDE_W_BALANCE
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.schema.streams import ACTIVITY_STREAMS
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.seconds import after_work, balances, recorded, recording_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Row = dict[str, Any]
TABLES = (*INPUT_TABLES, *MARTS)
TODAY = date(2024, 6, 12)
"""A Wednesday in the middle of a quarter."""
NOW = datetime(2024, 6, 12, 7, 30, tzinfo=UTC)


class Read(Protocol):
    """Turns a history into figures."""

    def __call__(
        self,
        history: Sequence[Row],
        *,
        ftp_w: float | None = ...,
        athlete: str = ...,
        seconds_of: int = ...,
        week_start: str = ...,
    ) -> Figures:
        """The figures of the history's athlete; of the newest rides the seconds are known."""


def fill(
    warehouse: DuckDBWarehouse,
    history: Sequence[Row],
    *,
    ftp_w: dict[str, float],
    seconds_of: int = 0,
    week_start: str = "monday",
    batches: Sequence[Row] = (),
) -> None:
    """Fill a warehouse with a history and make every mart.

    Args:
        warehouse: an empty one.
        history: rows of `bq_activities`.
        ftp_w: by athlete, where it is known.
        seconds_of: of how many of the newest activities the seconds are known.
        week_start: the first day of the week.
        batches: rows of `loaded_batches` by the fields in which they differ; by default one.
    """
    profile = {"valid_from": date(2000, 1, 1), "weight_kg": 70.0}
    profiles = [profile | {"athlete_id": athlete, "ftp_w": watts} for athlete, watts in ftp_w.items()]
    settings = {"as_of": TODAY, "week_start": week_start, "count_commutes": True, "count_virtual": True}
    newest = sorted(history, key=lambda row: row["activity_date"])[max(0, len(history) - seconds_of) :]
    tables = [recorded([ride], ftp_w.get(ride["athlete_id"])) for ride in newest]
    power, bests, streams = ([row for table in tables for row in table[place]] for place in range(3))
    batch = {
        "batch_id": "b",
        "kind": "full",
        "loaded_at": NOW,
        "records": len(history),
        "inserted": len(history),
        "updated": 0,
        "deleted": 0,
        "rejected": 2,
    }
    for table, rows in (
        (ACTIVITIES, history),
        (ATHLETE_PROFILE, profiles),
        (RIDE_POWER, power),
        (RIDE_BESTS, bests),
        (RIDE_BESTS_AFTER_WORK, after_work(bests)),
        (RIDE_W_BALANCE, balances(power)),
        (RECORDING_ZONES, recording_zones(power)),
        (PLANNED_LOAD, []),
        (ATHLETE_GEAR, []),
        (ACTIVITY_STREAMS, streams),
        (MART_SETTINGS, [settings]),
        (SPORT_RULES, sport_rules(None)),
        (LOADED_BATCHES, [batch | fields for fields in batches or [{}]]),
    ):
        warehouse.replace(table, pa.Table.from_pylist(list(rows), schema=arrow_schema(table.columns)))
    for mart in load():
        refresh_mart(warehouse, mart)


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """A function from a history to figures, by way of every mart."""

    def figures(
        history: Sequence[Row],
        *,
        ftp_w: float | None = None,
        athlete: str = "7",
        seconds_of: int = 0,
        week_start: str = "monday",
    ) -> Figures:
        path: Path = tmp_path_factory.mktemp("report") / "warehouse.duckdb"
        with DuckDBWarehouse(path, threads=1) as warehouse:
            fill(
                warehouse,
                history,
                ftp_w={athlete: ftp_w} if ftp_w else {},
                seconds_of=seconds_of,
                week_start=week_start,
            )
            return Figures.read(warehouse.query, TABLES, athlete or None)

    return figures


def seasons(weeks: int, *, first_id: int = 10_000, **fields: Any) -> list[Row]:
    """Three rides in each of as many weeks up to today, stronger in summer, a month of rest each winter."""
    rows = []
    for back in range(weeks):
        monday = TODAY - timedelta(days=TODAY.weekday() + 7 * back)
        if monday.month == 1:
            continue
        for weekday, minutes in ((1, 60), (3, 75), (5, 180)):
            day = monday + timedelta(days=weekday)
            if day > TODAY:
                continue
            watts = 150.0 + 5 * abs(7 - day.month) + weekday
            row = activity(
                day,
                str(first_id + 10 * back + weekday),
                name=f"Ride of {day:%d %b}",
                moving_time_s=60 * minutes,
                distance_m=460.0 * minutes,
                average_watts=watts,
                weighted_average_watts=watts + 12,
                gear_id="b1" if weekday == 5 else "b2",
            )
            rows.append(row | fields)
    return rows


@pytest.fixture(scope="session")
def figures(read: Read) -> Figures:
    """Three years of an athlete whose threshold is known, and the seconds of whose rides are."""
    return read(seasons(156), ftp_w=240.0, seconds_of=10_000)


@pytest.fixture(scope="session")
def twenty_years(read: Read) -> Figures:
    """Of the same athlete."""
    return read(seasons(1043), ftp_w=240.0, seconds_of=10_000)


@pytest.fixture(scope="session")
def page(figures: Figures) -> str:
    """Their page."""
    return build_page(figures, generated_at=NOW, sample=True)


@pytest.fixture(scope="session")
def long_page(twenty_years: Figures) -> str:
    """The page of twenty years."""
    return build_page(twenty_years, generated_at=NOW)


@pytest.fixture(scope="session")
def build(read: Read) -> Callable[..., str]:
    """A function from a history to its page."""
    return lambda history, **options: build_page(read(history, **options), generated_at=NOW)
