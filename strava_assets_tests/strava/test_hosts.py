"""Credentials go to Strava or to the host they are stored for; any other that is configured receives none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from urllib3.util import parse_url

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox, serve
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.secrets.file import FileStore
from strava_assets.strava import errors
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import API_BASE_URL, StravaClient
from strava_assets.strava.hosts import host_of, require_api_host, require_oauth_host
from strava_assets.strava.limits import Pacer
from strava_assets.strava.login import Application, exchange_code, revoke
from strava_assets.strava.tokens import OAUTH_BASE_URL, utc_now
from strava_assets_tests.stores import open_store, values_of
from strava_assets_tests.strava.conversation import ENVIRON, HandTime, converse
from strava_assets_tests.strava.scripted import GRANT, Request, Response, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strava_assets.strava.token_store import TokenStore

STRAVA = "https://www.strava.com"
OURS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
ALIVE = {"access_token": "alive", "expires_at": "4000000000"}
REDIRECTS = (301, 302, 303, 307, 308)


def stored(path: Path, **values: str) -> TokenStore:
    """A file store without anything from the environment."""
    FileStore(path).replace(values)
    return open_store("file", environ={}, path=path)


def client_of(store: TokenStore, base_url: str, oauth_base_url: str = OAUTH_BASE_URL) -> StravaClient:
    return StravaClient(
        Authenticator(store, oauth_base_url), base_url, pacer=Pacer(clock=utc_now, sleep=lambda _: None)
    )


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.strava.com/oauth", STRAVA),
        ("HTTPS://WWW.Strava.Com:443/oauth/", STRAVA),
        ("https://www.strava.com./oauth", STRAVA),
        ("http://www.strava.com/oauth", "http://www.strava.com"),
        ("https://www.strava.com:8443/oauth", "https://www.strava.com:8443"),
        ("https://www.strava.com@evil.example/oauth", "https://evil.example"),
        ("https://www.strava.com.evil.example/oauth", "https://www.strava.com.evil.example"),
        ("https://evil.example/www.strava.com", "https://evil.example"),
        ("https://evil.example?https://www.strava.com", "https://evil.example"),
        ("https://evil.example#@www.strava.com", "https://evil.example"),
        ("http://127.0.0.1:8421/oauth", "localhost"),
        ("http://127.8.9.10:80", "localhost"),
        ("https://localhost", "localhost"),
        ("http://[::1]:8421/oauth", "localhost"),
        ("http://127.0.0.1.evil.example/oauth", "http://127.0.0.1.evil.example"),
        ("http://localhost.evil.example/oauth", "http://localhost.evil.example"),
        ("http://10.0.0.1/oauth", "http://10.0.0.1"),
        ("nonsense", ""),
        ("https://", ""),
        ("https://[::1", ""),
    ],
)
def test_a_host_is_known_by_scheme_name_and_port_and_this_machine_by_its_name(
    address: str, host: str
) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    "address",
    [
        "https://www.strava.com\\@evil.example/oauth",
        "https://evil.example\\@www.strava.com/oauth",
        "https://www.strava.com\t@evil.example/oauth",
        "https://a:b@www.strava.com:443@evil.example/",
        "https://evil.example\\.www.strava.com/",
        "https:\\\\evil.example/@www.strava.com",
        "https:///evil.example/@www.strava.com",
    ],
)
def test_the_host_that_is_checked_is_the_host_that_would_be_asked(address: str) -> None:
    try:
        url = requests.Request("GET", address).prepare().url
    except requests.RequestException:
        return  # nothing is sent anywhere
    assert host_of(address) == f"https://{parse_url(url or '').host}"


@pytest.mark.parametrize(
    "base_url",
    ["https://www.strava.com/api/v3", "https://www.api-v3.strava.com", "https://api-v3.strava.com/"],
)
def test_the_api_is_stravas_in_its_old_and_its_new_spelling(base_url: str) -> None:
    require_api_host(base_url, {"oauth_host": STRAVA}, OAUTH_BASE_URL)
    require_api_host(base_url, {}, OAUTH_BASE_URL)


@pytest.mark.parametrize(
    "base_url",
    ["http://www.strava.com/api/v3", "https://strava.com.evil.example", "https://www.strava.com:444", "none"],
)
def test_nothing_else_is_stravas_api(base_url: str) -> None:
    with pytest.raises(errors.ForeignHostError):
        require_api_host(base_url, {"oauth_host": STRAVA}, OAUTH_BASE_URL)


def test_a_login_binds_an_api_of_its_own_and_no_third() -> None:
    bound = {"oauth_host": "https://sso.example", "api_host": "https://api.example"}
    require_api_host("https://api.example/v3", bound, "https://sso.example")
    require_api_host("https://sso.example/api", bound, "https://sso.example")
    require_api_host(API_BASE_URL, bound, "https://sso.example")
    with pytest.raises(errors.ForeignHostError, match=r"https://api\.example"):
        require_api_host("https://third.example", bound, "https://sso.example")


def test_client_secret_and_refresh_token_are_not_sent_to_another_host(tmp_path: Path) -> None:
    store = stored(tmp_path / "tokens.json", **OURS, oauth_host=STRAVA)
    before = (tmp_path / "tokens.json").read_bytes()
    with ScriptedServer(lambda _: Response(document=GRANT)) as foreign:
        with pytest.raises(errors.ForeignHostError) as refused:
            Authenticator(store, f"{foreign.url}/oauth").refresh()
        assert foreign.requests == []
    assert (tmp_path / "tokens.json").read_bytes() == before
    message = str(refused.value)
    assert "STRAVA_OAUTH_BASE_URL points to localhost" in message
    assert f"stored for {STRAVA}" in message
    assert "strava-assets login" in message
    assert CLIENT_SECRET not in message


def test_a_living_access_token_is_not_sent_to_another_host(tmp_path: Path) -> None:
    store = stored(tmp_path / "tokens.json", **OURS, **ALIVE, oauth_host=STRAVA)
    with ScriptedServer(lambda _: Response(document={})) as foreign:
        with pytest.raises(errors.ForeignHostError, match="STRAVA_API_BASE_URL points to localhost"):
            client_of(store, foreign.url).athlete()
        assert foreign.requests == []


def test_a_foreign_api_does_not_even_cause_a_refresh(tmp_path: Path) -> None:
    sandbox = Sandbox()
    store = open_store("file", environ=ENVIRON, path=tmp_path / "tokens.json")
    with serve(sandbox) as server, pytest.raises(errors.ForeignHostError):
        client_of(store, "https://elsewhere.example", f"{server.base_url}/oauth").athlete()
    assert sandbox.requests == []


def test_the_first_host_that_accepts_credentials_from_the_environment_is_theirs(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    with serve(Sandbox()) as server:
        store = open_store("file", environ=ENVIRON, path=path)
        token = Authenticator(store, f"{server.base_url}/oauth").access_token(server.base_url)
    assert FileStore(path).read()["oauth_host"] == "localhost"
    with pytest.raises(errors.ForeignHostError, match=r"http://10\.0\.0\.9, but .* stored for localhost"):
        Authenticator(store, "http://10.0.0.9/oauth").refresh(reject=token)


def test_a_host_that_does_not_accept_them_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = open_store("file", environ=ENVIRON, path=path)
    with ScriptedServer(lambda _: Response(404, {})) as mistyped, pytest.raises(errors.RequestRefusedError):
        Authenticator(store, mistyped.url).refresh()
    assert "oauth_host" not in FileStore(path).read()


def test_an_older_token_file_is_bound_at_its_first_refresh(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    with serve(Sandbox()) as server:
        auth = Authenticator(stored(path, **OURS, athlete_id="7"), f"{server.base_url}/oauth")
        auth.access_token(server.base_url)
    tokens = FileStore(path).read()
    assert (tokens["oauth_host"], tokens["athlete_id"]) == ("localhost", "7")


def test_on_this_machine_the_port_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    sandbox = Sandbox()
    for _ in range(2):
        with serve(sandbox) as server:
            auth = Authenticator(open_store("file", environ=ENVIRON, path=path), f"{server.base_url}/oauth")
            auth.access_token(server.base_url)
            auth.refresh(reject=auth.access_token(server.base_url))
    assert sandbox.calls("/oauth/token") == 3


def test_a_pasted_token_does_not_take_a_kept_client_secret_to_another_host(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    FileStore(path).replace(OURS | {"oauth_host": STRAVA, "api_host": STRAVA})
    pasted = open_store("file", environ={"STRAVA_REFRESH_TOKEN": "pasted"}, path=path)
    assert pasted.read()["client_secret"] == CLIENT_SECRET
    with ScriptedServer(lambda _: Response(document=GRANT)) as foreign:
        with pytest.raises(errors.ForeignHostError):
            Authenticator(pasted, foreign.url).refresh()
        assert foreign.requests == []


def test_credentials_that_are_new_altogether_are_bound_anew(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    FileStore(path).replace(OURS | {"oauth_host": STRAVA, "api_host": STRAVA})
    with serve(Sandbox()) as server:
        anew = open_store("file", environ=ENVIRON, path=path)
        Authenticator(anew, f"{server.base_url}/oauth").access_token(server.base_url)
    assert FileStore(path).read()["oauth_host"] == "localhost"


def test_what_cannot_remember_a_host_allows_strava_and_this_machine() -> None:
    for allowed in (OAUTH_BASE_URL, "http://127.0.0.1:1/oauth", "https://api-v3.strava.com/oauth"):
        require_oauth_host(allowed, {}, remembers=False)
    with pytest.raises(errors.ForeignHostError) as refused:
        Authenticator(EnvironmentStore(values_of(ENVIRON)), "http://10.0.0.9/oauth").refresh()
    assert "STRAVA_ASSETS_SECRET_STORE=file" in refused.value.remedy
    with pytest.raises(errors.ForeignHostError, match="STRAVA_API_BASE_URL"):
        client_of(EnvironmentStore(values_of(ENVIRON)), "http://10.0.0.9").athlete()


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("sends", ["a refresh", "a code", "a revocation", "the access token"])
def test_a_redirect_is_not_followed_with_anything_that_is_secret(sends: str, status: int) -> None:
    with ScriptedServer(lambda _: Response(document=GRANT)) as target:

        def elsewhere(request: Request) -> Response:
            if sends == "the access token" and request.method == "POST":
                return Response(document=GRANT)
            return Response(status, {}, headers={"Location": f"{target.url}{request.path}"})

        with ScriptedServer(elsewhere) as server, requests.Session() as session:
            app = Application("id", "canary", server.url)
            conversation = converse(server.url, HandTime())
            send: dict[str, Callable[[], object]] = {
                "a refresh": conversation.auth.refresh,
                "a code": lambda: exchange_code(app, "canary", session=session),
                "a revocation": lambda: revoke(app, "canary", session=session),
                "the access token": conversation.client.athlete,
            }
            with pytest.raises(errors.StravaError, match=f"status {status}"):
                send[sends]()
            assert server.requests
        assert target.requests == []
