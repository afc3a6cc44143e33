"""What an athlete does to a history, and what the list shows of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox import Sandbox

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Calling, HandClock


def test_a_new_ride_is_complete_and_has_just_ended(clock: HandClock) -> None:
    history = Sandbox(clock=clock).history
    record = history.get(history.add(name="Now"))
    assert record["start_date"] == "2026-11-23T10:00:00Z"
    assert record["start_date_local"] == "2026-11-23T11:00:00Z"
    assert record["kilojoules"] == pytest.approx(
        record["average_watts"] * record["moving_time"] / 1000, abs=0.05
    )


def test_a_late_upload_lands_at_its_start_with_the_newest_id() -> None:
    history = Sandbox().history
    newest = history.add(start_date="2026-05-01T08:00:00Z")
    late = history.add(start_date="2026-03-01T08:00:00Z")
    assert late > newest
    assert history.ids() == [newest, late]


def test_local_time_follows_the_start_through_summer_time() -> None:
    history = Sandbox().history
    ride = history.add(start_date=datetime(2026, 1, 10, 9, tzinfo=UTC))
    assert history.get(ride)["utc_offset"] == 3600.0
    moved = history.edit(ride, start_date=datetime(2026, 7, 10, 9, tzinfo=UTC))
    assert moved["start_date_local"] == "2026-07-10T11:00:00Z"
    assert moved["utc_offset"] == 7200.0
    assert moved["timezone"] == "(GMT+01:00) Europe/Paris"


def test_work_follows_watts_and_time_unless_given() -> None:
    history = Sandbox().history
    ride = history.add(moving_time=1_000, average_watts=200.0)
    assert history.get(ride)["kilojoules"] == 200.0
    assert history.edit(ride, average_watts=150.0)["kilojoules"] == 150.0
    assert history.edit(ride, average_watts=150.0, kilojoules=7.0)["kilojoules"] == 7.0


def test_a_run_has_no_watts() -> None:
    history = Sandbox().history
    assert "average_watts" not in history.get(history.add(sport_type="Run"))


def test_cropping_shrinks_times_distance_and_work_and_raises_power_a_little() -> None:
    history = Sandbox().history
    ride = history.add(
        start_date="2026-05-01T08:00:00Z",
        moving_time=3_600,
        elapsed_time=3_600,
        distance=36_000.0,
        average_watts=200.0,
    )
    cropped = history.crop(ride, start_s=600, end_s=1_200)
    assert cropped["start_date"] == "2026-05-01T08:10:00Z"
    assert cropped["start_date_local"] == "2026-05-01T10:10:00Z"
    assert (cropped["elapsed_time"], cropped["moving_time"], cropped["distance"]) == (1_800, 1_800, 18_000.0)
    assert (cropped["average_watts"], cropped["kilojoules"]) == (210.0, 378.0)


def test_a_deleted_activity_is_gone_until_it_is_restored(call: Calling) -> None:
    sandbox = Sandbox()
    remaining, deleted = sandbox.history.add(name="Kept"), sandbox.history.add(name="Deleted")
    before = sandbox.history.get(deleted)
    with call(sandbox) as caller:
        sandbox.history.delete(deleted)
        assert [record["id"] for record in caller.listed()] == [remaining]
        assert caller.get(f"/activities/{deleted}").status_code == 404
        sandbox.history.restore(deleted)
        assert sandbox.history.get(deleted) == before
        assert len(caller.listed()) == 2


def test_a_private_activity_stays_in_the_complete_history() -> None:
    history = Sandbox().history
    ride = history.add()
    history.edit(ride, visibility="only_me")
    assert history.get(ride)["visibility"] == "only_me"
    assert len(history.records()) == 1
    assert history.records(private=False) == []
    history.edit(ride, visibility="everyone")
    assert len(history.records(private=False)) == 1


def test_an_unknown_activity_cannot_be_edited() -> None:
    history = Sandbox().history
    with pytest.raises(StravaAssetsError, match="no activity 7"):
        history.edit(7, name="x")
    with pytest.raises(StravaAssetsError, match="no activity 7"):
        history.restore(7)


def test_edits_from_several_threads_are_all_kept() -> None:
    history = Sandbox().history
    threads = [threading.Thread(target=lambda: [history.add() for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(history.ids())) == 100
