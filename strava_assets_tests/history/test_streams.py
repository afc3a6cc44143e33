"""Streams are fetched newest first, once and again after a crop; the index agrees with the files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.history.stream_fetching import fingerprint_of, write_stream_index
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets_tests.history.riders import Noted
from strava_assets_tests.strava.conversation import ENVIRON
from strava_assets_tests.streams.samples import entry, recording

if TYPE_CHECKING:
    from strava_assets_tests.history.riders import Rider

Record = dict[str, Any]


# Which streams are wanted


def test_rides_with_a_meter_are_wanted_newest_first(rider: Rider) -> None:
    old, new, between = rider.rides(300, 2, 40)
    rider.rides(5, device_watts=False)
    rider.rides(6, sport_type="Run")
    rider.rides(7, manual=True)
    rider.list_all()
    assert rider.wants() == [new, between, old]


def test_where_all_are_wanted_those_with_a_meter_come_first(rider: Rider) -> None:
    [powered] = rider.rides(300)
    [estimated] = rider.rides(5, device_watts=False)
    [run] = rider.rides(6, sport_type="Run")
    rider.rides(7, manual=True)
    rider.list_all()
    rider.which = "all"
    assert rider.wants() == [powered, estimated, run]
    rider.fetch()
    rider.has_what_strava_has(powered, estimated, run)


def test_where_none_are_wanted_strava_is_not_asked(rider: Rider) -> None:
    rider.rides(1)
    rider.list_all()
    rider.which = "none"
    rider.sandbox.requests.clear()
    assert rider.fetch().stored == 0
    assert rider.sandbox.requests == []


def test_what_was_deleted_or_comes_from_the_export_alone_is_not_asked_for(rider: Rider) -> None:
    deleted, stays = rider.rides(1, 2)
    rider.list_all()
    rider.sandbox.history.delete(int(deleted))
    rider.story.now = rider.time.now
    rider.story.land(
        [
            {"id": 99, "athlete": {"id": 7}, "sport_type": "Ride", "device_watts": True}
            | {"start_date": "2026-01-02T10:00:00Z", "start_date_local": "2026-01-02T11:00:00Z"}
        ],
        "archive",
        source="archive",
    )
    rider.time.now += timedelta(hours=1)
    rider.list_all()
    assert "99" in rider.story.rows()
    assert rider.wants() == [stays]


def test_a_recording_of_the_export_is_never_asked_for_and_one_it_could_not_give_is(rider: Rider) -> None:
    given, broken = rider.rides(1, 2)
    rider.list_all()
    with rider.story.streams.writer() as writer:
        writer.add(entry(given, source="archive"), recording(given))
        writer.add(entry(broken, source="archive", status="unreadable", reason="cut short"), None)
    assert rider.wants() == [broken]
    rider.sandbox.history.crop(int(given), 60)
    rider.list_all()
    assert rider.wants() == [broken]


# Asking


def test_each_is_asked_for_once_with_one_call(rider: Rider) -> None:
    rides = rider.rides(1, 2, 3)
    rider.list_all()
    report = rider.fetch()
    assert (report.stored, report.remaining, report.calls["streams"]) == (3, 0, 3)
    rider.has_what_strava_has(*rides)
    rider.sandbox.requests.clear()
    assert rider.fetch().stored == 0
    assert rider.sandbox.requests == []


def test_what_has_no_streams_is_remembered(rider: Rider) -> None:
    [silent] = rider.rides(9, device_watts=True, has_heartrate=False, start_latlng=[], moving_time=0)
    [with_streams] = rider.rides(10)
    rider.list_all()
    report = rider.fetch()
    assert (report.stored, report.none, report.remaining) == (1, 1, 0)
    stream = rider.story.streams.entries()["7", silent]
    assert (stream.status, stream.reason) == ("none", "Strava has no streams of it")
    assert rider.wants() == []
    rider.has_what_strava_has(with_streams)


def test_an_activity_that_was_gone_for_a_while_gets_its_streams_within_a_month(rider: Rider) -> None:
    [ride] = rider.rides(9)
    rider.list_all()
    rider.sandbox.history.delete(int(ride))
    assert rider.fetch().none == 1
    rider.sandbox.history.restore(int(ride))
    rider.list_all()
    assert rider.wants() == []
    rider.time.now += timedelta(days=30)
    assert rider.fetch().stored == 1
    rider.has_what_strava_has(ride)


def test_a_fresh_upload_without_streams_is_asked_for_once_more_a_day_later(rider: Rider) -> None:
    [fresh] = rider.rides(0, moving_time=0)
    rider.list_all()
    assert rider.fetch().none == 1
    assert rider.wants() == []
    rider.time.now += timedelta(hours=30)
    assert rider.wants() == [fresh]
    assert rider.fetch().none == 1
    assert rider.wants() == []


@pytest.mark.deep
@pytest.mark.parametrize(
    ("edit", "again"),
    [
        ({"name": "Evening ride", "kudos_count": 12, "gear_id": "b9", "private": True}, False),
        ({"moving_time": 700}, True),
        ({"elapsed_time": 7_000}, True),
        ({"distance": 1_234.5}, True),
        ({"average_watts": 222.0}, True),
        ({"start_date": datetime(2026, 11, 1, 9, tzinfo=UTC)}, True),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, dict) else None,
)
def test_a_ride_is_asked_for_again_when_its_recording_must_have_changed(
    rider: Rider, edit: Record, again: bool
) -> None:
    [ride] = rider.rides(3)
    rider.list_all()
    rider.fetch()
    rider.sandbox.history.edit(int(ride), **edit)
    rider.list_all()
    assert rider.wants() == ([ride] if again else [])


def test_a_crop_brings_the_cropped_recording_and_takes_the_old_one_away(rider: Rider) -> None:
    [ride] = rider.rides(3)
    rider.list_all()
    rider.fetch()
    rider.sandbox.history.crop(int(ride), 120, 60)
    rider.list_all()
    rider.time.now += timedelta(hours=6)
    rider.fetch()
    rider.has_what_strava_has(ride)
    assert [stream.activity_id for stream in rider.story.streams.entries().values()] == [ride]
    assert rider.wants() == []


def test_a_fingerprint_is_the_same_for_numbers_that_are(rider: Rider) -> None:
    [ride] = rider.rides(3)
    rider.list_all()
    before = fingerprint_of(rider.story.rows()[ride])
    rider.sandbox.history.edit(
        int(ride), moving_time=600.0, distance=rider.sandbox.history.get(int(ride))["distance"]
    )
    rider.list_all()
    assert fingerprint_of(rider.story.rows()[ride]) == before


def test_a_malformed_recording_is_set_aside_with_its_reason_until_the_ride_changes(
    rider: Rider, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, fine = rider.rides(1, 2)
    rider.list_all()

    def cut_short(record: Record, keys: list[str], _outing: object) -> Record | None:
        streams = streams_of(record, keys)
        if streams and str(record["id"]) == odd and record["moving_time"] == 600:
            streams["watts"] = streams["watts"][:-1]
        return streams

    monkeypatch.setattr("strava_assets.sandbox.invented_streams.streams_of", cut_short)
    report = rider.fetch()
    assert (report.stored, report.unreadable, report.remaining) == (1, 1, 0)
    stream = rider.story.streams.entries()["7", odd]
    assert (stream.status, stream.reason) == ("unreadable", "watts has 599 values and time has 600")
    assert rider.wants() == []
    rider.has_what_strava_has(fine)
    rider.sandbox.history.edit(int(odd), moving_time=650)
    rider.list_all()
    assert rider.fetch().stored == 1
    rider.has_what_strava_has(odd, fine)


# The athlete of the token, and the index


def test_only_the_token_s_own_athlete_is_asked_for(rider: Rider) -> None:
    [mine] = rider.rides(1)
    rider.list_all()
    rider.story.now = rider.time.now
    rider.story.land(
        [
            {"id": 99, "athlete": {"id": 8}, "sport_type": "Ride", "device_watts": True}
            | {"start_date": "2026-01-02T10:00:00Z", "start_date_local": "2026-01-02T11:00:00Z"}
        ],
        "incremental",
        athlete="8",
    )
    rider.story.load()
    assert rider.wants() == [mine, "99"]
    rider.memory = Noted(ENVIRON)
    report = rider.fetch()
    assert rider.requested_ids() == [mine]
    assert report.remaining == 0
    assert rider.memory["athlete_id"] == "7"


def test_the_stream_index_is_what_the_files_say(rider: Rider) -> None:
    rides = rider.rides(2, 3)
    [silent] = rider.rides(9, moving_time=0)
    rider.list_all()
    rider.fetch()
    with rider.story.streams.writer() as writer:
        broken = entry(
            "5", source="archive", status="unreadable", reason="cut short", origin="activities/5.fit"
        )
        writer.add(broken, None)
    assert write_stream_index(rider.story.warehouse, rider.story.streams.entries()) == 4
    rows = {
        row["activity_id"]: row
        for row in rider.story.warehouse.query("SELECT * FROM activity_streams").to_pylist()
    }
    assert {name: row["status"] for name, row in rows.items()} == {
        **dict.fromkeys(rides, "stored"),
        silent: "none",
        "5": "unreadable",
    }
    indexed = rows[rides[0]]
    assert (indexed["samples"], indexed["has_watts"], indexed["has_heartrate"], indexed["source"]) == (
        600,
        True,
        True,
        "api",
    )
    assert indexed["part"].startswith("athlete=7/year=2026/part-")
    assert (rows["5"]["part"], rows["5"]["origin"], rows["5"]["reason"]) == (
        None,
        "activities/5.fit",
        "cut short",
    )
    rider.story.streams.remove([("7", "5")])
    assert write_stream_index(rider.story.warehouse, rider.story.streams.entries()) == 3
