"""`strava-assets report`: whose page, and whose year, where there are several athletes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets.landing.athlete_index import Athlete, AthleteIndex

if TYPE_CHECKING:
    from strava_assets_tests.cli.terminal import Terminal

ANN = Athlete("77", datetime(2026, 11, 1, tzinfo=UTC), "Ann")


@pytest.fixture
def two(synced: Terminal) -> str:
    """Two athletes: the one of the synced home, whose id it is, and Ann, who has one ride a year earlier."""
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        [[athlete_id]] = connection.execute("SELECT DISTINCT athlete_id FROM bq_activities").fetchall()
        for table in ("bq_activities", "activity_measures"):
            hers = "'77' AS athlete_id, DATE '2019-05-05' AS activity_date, 'Ride of Ann' AS name"
            connection.execute(f"INSERT INTO {table} SELECT * REPLACE ({hers}) FROM {table} LIMIT 1")  # noqa: S608 - ours
        connection.execute(
            f"INSERT INTO personal_records SELECT * REPLACE ({hers}, '2019' AS period) "  # noqa: S608 - ours
            "FROM personal_records WHERE record = 'longest_distance' LIMIT 1"
        )
    index = AthleteIndex(str(synced.home / "landing"))
    index.put(Athlete(athlete_id, ANN.added_at))
    index.put(ANN)
    return str(athlete_id)


def test_the_year_of_one_of_two_lies_beside_their_page(synced: Terminal, two: str) -> None:
    result = synced.run("report", "--year", "2019", "--athlete", "77")

    assert result.status == 0, result.err
    picture = synced.home / "report" / "athlete=77" / "year-2019.svg"
    assert f"The year 2019: {picture}" in result.out
    assert "Ride of Ann" in picture.read_text(encoding="utf-8")
    other = synced.run("report", "--year", "2019", "--athlete", two)
    assert other.status == 1
    assert "There is no ride in 2019" in other.err


@pytest.mark.parametrize(
    ("options", "happened"),
    [
        (("--year", "2019"), "There are several athletes here."),
        (("--year", "2019", "--athlete", "404"), "There is no athlete 404 here."),
        (("--athlete", "404"), "There is no athlete 404 here."),
    ],
)
@pytest.mark.usefixtures("two")
def test_who_is_not_named_or_not_there_is_asked_for(
    synced: Terminal, options: tuple[str, ...], happened: str
) -> None:
    result = synced.run("report", *options)

    assert result.status == 1
    assert happened in result.err
    assert "Ann (77)" in result.err
    assert not list((synced.home / "report").rglob("*.svg"))


def test_one_athlete_need_not_be_named(synced: Terminal) -> None:
    result = synced.run("report", "--year", "2019")

    assert result.status == 1
    assert "There is no ride in 2019" in result.err


@pytest.mark.deep
def test_the_pages_of_two_are_written_into_folders_and_the_index_before_them(
    synced: Terminal, two: str
) -> None:
    report = synced.home / "report"
    (report / "report-2026-11-01.html").write_text("an earlier page")

    result = synced.run("report")

    assert result.status == 0, result.out
    assert f"The page: {(report / 'index.html').as_uri()}" in result.out
    pages = {str(path.relative_to(report)): path.read_text() for path in report.rglob("*.html")}
    assert pages.keys() == {
        *("index.html", "athlete=77/index.html"),
        *(f"athlete={two}/index.html", f"athlete={two}/report-2026-11-01.html"),
    }
    assert 'data-page="athletes"' in pages["index.html"]
    assert "Ride of Ann" in pages["athlete=77/index.html"]
    assert not [name for name, page in pages.items() if "Ride of Ann" in page and "77" not in name]
    assert f'data-athlete="{two}"' in pages[f"athlete={two}/index.html"]


@pytest.mark.deep
def test_the_page_of_one_of_two_is_written_alone(synced: Terminal, two: str) -> None:
    result = synced.run("report", "--athlete", "77")

    assert result.status == 0, result.out
    page = synced.home / "report" / "athlete=77" / "index.html"
    assert f"The page: {page.as_uri()}" in result.out
    assert "Ride of Ann" in page.read_text()
    # That of the other is the one of the sync before.
    assert "Ride of Ann" not in page.parent.with_name(f"athlete={two}").joinpath("index.html").read_text()
