"""The server of the compose file on a real PostgreSQL: a sync launched through the UI's own API succeeds."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("dagster_postgres", reason="the extra `server` is not installed")
pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, serve
from strava_assets_tests.chain import riding
from strava_assets_tests.deploy.compose import SERVER, GraphQL, processes
from strava_assets_tests.deploy.google_storage import BUCKET, storage_emulator
from strava_assets_tests.deploy.postgres import PASSWORD, postgres, programs
from strava_assets_tests.free_ports import free_port
from strava_assets_tests.web.requesting import request

if TYPE_CHECKING:
    from pathlib import Path

LAUNCH = """
mutation ($selector: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $selector, mode: "default"}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
SELECTOR = {
    "repositoryLocationName": "strava_assets",
    "repositoryName": "__repository__",
    "jobName": "sync",
}


@pytest.mark.deep
def test_the_services_of_the_compose_file_sync_on_a_real_postgresql_and_end_when_told(tmp_path: Path) -> None:
    bin_dir = programs()
    if bin_dir is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    dagster_home, home = tmp_path / "dagster", tmp_path / "home"
    dagster_home.mkdir()
    home.mkdir()
    shutil.copy(SERVER / "dagster.yaml", dagster_home)
    code_port, ui_port = str(free_port()), str(free_port())
    replaced = {
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - what stands in the compose file, and is not used here
        "4000": code_port,
        "3000": ui_port,
        "/opt/dagster/workspace.yaml": str(SERVER / "workspace.yaml"),
    }
    with postgres(bin_dir) as database, storage_emulator() as storage, serve(riding(120)) as strava:
        environment = storage.environment | {
            "DAGSTER_HOME": str(dagster_home),
            "DAGSTER_CODE_HOST": "127.0.0.1",
            "DAGSTER_CODE_PORT": code_port,
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(database.port),
            "DAGSTER_POSTGRES_PASSWORD": PASSWORD,
            "DAGSTER_LOGS_BUCKET": BUCKET,
            "STRAVA_ASSETS_HOME": str(home),
        }
        dotenv = {
            "STRAVA_ASSETS_LANDING_URL": f"gs://{BUCKET}/landing",
            "STRAVA_ASSETS_REPORT_URL": f"gs://{BUCKET}/report",
            "STRAVA_API_BASE_URL": strava.base_url,
            "STRAVA_OAUTH_BASE_URL": f"{strava.base_url}/oauth",
            "STRAVA_CLIENT_ID": CLIENT_ID,
            "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
            "STRAVA_REFRESH_TOKEN": str(strava.sandbox.tokens.valid_refresh_token),
        }
        with processes(tmp_path, replaced, environment) as services:
            services.start("code", **dotenv)
            services.wait("code server", lambda: "Started Dagster code server" in services.output("code"))
            services.start("webserver")
            services.start("daemon")
            ui = GraphQL(f"http://127.0.0.1:{ui_port}")
            services.wait("webserver", ui.answers)
            assert request(int(ui_port), "/server_info", hosts=["evil.example"]).status == 403
            assert request(int(ui_port), "/graphql?query={version}").status == 403
            launched = ui.ask(LAUNCH, selector=SELECTOR)["launchRun"]
            assert launched["__typename"] == "LaunchRunSuccess", launched
            run_id = launched["run"]["runId"]

            def ended() -> str | None:
                status: str = ui.ask(STATUS, id=run_id)["runOrError"]["status"]
                return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

            assert services.wait("end of the run", ended) == "SUCCESS", services.output("code")
            services.wait("healthy daemons", lambda: all_healthy(ui.ask(DAEMONS)))
            assert services.terminate() == {"code": 0, "webserver": 0, "daemon": 0}
        assert database.rows("SELECT status FROM runs") == [("SUCCESS",)]
        assert any(name.endswith("manifest.json") for name in storage.names("landing/"))
        assert storage.names("report/") == ["report/index.html"]
        logs = storage.names(f"compute-logs/storage/{run_id}/")
        # Beside them lies what was uploaded while the run went on, if it took long enough.
        assert {"out", "err"} <= {name.rsplit(".", 1)[-1] for name in logs}
    # The compose file keeps nothing of what is written there.
    assert [file.name for file in dagster_home.rglob("*") if file.is_file()] == ["dagster.yaml"]


def all_healthy(answer: dict[str, Any]) -> bool:
    statuses = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(status["healthy"] for status in statuses if status["required"])
