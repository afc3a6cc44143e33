"""A deletion on Strava amid a full listing: what slips past a page's edge is not taken for gone."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.fetch import FetchResult, SyncRequest, fetch
from strava_assets.landing import Landing
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, RunningSandbox, Sandbox, serve
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
from strava_assets.strava.sync import SyncMode
from strava_assets_tests.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENVIRON = {
    "STRAVA_CLIENT_ID": CLIENT_ID,
    "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
    "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
}


@pytest.fixture
def server() -> Iterator[RunningSandbox]:
    with serve(Sandbox.many(450, limits=None)) as running:
        yield running


def now() -> datetime:
    return datetime.now(UTC)


def full_listing(
    server: RunningSandbox, home: Path, after_page: Callable[[int], None] = lambda _: None
) -> FetchResult:
    store = open_store("file", environ=ENVIRON, path=home / "tokens.json")
    client = StravaClient(
        Authenticator(store, f"{server.base_url}/oauth"),
        server.base_url,
        pacer=Pacer(clock=now, sleep=time.sleep),
    )
    return fetch(
        client,
        store,
        Landing(str(home / "landing")),
        SyncRequest(SyncMode.FULL),
        clock=now,
        progress=lambda pages, _records, _quota: after_page(pages),
    )


def test_a_listing_that_an_activity_slipped_past_is_not_complete(
    server: RunningSandbox, tmp_path: Path
) -> None:
    everything = full_listing(server, tmp_path)
    assert everything.manifest.complete
    newest = everything.listing.ids[0]

    def delete_the_newest(pages: int) -> None:
        if pages == 1:
            server.sandbox.history.delete(int(newest))

    hurried = full_listing(server, tmp_path, delete_the_newest)
    alive = {str(record["id"]) for record in server.sandbox.history.records()}
    assert alive - set(hurried.listing.ids), "nothing slipped past: the test says nothing"
    assert not hurried.manifest.complete
    assert hurried.manifest.resume_before is None

    calm = full_listing(server, tmp_path)
    assert calm.manifest.complete
    assert set(calm.listing.ids) == alive


def test_deleted_activities_cost_a_call_each_once(server: RunningSandbox, tmp_path: Path) -> None:
    ids = full_listing(server, tmp_path).listing.ids
    for activity_id in ids[3:6]:
        server.sandbox.history.delete(int(activity_id))
    found_out = full_listing(server, tmp_path)
    assert found_out.manifest.complete
    assert found_out.manifest.calls["activity"] == 3
    assert full_listing(server, tmp_path).manifest.calls.get("activity", 0) == 0


def test_so_many_missing_that_no_page_can_have_hidden_them_are_left_to_the_guard(
    server: RunningSandbox, tmp_path: Path
) -> None:
    ids = full_listing(server, tmp_path).listing.ids
    for activity_id in ids[:21]:
        server.sandbox.history.delete(int(activity_id))
    shrunk = full_listing(server, tmp_path)
    assert shrunk.manifest.complete
    assert shrunk.manifest.calls.get("activity", 0) == 0
