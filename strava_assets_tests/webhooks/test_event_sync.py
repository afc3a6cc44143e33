"""From an event to the table: which listing a run makes, and when Strava is not asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.execution.tags import EVENTS_KEPT_TAG
from strava_assets.sandbox import Sandbox
from strava_assets.webhooks.event_store import MORE, EventStore
from strava_assets.webhooks.events import Event
from strava_assets.webhooks.state import WebhookState
from strava_assets_tests.chain import ATHLETE, chain, copy_home, riding
from strava_assets_tests.webhooks.receiving import note_receiver, note_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.chain import Chain, Run

OWNER = str(ATHLETE)


@pytest.fixture
def platform(a_loaded_home: Path, tmp_path: Path) -> Iterator[Chain]:
    """A platform with webhooks that has run once over `riding()`; its last full listing was just now."""
    home = copy_home(a_loaded_home, tmp_path / "home")
    note_subscription(home / "events")
    note_receiver(home / "events")
    with chain(home, riding(), webhooks=True) as small:
        yield small


def events(platform: Chain) -> EventStore:
    return EventStore(platform.settings().events_address)


def state(platform: Chain) -> WebhookState:
    return WebhookState(platform.settings().events_address)


def announce(platform: Chain, activity_id: int, change: Any = "create", **fields: Any) -> str:
    """Store an event and return its name."""
    event = Event(OWNER, "activity", str(activity_id), change, 1_790_000_000, **fields)
    events(platform).add(event)
    return event.name


def settle(platform: Chain, *names: str) -> Run:
    return platform.ingest({"raw_activities": {"events": list(names)}})


def scheduled(platform: Chain) -> Run:
    return platform.ingest({"raw_activities": {"only_if_due": True}})


def list_calls(platform: Chain) -> list[dict[str, str]]:
    return [call.query for call in platform.sandbox.requests if call.path.endswith("/athlete/activities")]


def test_a_scheduled_sync_asks_nothing_while_no_event_waits(platform: Chain) -> None:
    before = len(platform.sandbox.requests)
    run = scheduled(platform)
    assert run.succeeded, run.failures()
    raw = run.materialized()["raw_activities"]
    assert (raw["mode"], raw["calls"]) == ("none", 0)
    assert "Strava is not asked" in raw["why"]
    assert len(platform.sandbox.requests) == before


@pytest.mark.deep
def test_a_sync_by_hand_always_asks(platform: Chain) -> None:
    run = platform.ingest()
    assert run.materialized()["raw_activities"]["mode"] == "incremental"
    assert len(list_calls(platform)) == 2


@pytest.mark.deep
@pytest.mark.parametrize("missing", ["subscription", "receiver", "sign of life"])
def test_without_a_living_receiver_the_schedule_polls_as_before(platform: Chain, missing: str) -> None:
    folder = Path(platform.settings().events_address)
    if missing == "subscription":
        (folder / "subscription.json").unlink()
    elif missing == "receiver":
        (folder / "receiver.json").unlink()
    else:
        note_receiver(folder, datetime.now(UTC) - timedelta(hours=2))
    assert scheduled(platform).materialized()["raw_activities"]["mode"] == "incremental"


@pytest.mark.deep
def test_a_week_after_the_last_full_listing_the_schedule_makes_one(platform: Chain) -> None:
    _age_full_listings(platform, timedelta(days=6))
    assert scheduled(platform).materialized()["raw_activities"]["mode"] == "none"
    _age_full_listings(platform, timedelta(days=2))
    assert scheduled(platform).materialized()["raw_activities"]["mode"] == "full"


def _age_full_listings(platform: Chain, by: timedelta) -> None:
    for path in Path(platform.settings().landing_address).rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        if manifest["history_complete_at"]:
            moment = datetime.fromisoformat(manifest["history_complete_at"]) - by
            path.write_text(json.dumps(manifest | {"history_complete_at": moment.isoformat()}))


@pytest.mark.deep
def test_a_listing_that_an_event_starts_is_full_once_a_week_too(platform: Chain) -> None:
    _age_full_listings(platform, timedelta(days=2))
    name = announce(platform, platform.sandbox.history.add())
    assert settle(platform, name).materialized()["raw_activities"]["mode"] == "incremental"
    assert platform.ingest().materialized()["raw_activities"]["mode"] == "full"


@pytest.mark.deep
def test_a_scheduled_sync_asks_if_an_event_waits(platform: Chain) -> None:
    added = platform.sandbox.history.add(name="Just now")
    announce(platform, added)
    assert scheduled(platform).materialized()["bq_activities"]["added"] == 1


def test_an_upload_takes_two_calls(platform: Chain) -> None:
    added = platform.sandbox.history.add(name="Just now")
    run = settle(platform, announce(platform, added))
    raw = run.materialized()["raw_activities"]
    assert (raw["mode"], raw["events"], raw["events_refuted"]) == ("incremental", 1, 0)
    assert run.materialized()["bq_activities"]["added"] == 1
    assert len(list_calls(platform)) == 2


def test_an_event_about_an_old_activity_lists_everything(platform: Chain) -> None:
    history = platform.sandbox.history
    oldest, second = history.ids()[-1], history.ids()[-2]
    history.edit(oldest, name="Long ago")
    history.delete(second)
    run = settle(platform, announce(platform, oldest, "update"), announce(platform, second, "delete"))
    assert run.materialized()["raw_activities"]["mode"] == "full"
    loads = run.materialized()["bq_activities"]
    assert (loads["changed"], loads["deleted"]) == (1, 1)


@pytest.mark.deep
def test_an_old_activity_that_is_deleted_is_deleted_here_too(platform: Chain) -> None:
    oldest = platform.sandbox.history.ids()[-1]
    platform.sandbox.history.delete(oldest)
    assert settle(platform, announce(platform, oldest, "delete")).succeeded
    [row] = platform.rows(f"SELECT deleted_at FROM bq_activities WHERE activity_id = '{oldest}'")  # noqa: S608 - our id
    assert row["deleted_at"] is not None


@pytest.mark.deep
def test_a_recent_deletion_takes_two_calls(platform: Chain) -> None:
    newest = platform.sandbox.history.ids()[0]
    platform.sandbox.history.delete(newest)
    run = settle(platform, announce(platform, newest, "delete"))
    assert run.materialized()["raw_activities"]["mode"] == "incremental"
    assert run.materialized()["bq_activities"]["deleted"] == 1


@pytest.mark.deep
def test_a_late_upload_of_an_old_ride_is_confirmed_by_a_call_and_lists_everything(platform: Chain) -> None:
    added = platform.sandbox.history.add(start_date=datetime.now(UTC) - timedelta(days=200))
    run = settle(platform, announce(platform, added))
    assert platform.sandbox.calls(f"/activities/{added}") == 1
    assert run.materialized()["raw_activities"]["mode"] == "full"
    assert run.materialized()["bq_activities"]["added"] == 1


@pytest.mark.deep
def test_a_forged_event_costs_one_call_and_changes_nothing(platform: Chain) -> None:
    run = settle(platform, announce(platform, 4_242))
    raw = run.materialized()["raw_activities"]
    assert (raw["mode"], raw["events_refuted"]) == ("incremental", 1)
    assert platform.sandbox.calls("/activities/4242") == 1
    loads = run.materialized()["bq_activities"]
    assert (loads["added"], loads["changed"], loads["deleted"]) == (0, 0, 0)


@pytest.mark.deep
def test_a_forged_deletion_deletes_nothing(platform: Chain) -> None:
    history = platform.sandbox.history
    names = [announce(platform, each, "delete") for each in (history.ids()[0], history.ids()[-1])]
    assert settle(platform, *names).materialized()["bq_activities"]["deleted"] == 0


@pytest.mark.deep
def test_many_unknown_activities_are_settled_by_one_full_listing(platform: Chain) -> None:
    run = settle(platform, *(announce(platform, 4_000 + number) for number in range(6)))
    raw = run.materialized()["raw_activities"]
    assert (raw["mode"], raw["events_refuted"], raw["events_tried_again"]) == ("full", 6, 0)
    assert not [call for call in platform.sandbox.requests if "/activities/4" in call.path]


@pytest.mark.deep
def test_more_events_than_fit_are_settled_by_a_full_listing(platform: Chain) -> None:
    assert settle(platform, MORE).materialized()["raw_activities"]["mode"] == "full"


@pytest.mark.deep
def test_an_event_that_is_gone_or_damaged_does_no_harm(platform: Chain) -> None:
    name = announce(platform, 1)
    Path(platform.settings().events_address, OWNER, name).write_text("{")
    run = settle(platform, name, "000000000001-0123456789abcdef.json", "../../tokens.json")
    assert run.succeeded, run.failures()
    assert run.materialized()["raw_activities"]["events"] == 0


@pytest.mark.deep
def test_an_activity_that_is_not_listed_yet_is_tried_again_three_times_in_all(
    platform: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = platform.sandbox.history.add(start_date=datetime.now(UTC) - timedelta(days=200))
    page = platform.sandbox.history.page
    monkeypatch.setattr(
        platform.sandbox.history,
        "page",
        lambda *args, **options: [entry for entry in page(*args, **options) if entry.id != added],
    )
    announce(platform, added)
    outcomes = []
    for _ in range(3):
        names = events(platform).waiting(OWNER)
        raw = settle(platform, *names).materialized()["raw_activities"]
        events(platform).remove(OWNER, names)
        outcomes.append((raw["events_tried_again"], raw["events_dropped"]))
    assert outcomes == [(1, 0), (1, 0), (0, 1)]
    assert events(platform).waiting(OWNER) == []


def test_access_that_was_taken_back_is_believed_after_a_refused_call(platform: Chain) -> None:
    platform.sandbox.tokens.revoke()
    event = Event(OWNER, "athlete", OWNER, "update", 1_790_000_000, deauthorized=True)
    events(platform).add(event)
    before = platform.rows("SELECT COUNT(*) AS n FROM bq_activities WHERE deleted_at IS NULL")
    run = settle(platform, event.name)
    assert not run.succeeded
    assert "strava-assets login" in run.failures()["raw_activities"]
    assert state(platform).logged_out(OWNER) is not None
    assert platform.rows("SELECT COUNT(*) AS n FROM bq_activities WHERE deleted_at IS NULL") == before


@pytest.mark.deep
def test_a_forged_deauthorization_is_not_believed_and_a_call_that_succeeds_ends_a_true_one(
    platform: Chain,
) -> None:
    event = Event(OWNER, "athlete", OWNER, "update", 1_790_000_000, deauthorized=True)
    events(platform).add(event)
    state(platform).write_logged_out(OWNER, datetime.now(UTC))
    assert settle(platform, event.name).succeeded
    assert state(platform).logged_out(OWNER) is None


@pytest.mark.deep
def test_a_failed_call_without_such_an_event_logs_nobody_out(platform: Chain) -> None:
    platform.sandbox.tokens.revoke()
    assert not settle(platform, announce(platform, 1)).succeeded
    assert state(platform).logged_out(OWNER) is None


@pytest.mark.deep
def test_a_logged_out_athlete_is_asked_for_on_schedule_so_that_a_login_heals(platform: Chain) -> None:
    state(platform).write_logged_out(OWNER, datetime.now(UTC))
    assert scheduled(platform).materialized()["raw_activities"]["mode"] == "incremental"
    assert state(platform).logged_out(OWNER) is None


@pytest.mark.deep
def test_a_run_that_the_rate_limit_ends_keeps_its_events(platform: Chain) -> None:
    oldest = platform.sandbox.history.ids()[-1]
    platform.sandbox.faults.add("rate_limit_daily", on="list", times=None)
    run = settle(platform, announce(platform, oldest, "update"))
    assert run.succeeded, run.failures()
    [record] = platform.instance.get_run_records()
    assert record.dagster_run.tags[EVENTS_KEPT_TAG] == "rate limit"


@pytest.mark.deep
def test_without_the_setting_events_change_nothing(loaded: Chain) -> None:
    assert isinstance(loaded.sandbox, Sandbox)
    run = loaded.ingest({"raw_activities": {"only_if_due": True, "events": [MORE]}})
    assert run.materialized()["raw_activities"]["mode"] == "incremental"
    assert "events" not in run.materialized()["raw_activities"]
