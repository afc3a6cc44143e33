"""The consent page: what it asks, and what the client gets back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from strava_assets.sandbox import CLIENT_ID, Sandbox

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Calling

REQUEST = {
    "client_id": CLIENT_ID,
    "redirect_uri": "http://127.0.0.1:8731/callback",
    "response_type": "code",
    "scope": "read,activity:read_all,profile:read_all",
    "state": 'a"b&c=<d>',
    "approval_prompt": "force",
}


def submitted(page: str, *, without: str | None = None, decision: str = "authorize") -> dict[str, str]:
    """What a browser sends for this page: hidden fields, ticked boxes, the button."""
    form = {"decision": decision}
    for field in re.findall(r"<input [^>]*>", page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', field))
        if attributes["type"] == "hidden":
            form[attributes["name"]] = _unescaped(attributes["value"])
        elif "disabled" not in field and attributes["name"] != f"scope:{without}":
            form[attributes["name"]] = "on"
    return form


def _unescaped(text: str) -> str:
    for entity, character in (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def answer_in(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_agreeing_gives_a_code_the_scopes_and_the_state_back(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        page = caller.get("/oauth/authorize", **REQUEST)
        redirect = caller.post("/oauth/authorize", submitted(page.text))
        back = answer_in(redirect.headers["location"])
        token = caller.token(grant_type="authorization_code", code=back["code"])
        assert caller.listed() == []
        spent = caller.token(grant_type="authorization_code", code=back["code"])
    assert redirect.status_code == 302
    assert redirect.headers["location"].startswith(REQUEST["redirect_uri"])
    assert back["scope"] == REQUEST["scope"]
    assert back["state"] == REQUEST["state"]
    assert token.json()["athlete"]["id"] == caller.sandbox.athlete["id"]
    assert spent.status_code == 400


def test_an_unticked_scope_is_not_granted(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        page = caller.get("/oauth/authorize", **REQUEST)
        redirect = caller.post("/oauth/authorize", submitted(page.text, without="activity:read_all"))
        back = answer_in(redirect.headers["location"])
        caller.token(grant_type="authorization_code", code=back["code"])
        listing = caller.get("/athlete/activities")
    assert back["scope"] == "read,profile:read_all"
    assert listing.status_code == 401


def test_scopes_are_separated_by_commas_or_as_oauth_libraries_do_by_blanks(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        by_comma = caller.get("/oauth/authorize", **REQUEST | {"scope": "read,activity:read_all"}).text
        by_blank = caller.get("/api/v3/oauth/authorize", **REQUEST | {"scope": "read activity:read_all"}).text
    assert [text.count("activity:read_all</code>") for text in (by_comma, by_blank)] == [1, 1]


def test_refusing_says_access_denied(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        page = caller.get("/oauth/authorize", **REQUEST)
        redirect = caller.post("/oauth/authorize", submitted(page.text, decision="cancel"))
    assert answer_in(redirect.headers["location"]) == {"error": "access_denied", "state": REQUEST["state"]}


def test_who_has_agreed_before_is_not_asked_again_unless_forced(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        page = caller.get("/oauth/authorize", **REQUEST | {"approval_prompt": "auto"})
        assert page.status_code == 200
        code = answer_in(caller.post("/oauth/authorize", submitted(page.text)).headers["location"])["code"]
        caller.token(grant_type="authorization_code", code=code)
        assert caller.get("/oauth/authorize", **REQUEST | {"approval_prompt": "auto"}).status_code == 302
        assert caller.get("/oauth/authorize", **REQUEST).status_code == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"client_id": "1"}, "client_id"),
        ({"redirect_uri": "https://elsewhere.example/"}, "redirect_uri"),
        ({"redirect_uri": "http://[localhost/"}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "everything"}, "scope"),
    ],
)
def test_a_wrong_request_is_refused_before_anyone_is_asked(
    call: Calling, changed: dict[str, str], field: str
) -> None:
    with call(Sandbox(), authorized=False) as caller:
        answer = caller.get("/oauth/authorize", **REQUEST | changed)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_nothing_from_the_address_becomes_markup(call: Calling) -> None:
    with call(Sandbox(), authorized=False) as caller:
        page = caller.get("/oauth/authorize", **REQUEST | {"state": '"><script>alert(1)</script>'}).text
    assert "<script>" not in page
