"""The token endpoint, scopes and revoking, as a client meets them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox

if TYPE_CHECKING:
    import requests

    from strava_assets_tests.sandbox.caller import Calling, HandClock


def error_of(answer: requests.Response) -> tuple[str, str, str]:
    error = answer.json()["errors"][0]
    return error["resource"], error["field"], error["code"]


def test_a_token_lives_six_hours(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock)) as caller:
        assert caller.get("/athlete").status_code == 200
        clock.forward(hours=5, minutes=59)
        assert caller.get("/athlete").status_code == 200
        clock.forward(minutes=1)
        answer = caller.get("/athlete")
    assert answer.status_code == 401
    assert error_of(answer) == ("Athlete", "access_token", "invalid")


def test_the_same_access_token_comes_back_while_it_has_an_hour_left(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock), authorized=False) as caller:
        first = caller.token().json()
        clock.forward(hours=4, minutes=59)
        second = caller.token(refresh_token=first["refresh_token"]).json()
        clock.forward(minutes=2)
        third = caller.token(refresh_token=first["refresh_token"]).json()
    assert first["expires_in"] == 21_600
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] == 3_660
    assert third["access_token"] != first["access_token"]
    assert third["refresh_token"] != first["refresh_token"]


def test_a_refresh_token_that_was_rotated_away_is_worth_nothing(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock), authorized=False) as caller:
        assert caller.token().json()["refresh_token"] != REFRESH_TOKEN
        answer = caller.token()
    assert answer.status_code == 400
    assert error_of(answer) == ("RefreshToken", "refresh_token", "invalid")


def test_without_rotation_the_first_refresh_token_stays(call: Calling, clock: HandClock) -> None:
    sandbox = Sandbox(clock=clock)
    sandbox.tokens.rotate_refresh_token = False
    with call(sandbox, authorized=False) as caller:
        caller.token()
        clock.forward(hours=7)
        assert caller.token().json()["refresh_token"] == REFRESH_TOKEN == sandbox.tokens.valid_refresh_token


FIELDS = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "grant_type": "refresh_token",
    "refresh_token": REFRESH_TOKEN,
}
WAYS: dict[str, dict[str, Any]] = {
    "form": {"data": FIELDS},
    "address": {"params": FIELDS},
    "json": {"json": FIELDS | {"client_id": int(CLIENT_ID)}},
    "multipart": {"files": {name: (None, text) for name, text in FIELDS.items()}},
    "both": {"params": FIELDS | {"client_secret": "the body counts"}, "data": FIELDS},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_fields_may_come_in_each_way_that_clients_send_them(call: Calling, way: str) -> None:
    with call(Sandbox(), authorized=False) as caller:
        answer = caller.session.post(f"{caller.base_url}/oauth/token", timeout=5, **WAYS[way])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"[1]", b"{", b'"text"', b'{"client_id": {}}', b"9" * 5_000]
)
def test_a_body_without_fields_is_refused_like_an_empty_one(call: Calling, body: bytes) -> None:
    with call(Sandbox(), authorized=False) as caller:
        for kind in (
            "application/json",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "text/plain",
        ):
            answer = caller.session.post(
                f"{caller.base_url}/oauth/token", data=body, headers={"Content-Type": kind}, timeout=5
            )
            assert (answer.status_code, error_of(answer)[1]) == (400, "client_id")


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "1"}, 400, ("Application", "client_id", "invalid")),
        ({"client_secret": "guess"}, 401, ("Application", "", "invalid")),
        ({"refresh_token": "old"}, 400, ("RefreshToken", "refresh_token", "invalid")),
        ({"grant_type": "password"}, 400, ("Application", "grant_type", "invalid")),
        (
            {"grant_type": "authorization_code", "code": "guess"},
            400,
            ("AuthorizationCode", "code", "invalid"),
        ),
    ],
)
def test_each_wrong_field_has_its_own_error(
    call: Calling, changed: dict[str, str], status: int, error: tuple[str, str, str]
) -> None:
    with call(Sandbox(), authorized=False) as caller:
        answer = caller.token(**changed)
    assert answer.status_code == status
    assert error_of(answer) == error


def test_tokens_are_given_at_both_addresses(call: Calling) -> None:
    with call(Sandbox()) as caller:
        assert caller.post("/api/v3/oauth/token", {}).status_code == 400
        assert caller.post("/oauth/token", {}).status_code == 400


def test_a_token_outside_the_header_does_not_count(call: Calling) -> None:
    with call(Sandbox()) as caller:
        token, caller.access_token = caller.access_token, ""
        assert caller.get("/athlete").status_code == 401
        assert caller.get("/athlete", access_token=token).status_code == 401


def test_without_an_activity_scope_the_list_says_which_one_is_missing(call: Calling) -> None:
    sandbox = Sandbox.many(3)
    sandbox.tokens.scopes = {"read"}
    with call(sandbox) as caller:
        answer = caller.get("/athlete/activities")
        assert caller.get("/athlete").status_code == 200
    assert answer.status_code == 401
    assert error_of(answer) == ("AccessToken", "activity:read_permission", "missing")


def test_without_read_all_private_activities_are_hidden_everywhere(call: Calling) -> None:
    sandbox = Sandbox()
    public = sandbox.history.add(name="Shown")
    hidden = sandbox.history.add(name="Hidden", visibility="only_me")
    sandbox.tokens.scopes = {"read", "activity:read"}
    with call(sandbox) as caller:
        assert [record["id"] for record in caller.listed()] == [public]
        assert caller.get(f"/activities/{hidden}").status_code == 404
        sandbox.tokens.scopes = {"read", "activity:read_all"}
        assert len(caller.listed()) == 2
        assert caller.get(f"/activities/{hidden}").status_code == 200


def test_without_profile_read_all_the_athlete_is_a_summary(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox) as caller:
        assert caller.get("/athlete").json()["ftp"] == 245
        sandbox.tokens.scopes = {"read", "activity:read_all"}
        summary = caller.get("/athlete").json()
    assert summary["resource_state"] == 2
    assert "ftp" not in summary
    assert "bikes" not in summary


def test_revoking_needs_the_client_and_ends_everything(call: Calling) -> None:
    with call(Sandbox()) as caller:
        token = {"token": caller.access_token}
        assert caller.post("/oauth/revoke", token).status_code == 401
        assert caller.get("/athlete").status_code == 200
        assert caller.post("/oauth/revoke", {}, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 400
        assert caller.post("/oauth/revoke", token, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 200
        assert caller.get("/athlete").status_code == 401
        assert caller.token().status_code == 400


@pytest.mark.parametrize(
    "credentials", ["Basic \u00ff", "Basic %%%", "Basic /w==", "Basic", "Bearer MTIzNDU6"]
)
def test_credentials_that_cannot_be_read_are_refused(call: Calling, credentials: str) -> None:
    with call(Sandbox()) as caller:
        headers = {"Authorization": credentials.encode("latin-1")}
        answer = caller.post("/oauth/revoke", {"token": caller.access_token}, headers=headers)
        assert (answer.status_code, error_of(answer)) == (401, ("Application", "", "invalid"))


def test_deauthorizing_with_the_access_token_ends_everything_too(call: Calling) -> None:
    with call(Sandbox()) as caller:
        token = caller.access_token
        answer = caller.post("/oauth/deauthorize", {"access_token": token})
        assert answer.json() == {"access_token": token}
        assert caller.get("/athlete").status_code == 401


def test_another_client_that_refreshes_first_leaves_this_one_with_a_dead_token(call: Calling) -> None:
    sandbox = Sandbox()
    with call(sandbox, authorized=False) as caller:
        alive = sandbox.tokens.valid_refresh_token = "the other client's"
        assert caller.token().status_code == 400
        assert caller.token(refresh_token=alive).status_code == 200
