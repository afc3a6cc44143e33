"""`strava-assets doctor`: its lines, their marks and remedies, its exit status, and no secret."""

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


# In one process of a parallel run, because nearly all tests use the same home.
pytestmark = pytest.mark.xdist_group("doctor")


def line(result: CommandResult, about: str) -> str:
    """The line about a subject, its mark included."""
    lines = [text for text in result.out.splitlines() if text[2:].startswith(f"{about} ")]
    assert len(lines) == 1, result.out + result.err
    return lines[0]


def test_before_anything_it_says_what_is_missing_and_which_command_brings_it(terminal: Terminal) -> None:
    result = terminal.run("doctor")
    assert result.status == 1
    assert line(result, "secrets").startswith("✗ secrets")
    assert "strava-assets login" in line(result, "secrets")
    assert "There is no data yet. → Run strava-assets sync." in line(result, "warehouse")
    assert line(result, "dagster").startswith("!")


def test_a_misspelt_setting_is_the_only_finding(terminal: Terminal) -> None:
    result = terminal.run("doctor", STRAVA_ASSETS_WAREHOSE="duckdb")
    assert result.status == 1
    assert "did you mean STRAVA_ASSETS_WAREHOUSE" in line(result, "settings")
    assert result.out.splitlines()[1:] == [
        "✗ 1 thing is broken, with 0 warnings. What to do is said behind each arrow."
    ]


@pytest.mark.deep
def test_a_healthy_home_is_told_with_its_figures(synced: Terminal, strava: RunningSandbox) -> None:
    result = synced.at(strava).run("doctor", **CREDENTIALS)
    assert result.status == 0, result.out
    assert "(mode 600)" in line(result, "secrets")
    assert line(result, "token").startswith("✓")
    assert re.search(r"read \d+ of 100 this quarter hour, \d+ left", line(result, "quota"))
    assert "holds 12 activities until" in line(result, "warehouse")
    assert "12 activities in" in line(result, "last sync")
    assert line(result, "last run").startswith("✓")


