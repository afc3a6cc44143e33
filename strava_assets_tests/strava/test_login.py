"""The OAuth dance against the sandbox: the address, the redirect, the tokens, and taking them back."""

from __future__ import annotations

import base64
import http.client
import socket
import traceback
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, serve
from strava_assets.strava import errors
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.callback import listen
from strava_assets.strava.login import (
    Application,
    authorization_url,
    exchange_code,
    read_redirect,
    revoke,
    store_grant,
)
from strava_assets.strava.scopes import SCOPES, missing_scopes
from strava_assets_tests.stores import open_store
from strava_assets_tests.strava.scripted import Request, Response, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

STATE = "a-random-state"


def sandbox_app(base_url: str, secret: str = CLIENT_SECRET) -> Application:
    return Application(CLIENT_ID, secret, f"{base_url}/oauth")


def answer_consent_page(address: str, *ticked: str, decision: str = "authorize") -> requests.Response:
    """Do what the athlete's browser does: open the page, tick boxes, press a button, follow the redirect."""
    with requests.Session() as browser:
        page = browser.get(address, timeout=5)
        assert page.ok
        form = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        boxes = {f"scope:{name}": "on" for name in ticked}
        return browser.post(address.partition("?")[0], data=form | boxes | {"decision": decision}, timeout=5)


def test_the_whole_dance_ends_with_tokens_that_work_in_the_store(tmp_path: Path) -> None:
    sandbox = Sandbox.many(2)
    store = open_store("file", environ={}, path=tmp_path / "tokens.json")
    with serve(sandbox) as server, listen(STATE) as callback, requests.Session() as session:
        app = sandbox_app(server.base_url)
        address = authorization_url(app, callback.redirect_uri, STATE)
        page = answer_consent_page(address, "activity:read_all", "profile:read_all")
        consent = callback.wait(timeout_s=5)
        grant = exchange_code(app, consent.code, session=session)
        store_grant(store, app, grant, consent.scopes, api_base_url=server.base_url)
        token = Authenticator(store, app.oauth_base_url).access_token(server.base_url)
    assert "You can close this tab" in page.text
    assert missing_scopes(consent.scopes) == []
    assert sandbox.tokens.accepts(token)
    stored = store.read()
    assert (stored["client_id"], stored["athlete_id"]) == (CLIENT_ID, str(sandbox.athlete["id"]))
    assert stored["scope"] == "read,activity:read_all,profile:read_all"


def test_an_unticked_box_is_told_at_once_with_what_will_be_missing() -> None:
    with serve(Sandbox()) as server, listen(STATE) as callback:
        address = authorization_url(sandbox_app(server.base_url), callback.redirect_uri, STATE)
        page = answer_consent_page(address, "profile:read_all")
        consent = callback.wait(timeout_s=5)
    assert missing_scopes(consent.scopes) == [("activity:read_all", "every activity will be missing")]
    assert "Without activity:read_all: every activity will be missing." in page.text


def test_a_refusal_ends_the_waiting_with_its_remedy() -> None:
    with serve(Sandbox()) as server, listen(STATE) as callback:
        address = authorization_url(sandbox_app(server.base_url), callback.redirect_uri, STATE)
        page = answer_consent_page(address, decision="cancel")
        with pytest.raises(errors.AuthorizationDeniedError, match="refused") as refused:
            callback.wait(timeout_s=5)
    assert "Access was not granted" in page.text
    assert "Authorize" in refused.value.remedy


def test_a_redirect_with_another_state_neither_logs_in_nor_ends_the_login() -> None:
    with listen(STATE) as callback:
        foreign = requests.get(callback.redirect_uri, params={"code": "evil", "state": "other"}, timeout=5)
        ours = {"code": "good", "state": STATE, "scope": "read"}
        assert requests.get(callback.redirect_uri, params=ours, timeout=5).status_code == 200
        assert callback.wait(timeout_s=5).code == "good"
    assert foreign.status_code == 400
    assert "`state` differs" in foreign.text


