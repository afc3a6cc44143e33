"""`strava-assets doctor`: a line for everything, the right mark, a cure, an exit status, and no secret."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pytest

from strava_assets.landing import Conclusion, Landing
from strava_assets.sandbox import CLIENT_SECRET, REFRESH_TOKEN, Fault
from strava_assets_tests.cli.terminal import CREDENTIALS, CommandResult, Terminal, held_open

if TYPE_CHECKING:
    from strava_assets.sandbox import RunningSandbox, Sandbox


# In one process of a parallel run: another would wait for the home that nearly all look at.
pytestmark = pytest.mark.xdist_group("doctor")


def line(said: CommandResult, about: str) -> str:
    """The line about a subject, its mark included."""
    found = [text for text in said.out.splitlines() if text[2:].startswith(f"{about} ")]
    assert len(found) == 1, said.out + said.err
    return found[0]


def test_before_anything_it_says_what_is_missing_and_which_command_brings_it(terminal: Terminal) -> None:
    said = terminal.run("doctor")
    assert said.status == 1
    assert line(said, "secrets").startswith("✗ secrets")
    assert "strava-assets login" in line(said, "secrets")
    assert "There is no data yet. → strava-assets sync" in line(said, "warehouse")
    assert line(said, "dagster").startswith("!")


def test_a_misspelt_setting_is_its_only_line(terminal: Terminal) -> None:
    said = terminal.run("doctor", STRAVA_ASSETS_WAREHOSE="duckdb")
    assert said.status == 1
    assert "did you mean STRAVA_ASSETS_WAREHOUSE?" in line(said, "settings")
    assert len(said.out.splitlines()) == 1


def test_a_healthy_home_is_told_with_its_figures(synced: Terminal, strava: RunningSandbox) -> None:
    said = synced.at(strava).run("doctor", **CREDENTIALS)
    assert said.status == 0, said.out
    assert "(mode 600)" in line(said, "secrets")
    assert line(said, "token").startswith("✓")
    assert re.search(r"read \d+ of 100 this quarter hour, \d+ left", line(said, "quota"))
    assert "holds 12 activities until" in line(said, "warehouse")
    assert "12 activities in" in line(said, "last sync")
    assert line(said, "last run").startswith("✓")


def test_one_call_tells_all_about_strava(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    terminal.at(strava).run("doctor", **CREDENTIALS)
    assert sandbox.calls("/athlete/activities") == 1
    assert len(sandbox.requests) == 2, "the listing and the token"


def test_offline_asks_strava_nothing(terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox) -> None:
    assert terminal.at(strava).run("doctor", "--offline", **CREDENTIALS).status == 0
    assert sandbox.requests == []


def test_no_output_holds_a_secret(synced: Terminal, strava: RunningSandbox, sandbox: Sandbox) -> None:
    synced.at(strava)
    outputs = [synced.run("doctor", *options, **CREDENTIALS) for options in ((), ("--json",), ("--offline",))]
    secrets = {CLIENT_SECRET, REFRESH_TOKEN, sandbox.tokens.valid_refresh_token}
    secrets.add(sandbox.tokens.current_access_token)
    for said in outputs:
        assert not [secret for secret in secrets if secret and secret in said.out + said.err]


def test_json_says_the_same_for_programs(terminal: Terminal) -> None:
    said = terminal.run("doctor", "--json")
    document: dict[str, Any] = json.loads(said.out)
    assert (said.status, document["ok"]) == (1, False)
    states = {finding["about"]: finding["state"] for finding in document["findings"]}
    assert (states["settings"], states["secrets"], states["warehouse"]) == ("ok", "broken", "warning")


@pytest.mark.parametrize(
    ("fault", "about", "mark", "cure"),
    [
        (Fault.inactive_subscription, "subscription", "✗", "reactivate"),
        (Fault.missing_scope, "scopes", "✗", "leave every box ticked"),
        (Fault.revoked_token, "token", "✗", "authorize again"),
        (Fault.invalid_client_secret, "client", "✗", "STRAVA_CLIENT_SECRET"),
        (Fault.clock_skew, "clock", "✗", "Set the clock"),
        (Fault.rate_limit_daily, "quota", "!", "possible again from"),
        (Fault.html, "strava", "!", "maintenance"),
    ],
)
def test_each_refusal_of_stravas_has_its_subject_and_its_cure(
    terminal: Terminal,
    strava: RunningSandbox,
    sandbox: Sandbox,
    fault: Fault,
    about: str,
    mark: str,
    cure: str,
) -> None:
    on = "list" if fault is Fault.rate_limit_daily else None
    sandbox.faults.add(fault, on=on, times=None)
    said = terminal.at(strava).run("doctor", **CREDENTIALS)
    [told] = [text for text in said.out.splitlines() if text[2:].startswith(f"{about} ") and cure in text]
    assert told.startswith(mark)
    assert said.status == (1 if mark == "✗" else 0)


def test_a_token_file_that_others_could_read_is_told_and_closed(synced: Terminal) -> None:
    path = synced.home / "tokens.json"
    path.chmod(0o644)
    said = synced.run("doctor", "--offline", **CREDENTIALS)
    assert "mode 644" in line(said, "secrets")
    assert said.err == ""
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_store_that_cannot_keep_a_rotated_token_is_a_warning(terminal: Terminal) -> None:
    said = terminal.run("doctor", "--offline", STRAVA_ASSETS_SECRET_STORE="env", **CREDENTIALS)
    assert line(said, "secrets").startswith("! secrets")
    assert "STRAVA_ASSETS_SECRET_STORE=file" in line(said, "secrets")


def test_a_warehouse_that_a_run_is_writing_is_no_fault(synced: Terminal) -> None:
    with held_open(synced) as pid:
        said = synced.run("doctor", "--offline", **CREDENTIALS)
    assert f"just being written (process {pid})" in line(said, "warehouse")
    assert said.status == 0, said.out


def test_a_file_that_is_no_warehouse_is(terminal: Terminal) -> None:
    terminal.home.mkdir()
    (terminal.home / "warehouse.duckdb").write_text("dear diary")
    said = terminal.run("doctor", "--offline", **CREDENTIALS)
    assert line(said, "warehouse").startswith("✗ warehouse")
    assert said.status == 1


def test_a_landing_that_cannot_be_written_is_broken(terminal: Terminal) -> None:
    blocked = terminal.folder / "a-file"
    blocked.write_text("")
    said = terminal.run(
        "doctor", "--offline", STRAVA_ASSETS_LANDING_URL=str(blocked / "landing"), **CREDENTIALS
    )
    assert line(said, "landing").startswith("✗ landing")
    assert "Make the folder or bucket writable" in line(said, "landing")


@pytest.mark.parametrize("place", ["landing", "streams"])
def test_files_that_are_not_the_projects_are_named(synced: Terminal, place: str) -> None:
    folder = synced.home / place
    for name in ("0-taxes.txt", "1.txt", "2.txt", "3.txt", "2019 holiday/beach.jpg", "Zoo/[cat].jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    said = synced.run("doctor", "--offline", **CREDENTIALS)
    assert said.status == 0
    told = line(said, "foreign")
    assert told.startswith("! foreign")
    assert f"in {folder}: 0-taxes.txt, 1.txt, 2.txt, 2019 holiday/, 3.txt and 1 more." in told


def test_held_back_deletions_are_told_with_the_command_that_confirms_them(synced: Terminal) -> None:
    landing = Landing(str(synced.home / "landing"))
    [manifest] = landing.manifests()
    landing.conclude(manifest, Conclusion(deleted=(), held_back=("1", "2", "3")))
    told = line(synced.run("doctor", "--offline", **CREDENTIALS), "deletions")
    assert told.startswith("! deletions    3 activities")
    assert "--confirm-deletions" in told


def test_records_set_aside_are_counted_with_the_last_reason(synced: Terminal) -> None:
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        connection.execute(
            "INSERT INTO rejected_records (record_hash, reason, record, source, batch_id, fetched_at)"
            " VALUES ('h', 'distance is [text]', '{}', 'api', 'b', now())"
        )
    told = line(synced.run("doctor", "--offline", **CREDENTIALS), "records")
    assert "1 record could not be read" in told
    assert "distance is [text]" in told


def test_a_failed_run_is_told_in_its_own_words_until_one_succeeds(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault.inactive_subscription, times=None)
    assert terminal.at(strava).run("sync", **CREDENTIALS).status == 1
    said = terminal.run("doctor", "--offline", **CREDENTIALS)
    assert said.status == 1
    assert line(said, "last run").startswith("✗ last run     Failed")
    assert "reactivate it at https://www.strava.com/settings/api" in line(said, "last run")
    assert "There was none yet" in line(said, "last sync")


def test_a_damaged_dagster_home_does_not_keep_the_rest_from_being_told(synced: Terminal) -> None:
    (synced.home / "dagster" / "dagster.yaml").write_text("storage: [")
    said = synced.run("doctor", "--offline", **CREDENTIALS)
    assert said.status == 1
    assert line(said, "dagster").startswith("✗ dagster")
    assert line(said, "warehouse").startswith("✓")


def test_env_file_credentials_reach_every_command(terminal: Terminal) -> None:
    text = "\n".join(f"{name}={value}" for name, value in CREDENTIALS.items())
    (terminal.folder / ".env").write_text(text)
    said = terminal.run("doctor", "--offline")
    assert line(said, "secrets").startswith("✓ secrets      Set in the environment"), said.out


def test_it_says_how_far_streams_have_come_and_when_all_will_be_there(synced: Terminal) -> None:
    done = dg.MetadataValue.timestamp(datetime(2026, 12, 3, 18, tzinfo=UTC))
    stopped = dg.AssetMaterialization(
        "activity_streams", metadata={"with_streams": 5, "remaining": 1_702, "expected_done": done}
    )
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(stopped)
    told = line(synced.run("doctor", "--offline"), "fetching")
    assert told.startswith("✓")
    assert "5 activities have their streams, 1,702 are waiting" in told
    assert "all are there by 2026-12-03 18:00 UTC" in told


def test_where_all_streams_are_there_it_says_so(synced: Terminal) -> None:
    assert "none is waiting" in line(synced.run("doctor", "--offline"), "fetching")


def test_a_streams_folder_that_cannot_be_used_is_told_with_its_cure(synced: Terminal) -> None:
    (synced.folder / "file").write_text("in the way")
    said = synced.run(
        "doctor", "--offline", STRAVA_ASSETS_STREAMS_URL=str(synced.folder / "file" / "streams")
    )
    assert line(said, "streams").startswith("✗")
    assert "STRAVA_ASSETS_STREAMS_URL" in line(said, "streams")
    assert said.status == 1


def test_a_damaged_recording_is_told_with_its_file(synced: Terminal) -> None:
    part = next((synced.home / "streams").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-20])
    said = synced.run("doctor", "--offline")
    assert line(said, "streams").startswith("✗")
    assert part.name in line(said, "streams")