def test_one_call_tells_all_about_strava(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    terminal.at(strava).run("doctor", **CREDENTIALS)
    assert sandbox.calls("/athlete/activities") == 1
    assert len(sandbox.requests) == 2, "the listing and the token"


def test_offline_asks_strava_nothing(terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox) -> None:
    assert terminal.at(strava).run("doctor", "--offline", **CREDENTIALS).status == 0
    assert sandbox.requests == []


@pytest.mark.deep
def test_no_output_holds_a_secret(synced: Terminal, strava: RunningSandbox, sandbox: Sandbox) -> None:
    synced.at(strava)
    outputs = [synced.run("doctor", *options, **CREDENTIALS) for options in ((), ("--json",), ("--offline",))]
    secrets = {CLIENT_SECRET, REFRESH_TOKEN, sandbox.tokens.valid_refresh_token}
    secrets.add(sandbox.tokens.current_access_token)
    for result in outputs:
        assert not [secret for secret in secrets if secret and secret in result.out + result.err]


def test_json_says_the_same_for_programs(terminal: Terminal) -> None:
    result = terminal.run("doctor", "--json")
    document: dict[str, Any] = json.loads(result.out)
    assert (result.status, document["ok"]) == (1, False)
    states = {finding["about"]: finding["state"] for finding in document["findings"]}
    assert (states["settings"], states["secrets"], states["warehouse"]) == ("ok", "broken", "warning")


def test_json_has_the_earlier_names_of_message_and_remedy_as_well(terminal: Terminal) -> None:
    findings: list[dict[str, str]] = json.loads(terminal.run("doctor", "--json").out)["findings"]
    warehouse = next(finding for finding in findings if finding["about"] == "warehouse")
    assert warehouse["message"] == warehouse["said"] == "There is no data yet."
    assert warehouse["remedy"] == warehouse["cure"] == "Run strava-assets sync."


def test_every_remedy_is_full_sentences(terminal: Terminal) -> None:
    findings = json.loads(terminal.run("doctor", "--json").out)["findings"]
    remedies = [finding["remedy"] for finding in findings if finding["remedy"]]
    assert len(remedies) >= 4
    assert [text for text in remedies if not (text[0].isupper() and text.endswith("."))] == []


@pytest.mark.deep
@pytest.mark.parametrize(
    ("fault", "about", "mark", "remedy"),
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
def test_each_refusal_of_stravas_has_its_subject_and_its_remedy(
    terminal: Terminal,
    strava: RunningSandbox,
    sandbox: Sandbox,
    fault: Fault,
    about: str,
    mark: str,
    remedy: str,
) -> None:
    on = "list" if fault is Fault.rate_limit_daily else None
    sandbox.faults.add(fault, on=on, times=None)
    result = terminal.at(strava).run("doctor", **CREDENTIALS)
    [finding] = [
        text for text in result.out.splitlines() if text[2:].startswith(f"{about} ") and remedy in text
    ]
    assert finding.startswith(mark)
    assert result.status == (1 if mark == "✗" else 0)


def test_a_token_file_that_others_could_read_is_told_and_closed(synced: Terminal) -> None:
    path = synced.home / "tokens.json"
    path.chmod(0o644)
    result = synced.run("doctor", "--offline", **CREDENTIALS)
    assert "mode 644" in line(result, "secrets")
    assert result.err == ""
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_store_that_cannot_keep_a_rotated_token_is_a_warning(terminal: Terminal) -> None:
    result = terminal.run("doctor", "--offline", STRAVA_ASSETS_SECRET_STORE="env", **CREDENTIALS)
    assert line(result, "secrets").startswith("! secrets")
    assert "STRAVA_ASSETS_SECRET_STORE=file" in line(result, "secrets")


def test_a_warehouse_that_a_run_is_writing_is_no_fault(synced: Terminal) -> None:
    with held_open(synced) as pid:
        result = synced.run("doctor", "--offline", **CREDENTIALS)
    assert f"just being written (process {pid})" in line(result, "warehouse")
    assert result.status == 0, result.out


def test_a_file_that_is_no_warehouse_is(terminal: Terminal) -> None:
    terminal.home.mkdir()
    (terminal.home / "warehouse.duckdb").write_text("dear diary")
    result = terminal.run("doctor", "--offline", **CREDENTIALS)
    assert line(result, "warehouse").startswith("✗ warehouse")
    assert result.status == 1


def test_a_landing_that_cannot_be_written_is_broken(terminal: Terminal) -> None:
    blocked = terminal.folder / "a-file"
    blocked.write_text("")
    result = terminal.run(
        "doctor", "--offline", STRAVA_ASSETS_LANDING_URL=str(blocked / "landing"), **CREDENTIALS
    )
    assert line(result, "landing").startswith("✗ landing")
    assert "Make the folder or bucket writable" in line(result, "landing")


@pytest.mark.parametrize("place", ["landing", "streams"])
def test_files_that_are_not_the_projects_are_named(synced: Terminal, place: str) -> None:
    folder = synced.home / place
    for name in ("0-taxes.txt", "1.txt", "2.txt", "3.txt", "2019 holiday/beach.jpg", "Zoo/[cat].jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    result = synced.run("doctor", "--offline", **CREDENTIALS)
    assert result.status == 0
    finding = line(result, "foreign")
    assert finding.startswith("! foreign")
    assert f"in {folder}: 0-taxes.txt, 1.txt, 2.txt, 2019 holiday/, 3.txt and 1 more." in finding


def test_held_back_deletions_are_told_with_the_command_that_confirms_them(synced: Terminal) -> None:
    landing = Landing(str(synced.home / "landing"))
    [manifest] = landing.manifests()
    landing.conclude(manifest, Conclusion(deleted=(), held_back=("1", "2", "3")))
    finding = line(synced.run("doctor", "--offline", **CREDENTIALS), "deletions")
    assert finding.startswith("! deletions    3 activities")
    assert "--confirm-deletions" in finding


def test_records_set_aside_are_counted_with_the_last_reason(synced: Terminal) -> None:
    with duckdb.connect(synced.home / "warehouse.duckdb") as connection:
        connection.execute(
            "INSERT INTO rejected_records (record_hash, reason, record, source, batch_id, fetched_at)"
            " VALUES ('h', 'distance is [text]', '{}', 'api', 'b', now())"
        )
    finding = line(synced.run("doctor", "--offline", **CREDENTIALS), "records")
    assert "1 record could not be read" in finding
    assert "distance is [text]" in finding


@pytest.mark.deep
def test_a_failed_run_is_told_in_its_own_words_until_one_succeeds(
    terminal: Terminal, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault.inactive_subscription, times=None)
    assert terminal.at(strava).run("sync", **CREDENTIALS).status == 1
    result = terminal.run("doctor", "--offline", **CREDENTIALS)
    assert result.status == 1
    assert line(result, "last run").startswith("✗ last run     Failed")
    assert "reactivate it at https://www.strava.com/settings/api" in line(result, "last run")
    assert "There was none yet" in line(result, "last sync")


def test_a_damaged_dagster_home_does_not_keep_the_rest_from_being_told(synced: Terminal) -> None:
    (synced.home / "dagster" / "dagster.yaml").write_text("storage: [")
    result = synced.run("doctor", "--offline", **CREDENTIALS)
    assert result.status == 1
    assert line(result, "dagster").startswith("✗ dagster")
    assert line(result, "warehouse").startswith("✓")


def test_env_file_credentials_reach_every_command(terminal: Terminal) -> None:
    text = "\n".join(f"{name}={value}" for name, value in CREDENTIALS.items())
    (terminal.folder / ".env").write_text(text)
    result = terminal.run("doctor", "--offline")
    assert line(result, "secrets").startswith("✓ secrets      Set in the environment"), result.out


def test_it_says_how_far_streams_have_come_and_when_all_will_be_there(synced: Terminal) -> None:
    done = dg.MetadataValue.timestamp(datetime(2026, 12, 3, 18, tzinfo=UTC))
    stopped = dg.AssetMaterialization(
        "activity_streams", metadata={"with_streams": 5, "remaining": 1_702, "expected_done": done}
    )
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(stopped)
    finding = line(synced.run("doctor", "--offline"), "fetching")
    assert finding.startswith("✓")
    assert "5 activities have their streams, 1,702 are waiting" in finding
    assert "all are there by 2026-12-03 18:00 UTC" in finding


def test_where_all_streams_are_there_it_says_so(synced: Terminal) -> None:
    assert "none is waiting" in line(synced.run("doctor", "--offline"), "fetching")


def test_a_streams_folder_that_cannot_be_used_is_reported_with_its_remedy(synced: Terminal) -> None:
    (synced.folder / "file").write_text("in the way")
    result = synced.run(
        "doctor", "--offline", STRAVA_ASSETS_STREAMS_URL=str(synced.folder / "file" / "streams")
    )
    assert line(result, "streams").startswith("✗")
    assert "STRAVA_ASSETS_STREAMS_URL" in line(result, "streams")
    assert result.status == 1


def test_a_damaged_recording_is_told_with_its_file(synced: Terminal) -> None:
    part = next((synced.home / "streams").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-20])
    result = synced.run("doctor", "--offline")
    assert line(result, "streams").startswith("✗")
    assert part.name in line(result, "streams")


def test_it_says_where_tables_are_published_how_many_and_how_new(synced: Terminal) -> None:
    finding = line(synced.run("doctor", "--offline"), "published")
    assert finding.startswith("✓")
    assert f"{synced.home / 'published'} can be written, as parquet: 16 tables, the newest of 20" in finding


def test_a_place_for_published_tables_that_cannot_be_used_is_reported_with_its_remedy(
    synced: Terminal,
) -> None:
    (synced.folder / "file").write_text("")
    place = str(synced.folder / "file" / "published")
    finding = line(synced.run("doctor", "--offline", STRAVA_ASSETS_PUBLISH_URL=place), "published")
    assert finding.startswith("✗")
    assert "STRAVA_ASSETS_PUBLISH_URL" in finding
