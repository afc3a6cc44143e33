"""Pages with several athletes: nothing of one on another's, and on the index what an athlete agreed to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from strava_assets.assets.previews import preview
from strava_assets.landing.athlete_index import Athlete, FetchState
from strava_assets.marts import load
from strava_assets.profile.gear_file import Gear
from strava_assets.report import (
    AthleteOverview,
    Figures,
    build_athlete_overview,
    build_page,
    read_shared_numbers,
)
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import NOW, TABLES, TODAY, Row, fill, seasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from strava_assets.marts.catalog import Mart

ANN = Athlete("700100123", NOW, "Ann Alder", logged_in=True, shows_numbers=True)
BEN = Athlete("800200456", NOW, "Ben Birch", logged_in=True)

MARKS = {
    ANN: (
        *("700100123", "Ann Alder", "Alder hill", "Alder hill bike", "171717", "171,717", "1,234,567"),
        "11\u00a0Jun\u00a02024, 01:11",
    ),
    BEN: (
        *("800200456", "Ben Birch", "Birch loop", "Birch loop bike", "282828", "282,828", "7,654,321"),
        "12\u00a0Jun\u00a02024, 02:22",
    ),
}
"""What stands on the page of each and on nobody else's: names, gear, a distance, a climb, counts, times."""


def rides(athlete: Athlete, weeks: int, first_id: int, name: str, watts: float, unique: float) -> list[Row]:
    """A history of which one ride has a distance and a climb that nobody else has."""
    rows = seasons(weeks, first_id=first_id, athlete_id=athlete.athlete_id, gear_id=f"{name} bike")
    named = [
        row
        | {"name": f"{name} {row['activity_date']:%d %b}", "average_watts": watts}
        | {"kilojoules": watts * row["moving_time_s"] / 1000}
        for row in rows
    ]
    return [named[0] | {"distance_m": unique, "total_elevation_gain_m": unique}, *named[1:]]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    """The histories of both, with every mart."""
    history = [
        *rides(ANN, 12, 70_000_000, "Alder hill", 163.0, 171_717.0),
        *rides(BEN, 10, 80_000_000, "Birch loop", 227.0, 282_828.0),
    ]
    batches = [
        {"batch_id": each.athlete_id, "athlete_id": each.athlete_id, "loaded_at": at, "rejected": rejected}
        for each, at, rejected in (
            (ANN, datetime(2024, 6, 11, 1, 11, tzinfo=UTC), 1_234_567),
            (BEN, datetime(2024, 6, 12, 2, 22, tzinfo=UTC), 7_654_321),
        )
    ]
    path = tmp_path_factory.mktemp("several") / "warehouse.duckdb"
    with DuckDBWarehouse(path, threads=1) as opened:
        ftp_w = {ANN.athlete_id: 240.0, BEN.athlete_id: 290.0}
        fill(opened, history, ftp_w=ftp_w, seconds_of=60, batches=batches)
        yield opened


@pytest.fixture(scope="module")
def pages(warehouse: DuckDBWarehouse) -> Mapping[str, str]:
    """The page of each."""
    gear = {name: Gear(name, 5_000_000.0) for name in ("Alder hill bike", "Birch loop bike")}
    return {
        athlete.athlete_id: build_page(
            replace(Figures.read(warehouse.query, TABLES, athlete.athlete_id), gear=gear),
            generated_at=NOW,
            athlete=athlete.name,
        )
        for athlete in (ANN, BEN)
    }


