"""`activities.csv` in every language there is a file of: the same ride comes out of all of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from strava_assets.archive import ArchiveError, Export, Facts, read_activities, record_of
from strava_assets.archive.header import parse_header
from strava_assets.archive.languages import all_languages, layout
from strava_assets.schema.sports import SPORTS
from strava_assets_tests.archive.exports import (
    LANGUAGES,
    Exported,
    date_in,
    exported_ride,
    header,
    write_export,
)

POLISH = ["Identyfikator aktywności", "Data aktywności", "Nazwa aktywności", "Rodzaj aktywności"]


def records(
    tmp_path: Path, activities: list[Exported], language: str = "en", **how: Any
) -> list[dict[str, Any]]:
    with Export(write_export(tmp_path / language, activities, language, **how)) as export:
        return [record_of(row, "4711", Facts(has_power=True), "UTC") for row in read_activities(export)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ride_reads_the_same_in_every_language(tmp_path: Path, language: str) -> None:
    ride = exported_ride(1, Bike="112233.0", Relative_Effort="77.0", Elevation_Gain="612.5")
    commute = exported_ride(2, Commute="1.0", Activity_Description='Rain,\nthen "sun"\r\n\nand wind')

    in_english = records(tmp_path, [ride, commute])
    localized = records(tmp_path, [ride, commute], language)

    assert [{**record, "archive": None} for record in localized] == [
        {**record, "archive": None} for record in in_english
    ]
    assert localized[0]["sport_type"] == "Ride"
    assert localized[0]["start_date"] == "2026-03-02T07:30:00Z"
    assert localized[0]["gear_id"] == "b112233"
    assert localized[0]["weighted_average_watts"] == 210
    assert localized[0]["suffer_score"] == 77.0
    assert localized[1]["commute"] is True
    assert localized[1]["archive"]["Activity Description"] == 'Rain,\nthen "sun"\r\n\nand wind'


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_is_read_in_every_language(tmp_path: Path, language: str) -> None:
    starts = [datetime(2025, month, 9, 23 if month % 2 else 0, 5, 9, tzinfo=UTC) for month in range(1, 13)]

    read = records(tmp_path, [Exported(n, start) for n, start in enumerate(starts, 1)], language)

    assert [record["start_date"] for record in read] == [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in starts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_distance_is_the_exact_one_and_what_is_shown_is_kept_beside(tmp_path: Path, language: str) -> None:
    [record] = records(tmp_path, [Exported(1, cells={"Distance": "23456.78"})], language)

    assert record["distance"] == 23456.78
    display_value = "23.46" if language == "en" else "23,46"
    assert record["archive"]["Distance (shown)"] == display_value


def test_a_mark_at_the_beginning_and_blank_rows_do_not_matter(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [Exported(1)], bom=True)
    with (folder / "activities.csv").open("a") as file:
        file.write("\n,,,\n")

    with Export(folder) as export:
        assert [row.text("Activity ID") for row in read_activities(export)] == ["1"]


def test_a_header_nobody_has_seen_is_known_by_its_place() -> None:
    headers = header("es")
    assert headers.count("?sttaW egarevA") == 1

    names = parse_header(headers).names

    assert names[: len(layout())] == layout()


def test_a_header_out_of_place_makes_no_place_count() -> None:
    headers = header("es")
    headers.insert(3, "Una columna nueva")

    names = parse_header(headers).names

    assert "Una columna nueva" in names
    assert "?sttaW egarevA" in names
    assert "Average Watts" not in names
    assert names[names.index("Distance") + 1] != "Max Heart Rate"


def test_columns_may_be_missing_and_new_ones_added(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [])
    (folder / "activities.csv").write_text(
        "Activity ID,Activity Date,Activity Type,Filename,Distance,Moon Landing\n"
        '5,"Mar 2, 2026, 7:30:00 AM",Run,,3.5,yes\n'
    )

    with Export(folder) as export:
        [row] = read_activities(export)
        record = record_of(row, "4711", None, "UTC")

    # A distance that stands there once is the displayed one, whose unit nobody tells.
    assert "distance" not in record
    assert record["archive"] == {"Distance": "3.5", "Moon Landing": "yes"}
    assert record["manual"] is True


def test_a_language_that_shows_too_little_is_refused_with_how_to_add_it(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [])
    (folder / "activities.csv").write_text(",".join(POLISH) + "\n")

    with Export(folder) as export, pytest.raises(ArchiveError) as refused:
        read_activities(export)

    message = str(refused.value)
    assert "cannot be told from others: Activity ID, Activity Date, Activity Type." in message
    assert "Identyfikator aktywności, Data aktywności" in message
    assert "Dutch, English, French, German, Italian, Portuguese, Spanish" in message
    assert "strava_assets/archive/languages/" in message
    assert '"Data aktywności": "Activity Date"' in message


def test_apostrophes_of_either_form_are_the_same() -> None:
    curly = [name.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") for name in header("fr")]

    assert parse_header(curly).names == parse_header(header("fr")).names


@pytest.mark.parametrize("sport", SPORTS, ids=lambda sport: sport.sport_type)
def test_every_sport_is_known_by_its_english_display_text(sport: Any) -> None:
    [english] = [language for language in all_languages() if language.name == "English"]
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in sport.sport_type).strip()

    assert english.sport_type(spaced) == sport.sport_type
    assert english.sport_type(sport.sport_type) == sport.sport_type


def test_hyphens_do_not_hide_a_sport_and_an_unknown_one_stays_as_it_is(tmp_path: Path) -> None:
    read = records(
        tmp_path, [Exported(n, sport=s) for n, s in enumerate(["E-Bike Ride", "Stair-Stepper", "Moon Walk"])]
    )

    assert [record["sport_type"] for record in read] == ["EBikeRide", "StairStepper", "Moon Walk"]


@pytest.mark.parametrize("name", sorted(f"{language}.json" for language in LANGUAGES))
def test_a_languages_file_names_columns_and_sports_that_there_are(name: str) -> None:
    stored = json.loads((files("strava_assets.archive") / "languages" / name).read_text(encoding="utf-8"))
    later = json.loads((files("strava_assets.archive") / "languages" / "en.json").read_text())["headers"]

    assert set(stored["headers"].values()) <= set(layout()) | set(later)
    assert set(stored["activity_types"].values()) <= {sport.sport_type for sport in SPORTS}
    assert set(stored["months"].values()) in ({*range(1, 13)}, set())


def test_every_languages_file_is_tried_here_and_documented() -> None:
    assert len(all_languages()) == len(LANGUAGES)
    page = (Path(__file__).parents[2] / "docs" / "archive.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| ([A-Z]\w+) \|", page.split("## Languages")[1], re.MULTILINE)
    assert sorted(documented) == sorted(language.name for language in all_languages())
    assert date_in("pt", datetime(2026, 8, 8, 7, 59, 26, tzinfo=UTC)) == "8 de ago. de 2026, 07:59:26"
    assert date_in("en", datetime(2022, 5, 29, 15, 53, 35, tzinfo=UTC)) == "May 29, 2022, 3:53:35 PM"
