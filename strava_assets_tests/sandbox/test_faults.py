"""Every fault on demand: what a client sees of each, and when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox import Fault, Sandbox, api
from strava_assets.sandbox.faults import ENDPOINTS

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Calling, HandClock

ANSWERS = {
    Fault.missing_scope: (401, "activity:read_permission"),
    Fault.inactive_subscription: (403, "Inactive"),
    Fault.revoked_token: (400, "RefreshToken"),
    Fault.invalid_access_token: (401, "access_token"),
    Fault.invalid_client_id: (400, "client_id"),
    Fault.invalid_client_secret: (401, "Application"),
    Fault.rate_limit_15min: (429, "rate limit"),
    Fault.rate_limit_daily: (429, "rate limit"),
    Fault.server_error: (500, "errors"),
    Fault.bad_gateway: (502, "<html>"),
    Fault.unavailable: (503, ""),
    Fault.html: (200, "<!DOCTYPE html>"),
    Fault.empty_body: (200, ""),
    Fault.error_object_with_200: (200, "errors"),
    Fault.json_not_a_list: (200, '{"activities"'),
}


def test_a_fault_can_be_planned_for_each_endpoint_by_its_name() -> None:
    assert {
        *("any", "token", "push_subscriptions", "event"),
        *(endpoint.name for endpoint in api.ENDPOINTS),
    } == set(ENDPOINTS)


@pytest.mark.deep
@pytest.mark.parametrize("fault", ANSWERS)
def test_a_fault_with_an_answer_of_its_own_shows_it_once(call: Calling, fault: Fault) -> None:
    sandbox = Sandbox.many(3)
    status, part = ANSWERS[fault]
    with call(sandbox) as caller:
        sandbox.faults.add(fault, on="list")
        answer = caller.get("/athlete/activities")
        assert len(caller.listed()) == 3
    assert answer.status_code == status
    assert part in answer.text
    assert bool(part) == bool(answer.content)


def test_a_connection_is_reset_on_demand(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.connection_reset, on="athlete")
        with pytest.raises(requests.ConnectionError, match="reset"):
            caller.get("/athlete")
        assert caller.get("/athlete").status_code == 200


def test_a_request_is_never_answered_on_demand(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.timeout, on="athlete")
        headers = {"Authorization": f"Bearer {caller.access_token}"}
        with pytest.raises(requests.ReadTimeout):
            caller.session.get(f"{caller.base_url}/athlete", headers=headers, timeout=0.2)
        assert caller.get("/athlete").status_code == 200


def test_a_body_ends_before_its_announced_length(call: Calling) -> None:
    sandbox = Sandbox.many(5)
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.truncated_body, on="list")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            caller.get("/athlete/activities")
        assert len(caller.listed()) == 5


def test_json_is_cut_off_under_a_right_length(call: Calling) -> None:
    sandbox = Sandbox.many(5)
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.cut_json, on="list")
        with pytest.raises(json.JSONDecodeError):
            json.loads(caller.get("/athlete/activities").text)


def test_a_repeated_page_never_ends(call: Calling) -> None:
    sandbox = Sandbox.many(5)
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.repeated_page, times=None)
        assert caller.listed(page=1, per_page=2) == caller.listed(page=9, per_page=2) != []


def test_a_skewed_clock_shows_in_date_and_expiry(call: Calling, clock: HandClock) -> None:
    sandbox = Sandbox(clock=clock)
    with call(sandbox, authorized=False) as caller:
        sandbox.faults.add(Fault.clock_skew, on="token")
        skewed = caller.token()
        right = caller.get("/athlete")
    assert right.headers["Date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    assert skewed.headers["Date"] == "Mon, 23 Nov 2026 05:00:00 GMT"
    assert skewed.json()["expires_at"] < clock().timestamp()


def test_malformed_records_spoil_one_record_and_leave_the_others(call: Calling) -> None:
    sandbox = Sandbox.many(3)
    with call(sandbox) as caller:
        good = caller.listed()
        sandbox.faults.add(Fault.record_without_id)
        without_id = caller.listed()
        sandbox.faults.add(Fault.string_for_number)
        with_string = caller.listed()
        sandbox.faults.add(Fault.number_beyond_64_bits)
        with_giant = caller.listed()
    assert "id" not in without_id[0]
    assert isinstance(with_string[0]["distance"], str)
    assert with_giant[0]["moving_time"] > 2**64
    assert without_id[1:] == with_string[1:] == with_giant[1:] == good[1:]


def test_the_limit_faults_show_which_window_is_used_up(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.rate_limit_15min)
        quarter = caller.get("/athlete").headers["X-ReadRateLimit-Usage"].split(",")
        sandbox.faults.add(Fault.rate_limit_daily)
        day = caller.get("/athlete").headers["X-ReadRateLimit-Usage"].split(",")
    assert (int(quarter[0]) > 100, int(quarter[1]) > 1_000) == (True, False)
    assert (int(day[0]) > 100, int(day[1]) > 1_000) == (False, True)


def test_a_fault_waits_for_its_turn_and_lasts_as_long_as_told(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.server_error, on="list", times=2, after=1)
        statuses = [caller.get("/athlete/activities").status_code for _ in range(4)]
        assert caller.get("/athlete").status_code == 200
    assert statuses == [200, 500, 500, 200]


def test_two_faults_come_one_after_the_other(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        sandbox.faults.add(Fault.server_error)
        sandbox.faults.add(Fault.unavailable)
        assert [caller.get("/athlete").status_code for _ in range(3)] == [500, 503, 200]


def test_a_spoiled_answer_still_needs_a_token(call: Calling) -> None:
    sandbox = Sandbox.many(3)
    sandbox.faults.add(Fault.repeated_page, times=None)
    with call(sandbox, authorized=False) as caller:
        assert caller.get("/athlete/activities").status_code == 401


def test_an_unknown_fault_or_endpoint_is_refused_with_those_that_exist() -> None:
    sandbox = Sandbox()
    with pytest.raises(StravaAssetsError, match="bad_gateway"):
        sandbox.faults.add("earthquake")
    with pytest.raises(StravaAssetsError, match="athlete, detail"):
        sandbox.faults.add(Fault.html, on="moon")
