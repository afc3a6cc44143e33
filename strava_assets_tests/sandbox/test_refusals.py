"""Every refusal of the API is a JSON Fault, whatever was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from strava_assets.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    import requests

    from strava_assets_tests.sandbox.caller import Caller, Calling

PATH = ("resource", "path", "invalid")
METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def fault_of(answer: requests.Response) -> tuple[int, str, tuple[str, str, str]]:
    body = answer.json()
    assert body.keys() == {"message", "errors"}
    (error,) = body["errors"]
    return answer.status_code, body["message"], (error["resource"], error["field"], error["code"])


def send(caller: Caller, method: str, path: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {caller.access_token}"} if caller.access_token else {}
    return caller.session.request(method, caller.base_url + path, headers=headers, timeout=5)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/nothing", "/api/v3", "/api/v3/nothing", "/activities", "/athletes", "/athletes/1", "/gear"),
        *("/activities/1/nothing", "/activities//streams", "/athlete/activities/1", "/oauth/nothing"),
        *(
            "/athlete%0a",
            "/a%0ab",
            "/%2e%2e/athlete",
            "/ATHLETE",
            "/athlete.json",
            "/" + "x" * 20_000,
            "/%ff%00",
        ),
    ],
)
def test_an_unknown_path_says_so(call: Calling, path: str) -> None:
    with call(Sandbox()) as caller:
        assert fault_of(send(caller, "GET", path)) == (404, "Record Not Found", PATH)


@pytest.mark.parametrize("path", ["/athlete", "/athlete/activities", "/activities/1", "/oauth/revoke/", "/x"])
def test_another_method_has_no_route(call: Calling, path: str) -> None:
    with call(Sandbox()) as caller:
        for method in METHODS:
            assert fault_of(send(caller, method, path)) == (404, "Record Not Found", PATH)


def test_the_token_is_checked_first(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        for method, path in (("GET", "/nothing"), ("DELETE", "/athlete"), ("GET", "/activities/abc")):
            status, _, error = fault_of(send(caller, method, path))
            assert (status, error) == (401, ("Athlete", "access_token", "invalid"))


@pytest.mark.parametrize(
    "text", ["abc", "1.0", "1e3", "0x1", "-", "\uff11\uff12", "\u0663", "1 ", "1\n", "%"]
)
def test_a_malformed_id_is_named(call: Calling, text: str) -> None:
    with call(Sandbox.many(1)) as caller:
        for path in ("/activities/{}", "/activities/{}/streams?keys=time", "/activities/{}/laps"):
            answer = fault_of(send(caller, "GET", path.format(quote(text))))
            assert answer == (404, "Record Not Found", ("Activity", "id", "invalid"))
        answer = fault_of(send(caller, "GET", f"/athletes/{quote(text)}/stats"))
        assert answer == (404, "Record Not Found", ("Athlete", "id", "invalid"))


@pytest.mark.parametrize("text", ["1", "0", "-1", str(2**63), "9" * 5_000, "-" + "9" * 4_999])
def test_an_activity_that_does_not_exist_is_not_found(call: Calling, text: str) -> None:
    with call(Sandbox.many(1)) as caller:
        for part in ("", "/streams?keys=time", "/laps", "/zones", "/comments", "/kudos"):
            answer = fault_of(send(caller, "GET", f"/activities/{text}{part}"))
            assert answer == (404, "Resource Not Found", ("Activity", "", "not found"))
        # The connection is still good.
        assert caller.get("/athlete").status_code == 200


def test_another_athletes_totals_and_unknown_gear_are_refused(call: Calling) -> None:
    with call(Sandbox()) as caller:
        assert fault_of(caller.get("/athletes/7/stats"))[:2] == (403, "Forbidden")
        for gear_id in ("b7", "g7", "x", "9" * 5_000, "%00"):
            answer = fault_of(caller.get(f"/gear/{gear_id}"))
            assert answer == (404, "Resource Not Found", ("Gear", "", "not found"))


@pytest.mark.parametrize("part", ["", "/streams", "/laps", "/zones", "/comments", "/kudos"])
def test_without_an_activity_scope_everything_of_an_activity_is_refused(call: Calling, part: str) -> None:
    sandbox = Sandbox.many(1)
    sandbox.tokens.scopes = frozenset({"read", "profile:read_all"})
    with call(sandbox) as caller:
        answer = fault_of(caller.get(f"/activities/{sandbox.history.ids()[0]}{part}", keys="time"))
    assert answer[0] == 401
    assert answer[2] == ("AccessToken", "activity:read_permission", "missing")


def test_zones_of_the_athlete_need_the_profile_scope(call: Calling) -> None:
    sandbox = Sandbox.many(1)
    sandbox.tokens.scopes = frozenset({"read", "activity:read_all"})
    with call(sandbox) as caller:
        answer = fault_of(caller.get("/athlete/zones"))
    assert (answer[0], answer[2]) == (401, ("AccessToken", "profile:read_permission", "missing"))


def test_a_head_request_gets_the_headers_alone(call: Calling) -> None:
    with call(Sandbox.many(3)) as caller:
        full, head = caller.get("/athlete/activities"), send(caller, "HEAD", "/athlete/activities")
        missing = send(caller, "HEAD", "/activities/1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == full.headers["Content-Length"]
    assert (missing.status_code, missing.content) == (404, b"")


def test_a_slash_at_the_end_changes_nothing(call: Calling) -> None:
    with call(Sandbox()) as caller:
        assert caller.get("/api/v3/athlete/").json() == caller.get("/athlete").json()


@pytest.mark.parametrize("part", ["", "/streams", "/laps", "/zones", "/comments", "/kudos"])
def test_a_replayed_record_that_lacks_nearly_everything_breaks_nothing(call: Calling, part: str) -> None:
    whole = Sandbox.many(1).history.records()[0]
    odd: list[dict[str, Any]] = [
        {"id": 5},
        {"id": 6, "moving_time": "an hour", "elapsed_time": None, "distance": "far", "gear_id": 7},
        {name: value for name, value in whole.items() if name != "start_date_local"},
    ]
    with call(Sandbox.replay(odd)) as caller:
        for record in odd:
            answer = caller.get(f"/activities/{record['id']}{part}", keys="time")
            assert answer.headers["Content-Type"].startswith("application/json")
            assert answer.status_code < 500 or fault_of(answer)[0] == 500
        assert caller.get(f"/athletes/{caller.sandbox.athlete['id']}/stats").status_code == 200
        assert caller.get("/athlete").status_code == 200


def test_a_planned_fault_can_concern_each_endpoint(call: Calling) -> None:
    sandbox = Sandbox.many(1)
    ride = sandbox.history.ids()[0]
    paths = {
        **{name: f"/activities/{ride}/{name}" for name in ("laps", "zones", "comments", "kudos")},
        "gear": "/gear/b11203377",
        "athlete_zones": "/athlete/zones",
        "clubs": "/athlete/clubs",
        "stats": f"/athletes/{sandbox.athlete['id']}/stats",
    }
    with call(sandbox) as caller:
        for endpoint, path in paths.items():
            sandbox.faults.add(Fault.unavailable, on=endpoint)
            assert [caller.get(path).status_code for _ in range(2)] == [503, 200]


def test_the_administration_names_a_call_that_it_does_not_have(call: Calling) -> None:
    with call(Sandbox()) as caller:
        answer = caller.get("/admin/stats")
    assert answer.status_code == 404
    assert answer.json()["message"] == "The administration has no GET /admin/stats."
