"""`activities.csv` in languages without a file, in the format before 2019, and with headers in HTML."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.archive import ArchiveError, Export, read_activities, record_of
from strava_assets.archive.date_format import learn_date_format
from strava_assets.archive.header import parse_header
from strava_assets.archive.languages import layout
from strava_assets_tests.archive.devices import a_ride, fit
from strava_assets_tests.archive.exports import Exported, activities_csv, exported_ride, write_export
from strava_assets_tests.conftest import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADERS = FIXTURES / "recordings" / "headers"
# An invented language: every word of English reversed, so doubled headers stay doubled.
MONTHS = ["alu", "bru", "cro", "dra", "elu", "fru", "gra", "hlu", "ibu", "jru", "klo", "lmu"]
RIDE = "ekib"


def invented(text: str) -> str:
    return text[::-1].lower()


def written(folder: Path, headers: Sequence[str], *rows: Sequence[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "activities.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([headers, *rows])
    return folder


def records(folder: Path) -> list[dict[str, Any]]:
    with Export(folder) as export:
        return [record_of(row, "4711", None, "UTC") for row in read_activities(export)]


def in_invented_language(folder: Path, activities: Sequence[Exported], date: Any) -> Path:
    """The export of these activities with invented headers, and dates written by `date`."""
    write_export(folder, activities)
    header, *rows = csv.reader(activities_csv(activities).splitlines())
    for row, activity in zip(rows, activities, strict=True):
        row[1] = date(activity.start)
    return written(folder, [invented(name) for name in header], *rows)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "chinese-8-columns",
            {"id": 19000000001, "start_date": "2026-08-16T09:01:41Z", "name": "a", "elapsed_time": 13127},
        ),
        (
            "czech-35-columns",
            {
                "id": 1001,
                "start_date": "2024-03-03T07:00:00Z",
                "elapsed_time": 1850,
                "moving_time": 1800,
                "distance": 5010.0,
                "average_watts": 180.0,
                "average_heartrate": 151.0,
                "max_heartrate": 172.0,
                "manual": False,
            },
        ),
        ("polish-first-4", {"id": 1001, "start_date": "2024-03-03T07:00:00Z", "sport_type": "Jazda"}),
        (
            "english-2018",
            {
                "id": 1001,
                "start_date": "2018-11-27T19:11:32Z",
                "sport_type": "Ride",
                "elapsed_time": 1468,
                "distance": 6075.0,
                "commute": True,
            },
        ),
        ("english-2023-translation-missing", None),
    ],
)
def test_real_headers_that_no_table_has_are_imported(
    tmp_path: Path, name: str, expected: dict[str, Any] | None
) -> None:
    path = HEADERS / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there: real headers are not part of the project")
    tmp_path.joinpath("activities.csv").write_bytes(path.read_bytes())

    read = records(tmp_path)

    assert expected is None or expected.items() <= read[0].items()
    if expected is None:
        headers = next(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        names = parse_header(headers).names
        assert names[44:47] == ("Type", "Start Time", "Weighted Average Power")
        assert "Sport Type" in names
        assert not [header for header in names if "<" in header]


def test_an_export_in_an_unknown_language_reads_as_in_english(tmp_path: Path) -> None:
    rides = [
        exported_ride(n, a_ride(60, datetime(2026, n, 9, 20, 5, tzinfo=UTC)), Bike="112233.0")
        for n in range(1, 13)
    ]
    write_export(tmp_path / "english", rides)
    unknown = in_invented_language(
        tmp_path / "unknown", rides, lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year} kl {d:%H:%M:%S}"
    )

    in_english = records(tmp_path / "english")
    read = records(unknown)

    assert [r["start_date"] for r in read] == [r["start_date"] for r in in_english]
    same = in_english[0].keys() - {"archive", "sport_type"}
    assert [{name: r[name] for name in same} for r in read] == [
        {name: r[name] for name in same} for r in in_english
    ]


def test_what_a_sport_is_called_is_learned_from_recordings(tmp_path: Path) -> None:
    content = fit(a_ride(60), sport=(2, 46))
    rides = [
        Exported(1, file="activities/1.fit", content=content, sport=RIDE),
        Exported(2, sport=RIDE),
        Exported(3, sport="never recorded"),
    ]

    read = records(in_invented_language(tmp_path, rides, lambda d: f"{d:%Y-%m-%d %H:%M:%S}"))

    assert [record["sport_type"] for record in read] == ["GravelRide", "GravelRide", "never recorded"]


def test_headers_alone_are_identified_by_the_places_of_those_that_are_doubled() -> None:
    headers = [invented(name) for name in layout()]

    assert identified(headers) == layout()
    assert identified(headers[:35]) == layout()[:35]


def identified(headers: Sequence[str]) -> tuple[str, ...]:
    return parse_header(headers).names


def test_columns_that_are_added_make_only_their_neighbors_unknown(tmp_path: Path) -> None:
    # Between the file's name and the second elapsed time, where nothing required stands.
    header, *rows = csv.reader(activities_csv([exported_ride(1)]).splitlines())
    headers = [invented(name) for name in header]
    headers.insert(13, "new")
    rows[0].insert(13, "?")
    rows[0][1] = "2026-03-02 07:30:00"

    [record] = records(written(tmp_path, headers, *rows))

    assert record["moving_time"] == 599
    assert record["archive"]["new"] == "?"
    assert "Athlete Weight" not in record["archive"]


def test_a_column_that_may_be_the_type_or_not_is_refused_by_name(tmp_path: Path) -> None:
    header, *rows = csv.reader(activities_csv([exported_ride(1)]).splitlines())
    headers = [invented(name) for name in header]
    headers.insert(3, "new")
    rows[0].insert(3, "?")
    rows[0][1] = "2026-03-02 07:30:00"

    with pytest.raises(ArchiveError) as refused:
        records(written(tmp_path, headers, *rows))

    message = str(refused.value)
    assert "these columns cannot be told from others: Activity Type." in message
    assert "eman ytivitca, new, epyt ytivitca, noitpircsed ytivitca" in message


def test_a_short_export_is_identified_by_its_cells(tmp_path: Path) -> None:
    headers = ["a", "b", "c", "d", "e", "f", "g", "h"]
    row = ["5", "2026/8/16 9:01:41", "Morning", "Run", "", "13127", "87.69", "activities/2.fit.gz"]
    manual = ["6", "2026/8/17 9:01:41", "Evening", "Run", "", "60", "1.5", ""]

    first, second = records(written(tmp_path, headers, row, manual))

    assert (first["id"], first["start_date"], first["elapsed_time"]) == (5, "2026-08-16T09:01:41Z", 13127)
    assert (first["manual"], second["manual"], first["upload_id"]) == (False, True, 2)
    # The unit of a single distance is unknown.
    assert "distance" not in first


def test_a_spreadsheet_that_spoiled_a_few_cells_spoils_no_column(tmp_path: Path) -> None:
    rows = [[str(n), f"2026-01-0{n} 08:00:00", "a", "Ride"] for n in range(1, 6)]
    rows[1][0], rows[2][1] = "1.2E+10", "in spring"

    read = records(written(tmp_path, ["a", "b", "c", "d"], *rows))

    assert [record.get("id") for record in read] == [1, None, 3, 4, 5]
    assert read[2]["start_date"] == "in spring"
    # Without a column of files nothing shows whether an activity was typed in by hand.
    assert "manual" not in read[0]


def test_the_format_before_2019_has_meters(tmp_path: Path) -> None:
    headers = [
        "id",
        "date",
        "name",
        "type",
        "description",
        "elapsed_time",
        "distance",
        "commute",
        "gear",
        "filename",
    ]
    row = ["7", "2018-11-27 19:11:32", "Home", "Ride", "", "1468", "6075.0", "true", "b", ""]

    [record] = records(written(tmp_path, headers, row))

    assert (record["distance"], record["commute"], record["manual"]) == (6075.0, True, True)


def test_a_header_in_html_is_what_it_says_and_never_identified_by_its_place() -> None:
    headers = list(layout())
    headers[45] = '<span class="translation_missing" title="a.b.start_time">Start Time</span>'
    headers[84] = '<span class="translation_missing" title="a.b.sport_type">Sport Type</span>'

    names = parse_header(headers).names

    assert (names[45], names[84]) == ("Start Time", "Sport Type")
    assert names[85:] == layout()[85:]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026年8月16日 09:01:41"], datetime(2026, 8, 16, 9, 1, 41, tzinfo=UTC)),
        (["3. 3. 2024 7:00:00"], datetime(2024, 3, 3, 7, tzinfo=UTC)),
        (["16.8.2026 klo 9.01.41"], datetime(2026, 8, 16, 9, 1, 41, tzinfo=UTC)),
        (["2026. 08. 16. 9:01:41"], datetime(2026, 8, 16, 9, 1, 41, tzinfo=UTC)),
        (["3/4/2026 09:00:00", "16/4/2026 09:00:00"], datetime(2026, 4, 3, 9, tzinfo=UTC)),
        (["3/4/2026 09:00:00", "3/16/2026 09:00:00"], datetime(2026, 3, 4, 9, tzinfo=UTC)),
        (["16 tammikuuta 2026 09:00:00"], None),
        (["2026-02-31 09:00:00"], None),
        (["yesterday"], None),
    ],
)
def test_dates_are_read_by_their_digits(texts: list[str], expected: datetime | None) -> None:
    dates = learn_date_format([(text, "") for text in texts], lambda _: None)

    assert dates.moment(texts[0]) == expected
    assert not dates.is_ambiguous


def test_recordings_decide_what_digits_leave_open() -> None:
    starts = {
        "a": datetime(2026, 4, 3, 20, 0, 5, tzinfo=UTC),
        "b": datetime(2026, 4, 3, 8, 0, 5, tzinfo=UTC),
    }
    numeric = learn_date_format([("3/4/2026 20:00:00", "a")], starts.get)
    halves = learn_date_format(
        [("2026. 4. 3. 오후 8:00:00", "a"), ("2026. 4. 3. 오전 8:00:00", "b")], starts.get
    )

    assert numeric.moment("5/4/2026 20:00:00") == datetime(2026, 4, 5, 20, tzinfo=UTC)
    assert halves.moment("2026. 4. 9. 오후 12:30:00") == datetime(2026, 4, 9, 12, 30, tzinfo=UTC)
    assert halves.moment("2026. 4. 9. 오전 12:30:00") == datetime(2026, 4, 9, 0, 30, tzinfo=UTC)


def test_a_recording_of_another_day_decides_nothing() -> None:
    dates = learn_date_format([("3/4/2026 20:00:00", "a")], {"a": datetime(2020, 1, 1, tzinfo=UTC)}.get)

    assert dates.is_ambiguous


def test_dates_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    rows = [["1", "3/4/2026 09:00:00", "a", "Ride"], ["2", "5/6/2026 09:00:00", "b", "Ride"]]

    with pytest.raises(ArchiveError, match="whether the day or the month is first") as refused:
        records(written(tmp_path, ["a", "b", "c", "d"], *rows))

    assert "'3/4/2026 09:00:00'" in str(refused.value)
