"""`strava-assets login` and `logout`, from the prompts to the tokens and back."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, Fault
from strava_assets.secrets.file import FileStore
from strava_assets_tests.chromium import chromium, open_window
from strava_assets_tests.cli.logins import answer, logging_in
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal
from strava_assets_tests.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from strava_assets.sandbox import RunningSandbox, Sandbox

APPLICATION = {"STRAVA_CLIENT_ID": CLIENT_ID, "STRAVA_CLIENT_SECRET": CLIENT_SECRET}


def stored_tokens(terminal: Terminal) -> dict[str, str]:
    return open_store("file", environ={}, path=terminal.home / "tokens.json").read()


@pytest.fixture
def page() -> Iterator[Page]:
    """A tab of a real browser without a window."""
    with chromium() as browser:
        yield open_window(browser).new_page()


def test_in_a_real_browser_from_the_consent_page_back_to_the_terminal(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox, page: Page
) -> None:
    with logging_in(terminal.at(strava), **APPLICATION) as login:
        page.goto(login.address)
        assert page.get_by_role("checkbox").count() == 3
        page.get_by_label("profile:read_all").uncheck()
        page.get_by_role("button", name="Authorize").click()
        page.get_by_role("heading", name="Thank you").wait_for()
        assert "Without profile:read_all" in page.inner_text("body")
        status, out = login.ended()
    assert status == 0, out
    assert "Logged in as Robin Sample" in out
    assert "Without profile:read_all: weight, FTP and zones" in out
    assert "Strava shows 12 activities" in out
    tokens = stored_tokens(terminal)
    assert tokens["scope"] == "read,activity:read_all"
    assert sandbox.tokens.accepts(tokens["access_token"])
    assert tokens["refresh_token"] == sandbox.tokens.valid_refresh_token
    assert (terminal.home / "tokens.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.deep
def test_refusing_in_a_real_browser_ends_the_login_with_its_remedy(
    terminal: Terminal, strava: RunningSandbox, page: Page
) -> None:
    with logging_in(terminal.at(strava), **APPLICATION) as login:
        page.goto(login.address)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("heading", name="Access was not granted").wait_for()
        status, out = login.ended()
    assert status == 1
    assert "Access was refused" in out
    assert "choose Authorize" in " ".join(out.split())
    assert stored_tokens(terminal) == {}


def test_without_a_browser_the_pasted_address_will_do(terminal: Terminal, strava: RunningSandbox) -> None:
    with logging_in(terminal.at(strava), "--no-browser", **APPLICATION) as login:
        pasted = answer(login.address, "activity:read_all", "profile:read_all")
        assert pasted.startswith("http://localhost/")
        status, out = login.ended(f"  {pasted}\n")
    assert status == 0, out
    assert "Strava shows 12 activities" in out
    assert stored_tokens(terminal)["scope"] == "read,activity:read_all,profile:read_all"


def test_what_the_consent_is_for_is_told_before_it_is_asked(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    result = terminal.at(strava).run(
        "login", "--no-browser", typed=f"{CLIENT_ID}\n{CLIENT_SECRET}\nnonsense\n"
    )
    assert "https://www.strava.com/settings/api" in result.out
    assert "Authorization Callback Domain: localhost" in result.out
    for scope in ("read ", "activity:read_all", "profile:read_all"):
        assert re.search(rf"^  {scope} +your ", result.out, re.MULTILINE)
    assert CLIENT_SECRET not in result.out + result.err


def test_an_address_of_another_login_is_refused_with_its_remedy(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    with logging_in(terminal.at(strava), "--no-browser", **APPLICATION) as login:
        status, out = login.ended("http://localhost/authorized?state=evil&code=c&scope=read\n")
    assert status == 1
    assert "does not belong to this login" in out
    assert stored_tokens(terminal) == {}


@pytest.mark.deep
def test_the_next_login_needs_no_id_and_no_secret_again(terminal: Terminal, strava: RunningSandbox) -> None:
    typed = f"{CLIENT_ID}\n{CLIENT_SECRET}\n"
    for given in (typed, "\n\n"):
        with logging_in(terminal.at(strava), "--no-browser", typed=given) as login:
            status, out = login.ended(answer(login.address, "activity:read_all", "profile:read_all") + "\n")
        assert status == 0, out
    assert stored_tokens(terminal)["client_secret"] == CLIENT_SECRET


def test_a_login_binds_its_tokens_to_the_hosts_in_force(terminal: Terminal, strava: RunningSandbox) -> None:
    with logging_in(terminal.at(strava), "--no-browser", **APPLICATION) as login:
        status, out = login.ended(answer(login.address, "activity:read_all") + "\n")
    assert status == 0, out
    tokens = stored_tokens(terminal)
    assert (tokens["oauth_host"], tokens["api_host"]) == ("localhost", "localhost")
    result = terminal.run("doctor", STRAVA_API_BASE_URL="https://elsewhere.example/api/v3")
    assert result.status == 1
    assert "STRAVA_API_BASE_URL points to https://elsewhere.example" in result.out


def test_a_stored_client_secret_is_not_offered_to_another_host(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    theirs = {"client_id": CLIENT_ID, "client_secret": "canary", "oauth_host": "https://www.strava.com"}
    FileStore(terminal.home / "tokens.json").replace(theirs)
    result = terminal.at(strava).run("login", "--no-browser", typed=f"{CLIENT_ID}\n\n")
    assert "Enter keeps" not in result.out
    assert result.status == 1
    assert sandbox.requests == []


def test_logging_out_revokes_at_no_other_host(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    theirs = {"client_id": CLIENT_ID, "client_secret": "canary", "refresh_token": "canary"}
    FileStore(terminal.home / "tokens.json").replace(theirs | {"oauth_host": "https://www.strava.com"})
    result = terminal.at(strava).run("logout")
    assert result.status == 0
    assert "STRAVA_OAUTH_BASE_URL points to localhost" in result.out
    assert "https://www.strava.com/settings/apps" in result.out
    assert sandbox.requests == []
    assert stored_tokens(terminal) == {}


def test_a_wrong_secret_is_told_and_nothing_is_kept(terminal: Terminal, strava: RunningSandbox) -> None:
    wrong = APPLICATION | {"STRAVA_CLIENT_SECRET": "mistyped"}
    with logging_in(terminal.at(strava), "--no-browser", **wrong) as login:
        status, out = login.ended(answer(login.address, "activity:read_all") + "\n")
    assert status == 1
    assert "STRAVA_CLIENT_SECRET" in out
    assert "mistyped" not in out
    assert stored_tokens(terminal) == {}


def test_no_activity_scope_is_told_without_asking_for_a_list(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    with logging_in(terminal.at(strava), "--no-browser", **APPLICATION) as login:
        status, out = login.ended(answer(login.address) + "\n")
    assert status == 0, out
    assert "Without activity:read_all: every activity will be missing" in out
    assert sandbox.calls("/athlete/activities") == 0


def test_an_inactive_application_is_told_though_the_tokens_are_kept(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault.inactive_subscription, on="list", times=None)
    with logging_in(terminal.at(strava), "--no-browser", **APPLICATION) as login:
        status, out = login.ended(answer(login.address, "activity:read_all", "profile:read_all") + "\n")
    assert status == 1
    assert "reactivate it at https://www.strava.com/settings/api" in " ".join(out.split())
    assert stored_tokens(terminal)["refresh_token"] == sandbox.tokens.valid_refresh_token


def test_a_store_that_keeps_nothing_is_refused_before_anyone_is_asked(terminal: Terminal) -> None:
    result = terminal.run("login", STRAVA_ASSETS_SECRET_STORE="env", **APPLICATION)
    assert result.status == 1
    assert "The environment cannot keep" in result.err
    assert "STRAVA_ASSETS_SECRET_STORE=file" in result.err
    assert result.out == ""


def test_a_folder_that_cannot_be_written_is_told_before_anyone_is_asked(terminal: Terminal) -> None:
    terminal.home.write_text("a file where the folder should be")
    result = terminal.run("login", **APPLICATION)
    assert result.status == 1
    assert "cannot be" in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_a_taken_port_is_reported_with_its_remedy(terminal: Terminal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = terminal.run("login", "--port", str(port), **APPLICATION)
    assert result.status == 1
    assert f"Port {port}" in result.err
    assert "--no-browser" in result.err


def test_secret_manager_without_a_project_is_told(terminal: Terminal) -> None:
    result = terminal.run("login", "--store", "gcp", **APPLICATION)
    assert result.status == 1
    assert "STRAVA_ASSETS_GCP_PROJECT" in result.err


def test_logging_out_revokes_at_strava_and_forgets_here(
    synced: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    with logging_in(synced.at(strava), "--no-browser", **APPLICATION) as login:
        login.ended(answer(login.address, "activity:read_all") + "\n")
    result = synced.run("logout")
    assert result.status == 0, result.err
    assert sandbox.tokens.valid_refresh_token is None
    assert stored_tokens(synced) == {}
    assert "You are not logged in" in synced.run("logout").out
    assert (synced.home / "warehouse.duckdb").exists(), "the data stays"


def test_logging_out_while_strava_cannot_be_reached_forgets_all_the_same(synced: Terminal) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
        result = synced.run("logout", STRAVA_OAUTH_BASE_URL=f"{base}/oauth")
    assert result.status == 0
    assert "Access could not be taken back at Strava" in result.out
    assert "https://www.strava.com/settings/apps" in result.out
    assert stored_tokens(synced) == {}


def test_logging_out_with_tokens_that_were_revoked_already_is_no_error(
    synced: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    sandbox.tokens.revoke()
    result = synced.at(strava).run("logout")
    assert result.status == 0
    assert "accepts these tokens no longer" in result.out


def test_a_token_in_the_environment_is_pointed_at_when_logging_out(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    result = terminal.at(strava).run("logout", **CREDENTIALS)
    assert result.status == 0
    assert "STRAVA_REFRESH_TOKEN is still set" in result.out
