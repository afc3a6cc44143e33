"""The chain with a working Strava: first and later syncs, the modes of a launch, deletions, rebuilds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.chain import chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain

LISTED = "/athlete/activities"
ACTIVE = "SELECT COUNT(*) AS n FROM bq_activities WHERE deleted_at IS NULL"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Chain]:
    """A platform that has not run yet."""
    with chain(tmp_path / "home", riding(150)) as platform:
        yield platform


def listed(platform: Chain) -> list[dict[str, str]]:
    """The queries of the list calls so far."""
    return [call.query for call in platform.sandbox.requests if call.path.endswith(LISTED)]


@pytest.mark.deep
def test_the_first_sync_materializes_everything_up_to_the_page(fresh: Chain) -> None:
    run = fresh.run("sync")

    assert run.succeeded, run.failures()
    materialized = run.materialized()
    assert materialized["raw_activities"]["activities"] == len(fresh.sandbox.history)
    assert materialized["bq_activities"]["added"] == len(fresh.sandbox.history)
    assert materialized["weekly_watts"]["dagster/row_count"] >= 21
    assert list((fresh.home / "report").glob("*.html"))
    assert not [name for name, check in run.checks().items() if not check.passed]


def test_a_quiet_later_sync_costs_one_call_and_the_empty_page(loaded: Chain) -> None:
    run = loaded.ingest()

    raw = run.materialized()["raw_activities"]
    assert [query["page"] for query in listed(loaded)] == ["1", "2"]
    assert all("after" in query for query in listed(loaded))
    assert raw["mode"] == "incremental"
    assert raw["complete"] is True
    assert raw["read calls left this quarter hour"] >= 98  # a new quarter hour may have begun in between
    loads = run.materialized()["bq_activities"]
    assert (loads["added"], loads["changed"], loads["deleted"]) == (0, 0, 0)


def test_a_later_sync_brings_what_is_new_and_what_was_edited(loaded: Chain) -> None:
    newest = loaded.sandbox.history.ids()[0]
    loaded.sandbox.history.edit(newest, name="Evening ride")
    added = loaded.sandbox.history.add(name="Just now")

    loads = loaded.ingest().materialized()["bq_activities"]

    assert (loads["added"], loads["changed"]) == (1, 1)
    names = loaded.rows(
        f"SELECT name FROM bq_activities WHERE activity_id IN ('{newest}', '{added}') ORDER BY name"  # noqa: S608 - our ids
    )
    assert names == [{"name": "Evening ride"}, {"name": "Just now"}]


def test_a_launch_can_ask_for_everything(loaded: Chain) -> None:
    oldest = loaded.sandbox.history.ids()[-1]
    loaded.sandbox.history.edit(oldest, name="Long ago")

    run = loaded.ingest({"raw_activities": {"mode": "FULL"}})

    assert run.materialized()["raw_activities"]["mode"] == "full"
    assert run.materialized()["bq_activities"]["changed"] == 1
    assert not any("after" in query for query in listed(loaded))


def test_a_launch_can_ask_for_a_window_of_whole_days(loaded: Chain) -> None:
    history = loaded.sandbox.history
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=100)
    history.add(start_date=day, name="on the first second")
    history.add(start_date=day + timedelta(days=2), name="on the day that is out")
    window = {"mode": "WINDOW", "after": f"{day:%Y-%m-%d}", "before": f"{day + timedelta(days=2):%Y-%m-%d}"}

    run = loaded.ingest({"raw_activities": window})

    assert run.succeeded, run.failures()
    assert loaded.rows("SELECT name FROM bq_activities WHERE name LIKE 'on the%'") == [
        {"name": "on the first second"}
    ]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"mode": "WINDOW", "after": "03/01/2026"}, "after is not a date."),
        ({"mode": "WINDOW"}, "without a window"),
        ({"mode": "WINDOW", "after": "2026-03-01", "before": "2026-02-01"}, "is not after its beginning"),
    ],
)
def test_a_window_that_cannot_be_is_refused_before_strava_is_asked(
    loaded: Chain, config: dict[str, Any], message: str
) -> None:
    run = loaded.ingest({"raw_activities": config})

    assert not run.succeeded
    assert message in run.failures()["raw_activities"]
    assert "What to do:" in run.failures()["raw_activities"]
    assert listed(loaded) == []
    assert run.retries() == 0


@pytest.mark.deep
def test_many_deletions_wait_for_a_persons_word(loaded: Chain) -> None:
    before = loaded.rows(ACTIVE)
    deleted_ids = loaded.sandbox.history.ids()[40:70]
    for activity_id in deleted_ids:
        loaded.sandbox.history.delete(activity_id)

    held = loaded.ingest({"raw_activities": {"mode": "FULL"}})

    assert held.materialized()["bq_activities"]["held_back"] == 30
    assert loaded.rows(ACTIVE) == before
    name = ("bq_activities", "no_deletions_held_back")
    warned = loaded.check(name).checks()[name]
    assert not warned.passed
    assert "confirm_deletions" in str(warned.description)

    word = {"raw_activities": {"mode": "FULL"}, "bq_activities": {"confirm_deletions": True}}
    confirmed = loaded.ingest(word)

    assert confirmed.materialized()["bq_activities"]["deleted"] == 30
    assert loaded.check(name).checks()[name].passed

    loaded.sandbox.history.restore(deleted_ids[0])
    loaded.ingest({"raw_activities": {"mode": "FULL"}})

    assert loaded.rows(ACTIVE)[0]["n"] == before[0]["n"] - 29


def test_a_few_deletions_are_believed(loaded: Chain) -> None:
    loaded.sandbox.history.delete(loaded.sandbox.history.ids()[50])

    run = loaded.ingest({"raw_activities": {"mode": "FULL"}})

    assert run.materialized()["bq_activities"]["deleted"] == 1


@pytest.mark.deep
def test_a_rebuild_gives_the_same_table_and_asks_strava_nothing(loaded: Chain) -> None:
    loaded.sandbox.history.delete(loaded.sandbox.history.ids()[50])
    loaded.ingest({"raw_activities": {"mode": "FULL"}})
    table = "SELECT * FROM bq_activities ORDER BY activity_id"
    before, calls = loaded.rows(table), len(loaded.sandbox.requests)

    run = loaded.run("rebuild")

    assert run.succeeded, run.failures()
    assert run.materialized()["bq_activities"]["rebuilt"] is True
    assert loaded.rows(table) == before
    assert len(loaded.sandbox.requests) == calls
    assert "raw_activities" not in run.materialized()


@pytest.mark.deep
def test_a_rebuild_makes_every_table_in_a_new_warehouse_and_asks_strava_nothing(loaded: Chain) -> None:
    (loaded.home / "athlete.toml").write_text("[[figures]]\nfrom = 2020-01-01\nftp_w = 222\n")
    tables = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
    before, calls = loaded.rows(tables), len(loaded.sandbox.requests)
    (loaded.home / "warehouse.duckdb").unlink()

    run = loaded.run("rebuild")

    assert run.succeeded, run.failures()
    assert loaded.rows(tables) == before
    assert loaded.rows("SELECT DISTINCT ftp_w FROM athlete_profile") == [{"ftp_w": 222.0}]
    assert len(loaded.sandbox.requests) == calls


@pytest.mark.deep
def test_an_empty_history_is_no_failure(tmp_path: Path) -> None:
    with chain(tmp_path / "home", riding(0)) as platform:
        run = platform.compute()

        assert run.succeeded, run.failures()
        assert run.materialized()["weekly_watts"]["dagster/row_count"] == 0
