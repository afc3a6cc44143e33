"""`login`, `athletes`, `logout` and `forget` where a second athlete comes and goes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.cli.removal import take_from_index
from strava_assets.cli.webhook_credentials import VERIFY_TOKEN, verify_token
from strava_assets.history.athlete_states import athlete_states
from strava_assets.landing.athlete_index import FetchState
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox
from strava_assets.settings_reader import load_settings
from strava_assets.strava.turns import Purpose, TurnRules, needs_of
from strava_assets_tests.chain import riding
from strava_assets_tests.cli.logins import answer, logging_in
from strava_assets_tests.cli.started import running_command
from strava_assets_tests.webhooks.receiving import note_subscription

if TYPE_CHECKING:
    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.sandbox import RunningSandbox
    from strava_assets.settings import Settings
    from strava_assets_tests.cli.terminal import Terminal

APPLICATION = {"STRAVA_CLIENT_ID": CLIENT_ID, "STRAVA_CLIENT_SECRET": CLIENT_SECRET}
QUIET = {"STRAVA_ASSETS_STREAMS": "none", "STRAVA_ASSETS_PUBLISH": "none"}
FIRST, SECOND = "7", "8"


@pytest.fixture
def sandbox() -> Sandbox:
    """Two athletes of one application."""
    both = riding(30)
    both.add_athlete(riding(60, int(SECOND)))
    return both


def settings_of(terminal: Terminal) -> Settings:
    return load_settings({**terminal.environ, "STRAVA_ASSETS_HOME": str(terminal.home)}, env_file=None)


def log_in(terminal: Terminal, athlete_id: str) -> str:
    """Log in as one of the athletes; what was printed after the address."""
    with logging_in(terminal, "--no-browser", **APPLICATION) as login:
        pasted = answer(login.address, "activity:read_all", "profile:read_all", athlete=athlete_id)
        status, out = login.ended(f"{pasted}\n")
    assert status == 0, out
    return out


def run_in_process(terminal: Terminal, command: str, *options: str) -> tuple[int, str]:
    """The status and output of a command in a process of its own, which uses the home no longer then."""
    with running_command(terminal.folder, *options, command=command, **terminal.environ) as process:
        return process.wait(), process.out


def athletes_of(terminal: Terminal) -> dict[str, Athlete]:
    index = wiring.athlete_index(settings_of(terminal))
    return {athlete.athlete_id: athlete for athlete in index.athletes()}


def tokens_of(terminal: Terminal, athlete_id: str) -> dict[str, str]:
    return wiring.token_store(settings_of(terminal), athletes_of(terminal)[athlete_id]).read()


def partitions_of(terminal: Terminal) -> list[str]:
    with dg.DagsterInstance.from_config(str(terminal.home / "dagster")) as instance:
        return list(instance.get_dynamic_partitions("athletes"))


def test_another_login_adds_an_athlete_and_leaves_the_first_ones_tokens(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    terminal.at(strava)
    assert "athletes now" not in log_in(terminal, FIRST)
    before = tokens_of(terminal, FIRST)
    assert "There are 2 athletes now" in log_in(terminal, SECOND)
    assert tokens_of(terminal, FIRST) == before
    assert tokens_of(terminal, SECOND)["athlete_id"] == SECOND
    assert (terminal.home / f"tokens-{SECOND}.json").stat().st_mode & 0o777 == 0o600
    assert "athletes now" not in log_in(terminal, SECOND), "the same athlete again adds nobody"
    assert list(athletes_of(terminal)) == [FIRST, SECOND]


def paste_tokens(terminal: Terminal, refresh_token: str) -> None:
    wiring.token_store(settings_of(terminal)).write(
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": refresh_token}
    )


@pytest.mark.parametrize("of_first", [True, False])
def test_a_login_replaces_tokens_that_never_synced_only_if_they_are_the_same_athletes(
    terminal: Terminal, strava: RunningSandbox, *, of_first: bool
) -> None:
    terminal.at(strava)
    paste_tokens(terminal, REFRESH_TOKEN)
    log_in(terminal, FIRST if of_first else SECOND)
    athletes = athletes_of(terminal)
    assert [*athletes] == ([FIRST] if of_first else [FIRST, SECOND])
    assert athletes[FIRST].logged_in
    assert tokens_of(terminal, FIRST)["athlete_id"] == FIRST
    assert all(athlete.has_own_store == (athlete_id == SECOND) for athlete_id, athlete in athletes.items())


def test_a_login_replaces_tokens_that_strava_refuses(terminal: Terminal, strava: RunningSandbox) -> None:
    terminal.at(strava)
    paste_tokens(terminal, "mistyped")
    log_in(terminal, SECOND)
    assert not athletes_of(terminal)[SECOND].has_own_store


def test_the_athlete_of_an_earlier_version_is_in_the_list_after_the_second_login(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    # A home without an index, as it was before.
    (terminal.home / "landing" / "athletes" / "index.json").unlink()
    log_in(terminal, SECOND)
    athletes = athletes_of(terminal)
    assert list(athletes) == [FIRST, SECOND]
    assert athletes[FIRST].logged_in
    assert not athletes[FIRST].has_own_store


def test_a_lost_list_is_made_again_with_everyones_tokens(terminal: Terminal, strava: RunningSandbox) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    before = athletes_of(terminal)
    for foreign in ("tokens-old.json", "tokens-8.json.bak", "other-9.json", "9.json"):
        (terminal.home / foreign).write_text("{}")
    (terminal.home / "landing" / "athletes" / "index.json").unlink()
    assert terminal.run("athletes").status == 0
    athletes = athletes_of(terminal)
    assert athletes.keys() == before.keys()
    for athlete_id, athlete in athletes.items():
        assert (athlete.logged_in, athlete.has_own_store) == (True, before[athlete_id].has_own_store)


def test_the_list_says_who_is_here_and_who_shares_numbers(terminal: Terminal, strava: RunningSandbox) -> None:
    assert "There is no athlete yet." in terminal.run("athletes").out
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    listed = terminal.run("athletes", "--share-numbers", SECOND).out
    rows = {line.split()[0]: line for line in listed.splitlines() if line[:1].isdigit()}
    assert "not synced yet" in rows[FIRST]
    assert "not shared" in rows[FIRST]
    assert "shared" in rows[SECOND]
    assert "not shared" not in rows[SECOND]
    assert not athletes_of(terminal)[FIRST].shows_numbers
    terminal.run("athletes", "--hide-numbers", SECOND)
    assert not athletes_of(terminal)[SECOND].shows_numbers
    unknown = terminal.run("athletes", "--share-numbers", "99")
    assert unknown.status == 1
    assert "There is no athlete 99 here." in unknown.err


def test_a_damaged_list_is_a_sentence_everywhere(terminal: Terminal, strava: RunningSandbox) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    index = terminal.home / "landing" / "athletes" / "index.json"
    index.write_text('[{"athlete_id": 7}]')
    for command in (("athletes",), ("sync",), ("logout",)):
        result = terminal.run(*command)
        assert result.status == 1
        assert "The list of the athletes" in result.out + result.err
        assert "Restore the file from a backup" in " ".join((result.out + result.err).split())
    assert json.loads(index.read_text()) == [{"athlete_id": 7}]


def test_one_of_several_logs_out(terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    unclear = terminal.run("logout")
    assert unclear.status == 1
    assert "Several athletes are logged in." in unclear.err
    assert terminal.run("logout", "--athlete", SECOND).status == 0
    assert sandbox.athletes[1].tokens.valid_refresh_token is None
    assert sandbox.tokens.valid_refresh_token
    assert not athletes_of(terminal)[SECOND].logged_in
    assert athletes_of(terminal)[FIRST].logged_in
    assert "export and files only" in terminal.run("athletes").out


def test_whose_tokens_are_gone_is_not_listed_as_logged_in_after_a_logout(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    wiring.token_store(settings_of(terminal), athletes_of(terminal)[SECOND]).clear()
    result = terminal.run("logout", "--athlete", SECOND)
    assert result.status == 0
    assert "You are not logged in" in result.out
    assert not athletes_of(terminal)[SECOND].logged_in
    assert athletes_of(terminal)[FIRST].logged_in


def test_who_logs_in_again_keeps_the_store_of_their_own(terminal: Terminal, strava: RunningSandbox) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    assert terminal.run("logout", "--athlete", FIRST).status == 0
    # The usual store is empty now; tokens in two stores would survive a logout in one of them.
    log_in(terminal, SECOND)
    assert terminal.run("logout", "--athlete", SECOND).status == 0
    assert not [path for path in terminal.home.glob("tokens*.json") if "refresh_token" in path.read_text()]


def test_the_address_of_the_others_events_stays_when_the_first_athlete_logs_out(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    settings = settings_of(terminal)
    made = verify_token(settings, make=True)
    assert terminal.run("logout", "--athlete", FIRST).status == 0
    assert wiring.token_store(settings).read().keys() == {VERIFY_TOKEN}
    assert verify_token(settings, make=True) == made
    # With nobody left there are no events either.
    assert terminal.run("logout", "--athlete", SECOND).status == 0
    assert not list(terminal.home.glob("tokens*.json"))


def test_events_of_who_logged_out_are_not_taken_any_more(terminal: Terminal, strava: RunningSandbox) -> None:
    terminal.at(strava).environ["STRAVA_ASSETS_WEBHOOKS"] = "true"
    log_in(terminal, FIRST)
    state = wiring.webhooks(settings_of(terminal)).state
    note_subscription(terminal.home / "events")
    log_in(terminal, SECOND)
    expected = [(FIRST, SECOND), (FIRST,), ()]
    for logged_out in ("", SECOND, FIRST):
        if logged_out:
            assert terminal.run("logout", "--athlete", logged_out).status == 0
        subscription = state.subscription()
        assert subscription
        assert subscription.athlete_ids == expected.pop(0)


@pytest.mark.parametrize("leaves_by", ["refusal", "logout"])
def test_who_logs_in_again_is_listed_fully_as_no_events_came_meanwhile(
    terminal: Terminal, strava: RunningSandbox, leaves_by: str
) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    now = datetime.now(UTC)
    index = wiring.athlete_index(settings_of(terminal))
    up_to_date = FetchState(now, listed_at=now, listed_fully_at=now, history_complete=True)
    index.write_state(SECOND, replace(up_to_date, refused_since=now if leaves_by == "refusal" else None))
    index.write_state(FIRST, up_to_date)
    if leaves_by == "logout":
        assert terminal.run("logout", "--athlete", SECOND).status == 0
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    states = athlete_states(index, wiring.landing(settings_of(terminal)), index.logged_in(), None)
    rules = TurnRules(webhooks_alive=True)
    assert not needs_of(states[FIRST], now, rules)
    assert [need.purpose for need in needs_of(states[SECOND], now, rules)] == [Purpose.FULL]


def test_tokens_are_in_one_store_where_forgetting_was_killed_while_they_moved(
    terminal: Terminal, strava: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.at(strava)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    settings = settings_of(terminal)
    wiring.token_store(settings).clear()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    def forget_first() -> None:
        take_from_index(settings, wiring.athlete_index(settings), FIRST, alone=False)

    for place in ("secrets.file.FileStore.clear", "landing.athlete_index.AthleteIndex.put"):
        with monkeypatch.context() as patch:
            patch.setattr(f"strava_assets.{place}", killed)
            with pytest.raises(KeyboardInterrupt):
                forget_first()
    forget_first()

    assert tokens_of(terminal, SECOND)["athlete_id"] == SECOND
    assert not athletes_of(terminal)[SECOND].has_own_store
    assert [path.name for path in terminal.home.glob("tokens*.json")] == ["tokens.json"]


@pytest.mark.deep
def test_a_household_from_two_logins_to_one_athlete_again(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    terminal.at(strava).environ.update(QUIET)
    log_in(terminal, FIRST)
    log_in(terminal, SECOND)
    status, out = run_in_process(terminal, "sync")
    assert status == 0, out
    assert "raw_activities of athlete 8: 20 activities" in out
    assert partitions_of(terminal) == [FIRST, SECOND]
    report = terminal.home / "report"
    assert {path.name for path in report.iterdir()} == {"index.html", f"athlete={FIRST}", f"athlete={SECOND}"}

    # One athlete's access is gone: the other is up to date all the same, and the command says so.
    sandbox.tokens.revoke()
    sandbox.athletes[1].history.add()
    status, out = run_in_process(terminal, "sync")
    assert status == 1
    assert "1 of 2 athletes could not be fetched." in out
    assert "load_fetched succeeded" in out
    assert "refused since" in terminal.run("athletes").out
    doctor = terminal.run("doctor").out
    assert "refused since" in doctor
    assert "up to date as of" in doctor

    # The first one leaves; the second one's tokens move to where those of one athlete are.
    status, out = run_in_process(terminal, "forget", "--athlete", FIRST, "--yes")
    assert status == 0, out
    assert list(athletes_of(terminal)) == [SECOND]
    assert partitions_of(terminal) == []
    assert {path.name for path in report.iterdir()} == {"index.html"}
    assert not list(terminal.home.glob(f"**/*athlete={FIRST}*"))
    assert not (terminal.home / f"tokens-{SECOND}.json").exists()
    status, out = run_in_process(terminal, "sync")
    assert status == 0, out
    assert "bq_activities: 21 activities" in out
    assert run_in_process(terminal, "verify")[0] == 0
