"""A record becomes a typed row whole, or is rejected with the field that was wrong."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from strava_assets.history.calendar import quarter_of, week_of
from strava_assets.history.landed_records import Origin, UnreadableRecordError, _parsed, digest, read_record
from strava_assets.schema.activities import ACTIVITIES
from strava_assets_tests.history.stories import Story, activity

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared fixtures are not here")
ORIGIN = Origin("api", "batch", datetime(2026, 3, 1, 6, tzinfo=UTC))


def row(record: Any) -> dict[str, Any]:
    return read_record(record, ORIGIN)


@needs_fixtures
def test_every_recorded_activity_is_read_with_nothing_lost() -> None:
    recorded = json.loads((FIXTURES / "recorded" / "athlete_activities.json").read_text())["body"]
    assert recorded
    for record in recorded:
        read = row(record)
        assert list(read) == [c.name for c in ACTIVITIES.columns] or set(read) == {
            c.name for c in ACTIVITIES.columns
        }
        extra = json.loads(read["extra"])
        named = {c.source for c in ACTIVITIES.columns if c.source}
        assert set(record) - named - {"athlete"} <= set(extra)
        assert read["distance_m"] == record["distance"]
        assert read["activity_id"] == str(record["id"])
        assert read["start_date"] == datetime.fromisoformat(record["start_date"])
        assert read["start_date_local"].isoformat() + "Z" == record["start_date_local"]


@needs_fixtures
def test_the_calendar_is_the_one_that_four_programs_agree_on() -> None:
    with (FIXTURES / "power" / "calendar" / "iso_week_quarter.csv").open() as file:
        for line in csv.DictReader(file):
            day = date.fromisoformat(line["date"])
            assert week_of(day, "monday").isoformat() == line["week_start_monday"]
            assert week_of(day, "sunday").isoformat() == line["week_start_sunday"]
            assert quarter_of(day) == date(day.year, int(line["quarter"]) * 3 - 2, 1)


@needs_fixtures
@pytest.mark.parametrize("local_time_is_sent", [True, False])
def test_periods_follow_the_athletes_own_clock(local_time_is_sent: bool) -> None:
    with (FIXTURES / "power" / "calendar" / "local_time.csv").open() as file:
        for line in csv.DictReader(file):
            read = row(
                activity(
                    1,
                    start_date=line["start_date_utc"],
                    start_date_local=line["start_date_local"] if local_time_is_sent else None,
                    timezone=line["timezone_string"],
                    utc_offset=float(line["utc_offset"]),
                )
            )
            assert read["activity_date"].isoformat() == line["local_date"], line["note"]
            year, week, _ = read["activity_date"].isocalendar()
            assert f"{year}-W{week:02}" == line["iso_year_week"], line["note"]
            assert read["quarter"].strftime("%Y") + f"Q{read['quarter'].month // 3 + 1}" == line["quarter"]
            assert read["timezone"] == line["timezone_string"].split(") ")[1]


BAD = {
    "not an object": ("a text", "the record is text"),
    "null": (None, "the record is null"),
    "a list": ([1], "the record is a list"),
    "no id": ({k: v for k, v in activity(1).items() if k != "id"}, "id is missing"),
    "an empty id": (activity(1, id=""), "id is missing"),
    "an id that is a flag": (activity(1, id=True), "id should be text and is true or false"),
    "an id with a fraction": (activity(1, id=1.5), "id should be text and is a number"),
    "an id beyond 64 bits": (activity(1, id=2**63), "id is a number beyond 64 bits"),
    "no athlete": (activity(1) | {"athlete": None}, r"athlete\.id is missing"),
    "an athlete that is a text": (activity(1) | {"athlete": "me"}, r"athlete\.id is missing"),
    "a text for a number": (activity(1, distance="30 km"), "distance should be a number and is text"),
    "a flag for a number": (activity(1, moving_time=True), "moving_time should be a number"),
    "an object for a number": (activity(1, distance={}), "distance should be a number and is an object"),
    "a number beyond 64 bits": (activity(1, elapsed_time=2**63), "elapsed_time is a number beyond 64 bits"),
    "a float beyond 64 bits": (activity(1, distance=1e19), "distance is a number beyond 64 bits"),
    "not a number": (activity(1, distance=float("nan")), "distance is not a finite number"),
    "infinity": (activity(1, average_watts=float("inf")), "average_watts is not a finite number"),
    "infinity where nobody looks": (activity(1, novelty=[float("inf")]), "beyond the registry"),
    "a number for a flag": (activity(1, trainer=1), "trainer should be true or false and is a number"),
    "a list for a text": (activity(1, name=["a"]), "name should be text and is a list"),
    "no start": (activity(1, start_date=None), "start_date is missing"),
    "no start at all": (activity(1, start_date=None, start_date_local=None), "start_date is missing"),
    "a start that is no time": (
        activity(1, start_date="yesterday"),
        "start_date is not a valid time: 'yesterday'",
    ),
    "a start that is a number": (activity(1, start_date=1_700_000_000), "start_date should be a time"),
    "a month too many": (
        activity(1, start_date_local="2026-13-01T00:00:00Z"),
        "start_date_local is not a valid time",
    ),
    "the year one": (
        activity(1, start_date="0001-01-01T00:00:00+05:00"),
        "start_date is not a plausible time",
    ),
    "the last year": (
        activity(1, start_date_local="9999-12-31T23:59:59Z"),
        "start_date_local is not a plausible time",
    ),
    "no way to local time": (activity(1, start_date_local=None, utc_offset=None), "utc_offset"),
    "an absurd offset": (
        activity(1, start_date_local=None, utc_offset=1e12),
        "utc_offset is not a valid offset",
    ),
}


@pytest.mark.parametrize(("record", "reason"), BAD.values(), ids=BAD)
def test_a_record_that_cannot_be_read_says_which_field_is_wrong(record: Any, reason: str) -> None:
    with pytest.raises(UnreadableRecordError, match=reason):
        row(record)


def test_every_kind_of_malformed_record_is_set_aside_and_stops_nobody(story: Story) -> None:
    records = [record for record, _ in BAD.values()]
    report = story.sync([activity(5), *records, activity(6)])
    assert story.living() == {"5", "6"}
    assert report.rejected == len(records) == len(story.rejects())
    assert {reject["batch_id"] for reject in story.rejects().values()} == {
        story.landing.manifests()[0].batch_id
    }


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("(GMT+01:00) Europe/Paris", "Europe/Paris"),
        ("Europe/Paris", "Europe/Paris"),
        ("(GMT-03:00) America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("(GMT+01:00) ", None),
        ("(GMT+01:00)", None),
        ("", None),
        (None, None),
    ],
)
def test_of_a_zone_only_its_name_is_kept(given: str | None, name: str | None) -> None:
    assert row(activity(1, timezone=given))["timezone"] == name


def test_null_and_absent_fields_are_both_null() -> None:
    sparse = {k: activity(1)[k] for k in ("id", "athlete", "start_date", "start_date_local")}
    assert row(sparse)["average_watts"] is row(activity(1, average_watts=None))["average_watts"] is None


def test_whole_numbers_are_read_with_and_without_a_fraction() -> None:
    assert row(activity(1, moving_time=7772.0))["moving_time_s"] == 7772
    assert row(activity(1, distance=5))["distance_m"] == 5.0


def test_an_older_record_says_type_instead_of_sport_type() -> None:
    record = activity(1, type="VirtualRide")
    del record["sport_type"]
    assert row(record)["sport_type"] == "VirtualRide"


def test_the_digest_is_the_same_in_any_order_of_the_fields() -> None:
    record = activity(1)
    assert digest(record) == digest(dict(reversed(record.items())))
    assert digest(record) != digest(record | {"name": "Another"})


@pytest.mark.parametrize(
    "body",
    [
        b'["a \\ud83d"]',
        b'["a \xed\xa0\xbd"]',
        '["a \ud83d"]'.encode("utf-16", "surrogatepass"),
        '["a \ud83d"]'.encode("utf-32", "surrogatepass"),
    ],
)
def test_half_a_character_is_replaced_however_it_is_written(body: bytes) -> None:
    assert _parsed(body) == ["a \ufffd"]


@pytest.mark.deep
@pytest.mark.parametrize(
    "name", ["Fahrt 🚴‍♀️", "half an emoji \ud83d", "\udc00", "with\x00nul", 'quote " and \\', "\u2028"]
)
def test_any_name_goes_through_landing_table_and_extra(story: Story, name: str) -> None:
    story.sync([activity(1, name=name, novelty={"note": name})])
    mended = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    (read,) = story.rows().values()
    assert read["name"] == mended
    assert json.loads(read["extra"])["novelty"] == {"note": mended}
    assert story.rebuilt()[0] == story.rows()


def test_fields_beyond_the_registry_stay_readable(story: Story) -> None:
    story.sync([activity(1, brand_new={"deep": [1, 2.5, None, True]}, location_city=None)])
    extra = json.loads(story.rows()["1"]["extra"])
    assert extra["brand_new"] == {"deep": [1, 2.5, None, True]}
    assert extra["athlete"] == {"resource_state": 1}
    assert "id" not in extra
    assert extra["location_city"] is None
