"""Strict mode refuses what Strava has announced that it will refuse, and says so in a Fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox

if TYPE_CHECKING:
    import requests

    from strava_assets_tests.sandbox.caller import Calling

FIELDS = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "grant_type": "refresh_token",
    "refresh_token": REFRESH_TOKEN,
}


def refused(answer: requests.Response, status: int, message: str, field: str) -> bool:
    body = answer.json()
    assert body["message"].startswith("Strict mode: ")
    assert message in body["message"]
    return (answer.status_code, body["errors"][0]["field"]) == (status, field)


@pytest.mark.parametrize("way", [{"params": FIELDS}, {"json": FIELDS}, {"data": FIELDS, "params": FIELDS}])
def test_secrets_outside_of_the_form_are_refused(call: Calling, way: dict[str, Any]) -> None:
    with call(Sandbox(strict=True), authorized=False) as caller:
        answer = caller.session.post(f"{caller.base_url}/oauth/token", timeout=5, **way)
        assert refused(answer, 400, "in the form body", "client_secret")
        assert caller.token().status_code == 200


def test_the_prefix_is_gone(call: Calling) -> None:
    with call(Sandbox(strict=True)) as caller:
        assert refused(caller.get("/api/v3/athlete"), 404, "2027-06-01", "path")
        assert refused(caller.post("/api/v3/oauth/token", FIELDS), 404, "/oauth", "path")
        assert refused(caller.get("/api/v3/oauth/authorize"), 404, "/oauth", "path")
        assert caller.get("/athlete").status_code == 200


@pytest.mark.parametrize("path", ["/api/v3", "/api/v3/", "/api/v3/nothing"])
def test_the_prefix_is_a_whole_part_of_the_path(call: Calling, path: str) -> None:
    with call(Sandbox(strict=True)) as caller:
        assert refused(caller.get(path), 404, "2027-06-01", "path")
        longer = caller.get(path.replace("v3", "v30"))
        assert longer.status_code == 404
        assert "Strict mode" not in longer.text


def test_an_access_token_in_the_address_is_refused(call: Calling) -> None:
    with call(Sandbox(strict=True)) as caller:
        answer = caller.get("/athlete", access_token=caller.access_token)
        assert refused(answer, 400, "Authorization header", "access_token")


def test_a_client_with_its_token_in_the_address_alone_is_told_where_it_belongs(call: Calling) -> None:
    with call(Sandbox(strict=True)) as caller:
        token, caller.access_token = caller.access_token, ""
        answer = caller.get("/athlete", access_token=token)
        assert refused(answer, 400, "Authorization header", "access_token")
        assert answer.headers["X-ReadRateLimit-Usage"] == "1,1"
        assert caller.get("/athlete").status_code == 401


def test_without_strict_mode_a_token_in_the_address_is_no_token(call: Calling) -> None:
    with call(Sandbox()) as caller:
        token, caller.access_token = caller.access_token, ""
        assert caller.get("/athlete", access_token=token).status_code == 401


def test_a_page_of_more_than_two_hundred_is_refused(call: Calling) -> None:
    with call(Sandbox.many(3, strict=True)) as caller:
        assert refused(caller.get("/athlete/activities", per_page=201), 400, "200 items", "per_page")
        assert len(caller.listed(per_page=200)) == 3
        # What is no number is refused as without strict mode.
        assert caller.get("/athlete/activities", per_page="9" * 5_000).status_code == 400


def test_revoke_replaces_deauthorize(call: Calling) -> None:
    with call(Sandbox(strict=True)) as caller:
        token = {"access_token": caller.access_token}
        assert refused(caller.post("/oauth/deauthorize", token), 400, "/oauth/revoke", "path")
        answer = caller.post(
            "/oauth/revoke", {}, params={"token": caller.access_token}, auth=(CLIENT_ID, CLIENT_SECRET)
        )
        assert refused(answer, 400, "in the form body", "token")
        answer = caller.post("/oauth/revoke", {"token": caller.access_token}, auth=(CLIENT_ID, CLIENT_SECRET))
        assert answer.status_code == 200


def test_a_refused_call_counts(call: Calling) -> None:
    with call(Sandbox(strict=True)) as caller:
        answer = caller.get("/api/v3/athlete")
    assert answer.headers["X-ReadRateLimit-Usage"] == "1,1"