def test_a_browser_that_opens_a_silent_connection_does_not_hold_the_login_up() -> None:
    with listen(STATE) as callback:
        silent = http.client.HTTPConnection(urlsplit(callback.redirect_uri).netloc, timeout=5)
        silent.connect()
        icon = requests.get(callback.redirect_uri.replace("/authorized", "/favicon.ico"), timeout=5)
        requests.get(callback.redirect_uri, params={"code": "good", "state": STATE}, timeout=5)
        assert callback.wait(timeout_s=1).code == "good"
        silent.close()
    assert icon.status_code == 404


def test_nobody_coming_back_is_told_after_the_time_limit() -> None:
    with listen(STATE) as callback, pytest.raises(errors.AuthorizationDeniedError, match="within 0 seconds"):
        callback.wait(timeout_s=0)


def test_a_taken_port_is_reported_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StravaAssetsError, match=f"Port {port}") as refused, listen(STATE, port):
            pass
    assert "--no-browser" in refused.value.remedy


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"code": "c"}, errors.ForeignRedirectError),
        ({"code": "c", "state": STATE + "x"}, errors.ForeignRedirectError),
        ({"code": "c", "state": "é"}, errors.ForeignRedirectError),
        ({"state": STATE}, errors.AuthorizationDeniedError),
        ({"state": STATE, "error": "access_denied"}, errors.AuthorizationDeniedError),
    ],
)
def test_a_pasted_redirect_that_is_not_ours_or_holds_no_code_is_refused(
    query: dict[str, str], kind: type[errors.StravaError]
) -> None:
    with pytest.raises(kind):
        read_redirect(f"http://localhost/authorized?{urlencode(query)}", STATE)


def test_a_pasted_redirect_is_read_with_blanks_around_it() -> None:
    consent = read_redirect(f"  http://localhost/x?state={STATE}&code=abc&scope=read,activity:read\n", STATE)
    assert (consent.code, consent.scopes) == ("abc", ("read", "activity:read"))
    assert "abc" not in repr(consent)


def test_the_consent_page_is_asked_for_every_scope_and_shown_again() -> None:
    app = Application("1", "hidden", "https://www.strava.com/oauth/")
    address = authorization_url(app, "http://localhost/x", STATE)
    assert address.startswith("https://www.strava.com/oauth/authorize?")
    query = parse_qs(urlsplit(address).query)
    assert query["scope"] == [",".join(scope.name for scope in SCOPES)]
    assert query["approval_prompt"] == ["force"]
    assert "hidden" not in address + repr(app)


def test_a_code_works_once() -> None:
    sandbox = Sandbox()
    code = sandbox.tokens.consent(["read"])
    with serve(sandbox) as server, requests.Session() as session:
        app = sandbox_app(server.base_url)
        grant = exchange_code(app, code, session=session)
        with pytest.raises(errors.InvalidAuthorizationCodeError):
            exchange_code(app, code, session=session)
    assert grant.access_token not in repr(grant)
    assert grant.refresh_token not in repr(grant)


def test_logging_out_takes_the_access_back() -> None:
    sandbox = Sandbox()
    token = sandbox.tokens.valid_refresh_token
    assert token
    with serve(sandbox) as server, requests.Session() as session:
        revoke(sandbox_app(server.base_url), token, session=session)
        assert sandbox.tokens.valid_refresh_token is None
        with pytest.raises(errors.InvalidClientError):
            revoke(sandbox_app(server.base_url, "wrong"), token, session=session)


def test_revoking_where_nobody_listens_tells_no_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    token = "canary-token"
    app = Application("id", "canary-secret", f"http://127.0.0.1:{port}")
    with requests.Session() as session, pytest.raises(errors.ConnectionLostError) as lost:
        revoke(app, token, session=session)
    assert "canary" not in "".join(traceback.format_exception(lost.value)) + repr(lost.value)


def test_revoking_sends_the_secrets_in_header_and_form_alone() -> None:
    def script(request: Request) -> Response:
        del request
        return Response(document={})

    with ScriptedServer(script) as server, requests.Session() as session:
        revoke(Application("id", "secret", server.url), "tok", session=session)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/revoke", b"token=tok")
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"id:secret").decode()