@pytest.mark.parametrize(("athlete", "other"), [(ANN, BEN), (BEN, ANN)])
def test_a_page_has_what_is_its_athletes_and_nothing_of_the_other(
    pages: Mapping[str, str], warehouse: DuckDBWarehouse, athlete: Athlete, other: Athlete
) -> None:
    page = pages[athlete.athlete_id]
    rows = warehouse.query("SELECT athlete_id, activity_id FROM bq_activities").to_pylist()
    ids = {
        each.athlete_id: [row["activity_id"] for row in rows if row["athlete_id"] == each.athlete_id]
        for each in (athlete, other)
    }

    assert [mark for mark in MARKS[athlete] if mark not in page] == []
    assert [activity_id for activity_id in ids[athlete.athlete_id] if activity_id not in page] == []
    assert [mark for mark in MARKS[other] if mark in page] == []
    assert [activity_id for activity_id in ids[other.athlete_id] if activity_id in page] == []


@dataclass
class Recorder:
    """Runs queries and keeps their parameters."""

    warehouse: DuckDBWarehouse
    params: list[Any] = field(default_factory=list)

    def __call__(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        self.params.append(params)
        return self.warehouse.query(sql, params)


def overview(warehouse: DuckDBWarehouse, *athletes: Athlete, **fields: Any) -> str:
    content = AthleteOverview(
        athletes,
        fields.get("states", {}),
        read_shared_numbers(warehouse.query, TABLES, athletes),
        with_page=fields.get("with_page", ()),
        findings=fields.get("findings", 0),
    )
    return build_athlete_overview(content, generated_at=NOW, ui_url="http://ui.example")


def test_the_index_has_numbers_of_those_who_agreed_and_of_nobody_else(warehouse: DuckDBWarehouse) -> None:
    own = {
        athlete: Figures.read(warehouse.query, TABLES, athlete.athlete_id).rows("weekly_watts")[-1]
        for athlete in (ANN, BEN)
    }
    watts = [f"{own[each]['average_watts_4w']:.0f}\u00a0W" for each in (ANN, BEN)]
    assert watts[0] != watts[1]

    page = overview(warehouse, ANN, BEN)

    assert watts[0] in page
    assert watts[1] not in page
    assert page.count("does not share numbers") == 1
    assert page.count("<svg") == 1
    both = overview(warehouse, ANN, replace(BEN, shows_numbers=True))
    assert watts[1] in both
    assert "does not share numbers" not in both


def test_nothing_is_read_of_an_athlete_who_did_not_agree(warehouse: DuckDBWarehouse) -> None:
    recorder = Recorder(warehouse)

    assert read_shared_numbers(recorder, TABLES, [ANN, BEN]).keys() == {ANN.athlete_id}
    assert len(recorder.params) == 3
    assert BEN.athlete_id not in str(recorder.params)
    recorder.params.clear()
    assert read_shared_numbers(recorder, TABLES, [BEN]) == {}
    assert recorder.params == []


def test_numbers_that_were_read_before_an_athlete_withdrew_are_not_shown(warehouse: DuckDBWarehouse) -> None:
    numbers = read_shared_numbers(warehouse.query, TABLES, [ANN])
    withdrawn = replace(ANN, shows_numbers=False)

    page = build_athlete_overview(AthleteOverview([withdrawn], {}, numbers, ()), generated_at=NOW)

    assert "<svg" not in page
    assert "\u00a0W" not in page


def test_no_activity_and_no_place_stands_on_the_index(warehouse: DuckDBWarehouse) -> None:
    page = overview(warehouse, ANN, replace(BEN, shows_numbers=True))

    names = warehouse.query("SELECT DISTINCT name, activity_id FROM bq_activities").to_pylist()
    assert [row for row in names if row["name"] in page or row["activity_id"] in page] == []
    assert "strava.com/activities" not in page


COUNTS = {"kind": "full", "loaded_at": NOW, "records": 1, "inserted": 1, "updated": 0, "deleted": 0}
STATES = {
    "not synced yet": (ANN, None),
    "first sync under way": (ANN, FetchState(NOW, cut_short=1)),
    "synced": (ANN, FetchState(NOW, NOW)),
    "3\u00a0failed fetches in a row": (
        ANN,
        FetchState(NOW, NOW, failures=3, problem="Activity 4711 is odd."),
    ),
    "refused since 12\u00a0Jun\u00a02024": (
        ANN,
        FetchState(NOW, failures=9, refused_since=NOW, problem="Activity 4711 is odd."),
    ),
    "export and files only": (replace(ANN, logged_in=False), None),
}


@pytest.mark.parametrize("words", STATES)
def test_the_index_says_how_the_fetches_go_without_what_a_failure_says(words: str) -> None:
    athlete, state = STATES[words]
    states = {ANN.athlete_id: state} if state else {}

    page = build_athlete_overview(AthleteOverview([athlete], states, {}, ()), generated_at=NOW)

    assert f"</i>{words}\n" in page
    assert "4711" not in page
    assert ("12\u00a0Jun\u00a02024, 07:30\u00a0UTC\n" in page) == bool(state and state.succeeded_at)


def test_who_needs_something_comes_first() -> None:
    ids = ["1", "2", "3", "4"]
    athletes = [Athlete(each, NOW, logged_in=each != "1") for each in ids]
    states = {
        "2": FetchState(NOW, NOW),
        "3": FetchState(NOW, NOW, failures=1),
        "4": FetchState(NOW, failures=1, refused_since=NOW),
    }

    page = build_athlete_overview(AthleteOverview(athletes, states, {}, ids), generated_at=NOW)

    assert re.findall(r'href="athlete=(\d)/index.html"', page) == ["4", "3", "2", "1"]


def test_only_an_athlete_with_a_page_has_a_link(warehouse: DuckDBWarehouse) -> None:
    page = overview(warehouse, ANN, BEN, with_page={BEN.athlete_id})

    assert re.findall(r'<a href="athlete=([^"]+)"', page) == [f"{BEN.athlete_id}/index.html"]
    assert page.count("no page yet") == 1


def test_a_hostile_name_is_text() -> None:
    hostile = replace(ANN, name="<script>alert(1)</script>")

    page = build_athlete_overview(AthleteOverview([hostile], {}, {}, ()), generated_at=NOW)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_findings_of_checks_are_counted_on_the_index(warehouse: DuckDBWarehouse) -> None:
    assert "2\u00a0checks found something" in overview(warehouse, ANN, BEN, findings=2)
    assert "found something" not in overview(warehouse, ANN, BEN)


def test_an_old_batch_of_nobody_counts_for_the_athlete_of_whom_it_brought_something(
    tmp_path: Path,
) -> None:
    history = [
        activity(TODAY, "1", athlete_id="7", batch_id="a"),
        activity(TODAY, "2", athlete_id="8", batch_id="b"),
    ]
    batches = [
        {"batch_id": name, "rejected": rejected} for name, rejected in (("a", 3), ("b", 40), ("empty", 500))
    ]
    rejected = {}
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1) as opened:
        tables = {"bq_activities", "loaded_batches"}
        for of, rows in (("both", history), ("one", history[:1])):
            for table, content in ((ACTIVITIES, rows), (LOADED_BATCHES, [COUNTS | each for each in batches])):
                opened.replace(table, pa.Table.from_pylist(content, schema=arrow_schema(table.columns)))
            rejected[of] = Figures.read(opened.query, tables, "7").quality["rejected"]

    assert rejected == {"both": 3, "one": 543}


@pytest.mark.parametrize("mart", [mart for mart in load() if mart.name in TABLES or mart.kind != "view"])
def test_an_assets_page_shows_no_number_of_several_athletes(warehouse: DuckDBWarehouse, mart: Mart) -> None:
    [(name, table)] = preview(warehouse, mart, "metric").items()

    counts = warehouse.query(
        f"SELECT athlete_id, COUNT(*) AS n FROM {mart.name} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608 - the catalog's names
    ).to_pylist()
    assert name == "rows by athlete"
    lines = [f"| {row['athlete_id']} | {row['n']} |" for row in counts]
    assert table.value.splitlines()[2:] == (lines or [])
