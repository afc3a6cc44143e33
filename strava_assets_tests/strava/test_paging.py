"""The listing as a stream of pages: where it ends, what it holds back, what it keeps exactly as received."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.sandbox import Fault, Sandbox, serve
from strava_assets.strava import errors
from strava_assets_tests.depth import examples
from strava_assets_tests.strava.conversation import HandTime, converse
from strava_assets_tests.strava.scripted import GRANT, Request, Response, ScriptedServer, listing

if TYPE_CHECKING:
    from strava_assets.strava.client import Page


def ids(pages: list[Page]) -> list[str]:
    return [identity for page in pages for identity in page.new_ids]


def test_a_short_page_is_not_the_last_one() -> None:
    with listing([[{"id": 1}], [{"id": 2}, {"id": 3}], [{"id": 4}]]) as client:
        assert ids(list(client.pages(per_page=2))) == ["1", "2", "3", "4"]
        assert client.calls["list"] == 4


def test_a_first_sync_takes_a_call_for_every_200_activities_and_one_for_the_end() -> None:
    time = HandTime()
    with serve(Sandbox.many(1000, clock=time.clock)) as server:
        client = converse(server.base_url, time).client
        assert len(ids(list(client.pages()))) == 1000
    assert client.calls == {"list": 6, "token": 1}


def test_an_empty_history_is_one_call() -> None:
    with listing([]) as client:
        assert list(client.pages()) == []
        assert client.calls["list"] == 1


def test_an_upload_during_the_listing_gives_no_activity_twice() -> None:
    time = HandTime()
    sandbox = Sandbox.many(10, clock=time.clock)
    with serve(sandbox) as server:
        pages = converse(server.base_url, time).client.pages(per_page=4)
        seen = next(pages).new_ids
        sandbox.history.add(name="Uploaded meanwhile", start_date="2026-11-23T10:06:00Z")
        seen += ids(list(pages))
    assert len(seen) == len(set(seen)) == 10


def test_an_upload_that_leaves_a_page_of_known_activities_alone_is_no_error() -> None:
    time = HandTime()
    sandbox = Sandbox.many(8, clock=time.clock)
    with serve(sandbox) as server:
        pages = converse(server.base_url, time).client.pages(per_page=4)
        seen = next(pages).new_ids + next(pages).new_ids
        sandbox.history.add(name="Uploaded meanwhile", start_date="2026-11-23T10:06:00Z")
        rest = list(pages)
    assert len(set(seen)) == 8
    assert [page.new_ids for page in rest] == [[]]


def test_a_server_that_repeats_a_page_is_stopped_at_the_second() -> None:
    time = HandTime()
    sandbox = Sandbox.many(500, clock=time.clock)
    sandbox.faults.add(Fault.repeated_page, times=None)
    with serve(sandbox) as server, pytest.raises(errors.RepeatedPageError, match="Page 2"):
        list(converse(server.base_url, time).client.pages())
    assert sandbox.calls("/athlete/activities") == 2


def test_a_server_that_goes_round_in_circles_is_stopped() -> None:
    pages = [[{"id": 1}], [{"id": 2}]] * 50
    with listing(pages) as client, pytest.raises(errors.RepeatedPageError, match="Page 4"):
        list(client.pages(per_page=1))


@pytest.mark.parametrize(
    "record", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": [1]}, None, 7, "x", []]
)
def test_a_malformed_record_is_passed_on_and_stops_nothing(record: Any) -> None:
    with listing([[{"id": 1}, record], [{"id": 2}]]) as client:
        pages = list(client.pages())
    assert pages[0].records == [{"id": 1}, record]
    assert ids(pages) == ["1", "2"]


def test_a_last_page_that_holds_one_record_without_id_is_not_a_repeated_page() -> None:
    with listing([[{"id": 1}], [{"name": "no id"}], [{"name": "none either"}]]) as client:
        assert [page.number for page in client.pages(per_page=1)] == [1, 2, 3]


def test_the_body_is_kept_exactly_as_received() -> None:
    raw = b'[ {"id" : 7, "distance": 1.10, "name": "caf\\u00e9 \xc3\xa9", "big": 12345678901234567890123} ]\n'

    def script(request: Request) -> Response:
        if request.method == "POST":
            return Response(document=GRANT)
        return Response(raw=raw if "page=1&" in request.path else b"[]")

    with ScriptedServer(script) as server:
        (page,) = converse(server.url, HandTime()).client.pages()
    assert page.body == raw
    assert page.records[0]["big"] == 12345678901234567890123


@pytest.mark.parametrize("prefix", ["", "/", "/api/v3", "/api/v3/"])
def test_both_layouts_of_the_api_work_with_and_without_a_slash_at_the_end(prefix: str) -> None:
    time = HandTime()
    with serve(Sandbox.many(3, clock=time.clock)) as server:
        client = converse(server.base_url, time, prefix=prefix).client
        assert len(ids(list(client.pages(after=0, before=2_000_000_000)))) == 3


def test_the_token_travels_in_the_header_and_nowhere_else() -> None:
    def script(request: Request) -> Response:
        return Response(document=GRANT if request.method == "POST" else [])

    with ScriptedServer(script) as server:
        list(converse(server.url, HandTime()).client.pages())
    (request,) = [request for request in server.requests if request.method == "GET"]
    assert request.headers["Authorization"] == "Bearer scripted-access"
    assert "scripted-access" not in request.path


def test_details_streams_and_the_athlete_come_with_their_bodies() -> None:
    time = HandTime()
    sandbox = Sandbox.many(2, clock=time.clock)
    with serve(sandbox) as server:
        client = converse(server.base_url, time).client
        body, athlete = client.athlete()
        assert json.loads(body) == athlete
        assert athlete.keys() == sandbox.athlete.keys()
        assert athlete["id"] == sandbox.athlete["id"]
        (activity_id, *_) = ids(list(client.pages()))
        body, detail = client.activity(activity_id)
        assert json.loads(body) == detail
        assert str(detail["id"]) == activity_id
        streams = client.streams(activity_id, ["time", "watts"])
        assert streams
        assert json.loads(streams[0]) == streams[1]
        assert len(streams[1]["time"]["data"]) > 1
        with pytest.raises(errors.ActivityNotFoundError, match="has no activity 1\\."):
            client.activity("1")
        assert client.streams("1", ["time", "watts"]) is None
    assert client.calls == {"athlete": 1, "list": 2, "activity": 2, "streams": 2, "token": 1}


def test_an_id_that_is_not_a_number_never_becomes_part_of_an_address() -> None:
    with listing([]) as client:
        with pytest.raises(errors.ActivityNotFoundError):
            client.activity("../athlete")
        assert client.calls["token"] == 0


@settings(max_examples=examples(25), deadline=None)
@given(
    st.lists(st.lists(st.one_of(st.integers(1, 30), st.none()), min_size=1, max_size=6), max_size=6),
)
def test_whatever_the_pages_hold_each_id_comes_once_in_its_first_order(pages: list[list[int | None]]) -> None:
    records = [[{} if identity is None else {"id": identity} for identity in page] for page in pages]
    with listing(records) as client:
        listed_ids: list[str] = []
        try:
            for page in client.pages():
                listed_ids += page.new_ids
        except errors.RepeatedPageError:
            assert len(pages) > 1
            return
    flat = [str(identity) for page in pages for identity in page if identity is not None]
    assert listed_ids == list(dict.fromkeys(flat))


@pytest.mark.deep
def test_memory_holds_no_page_but_the_one_in_hand() -> None:
    def records_alive() -> int:
        return sum(isinstance(thing, dict) and "only in this test" in thing for thing in gc.get_objects())

    raw = [[{"id": 10 * page + n, "only in this test": [n]} for n in range(10)] for page in range(12)]
    with listing([json.dumps(page).encode() for page in raw]) as client:
        raw.clear()
        alive = [records_alive() for _ in client.pages()]
    assert len(alive) == 12
    assert max(alive) <= 20
