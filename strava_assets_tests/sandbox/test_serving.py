"""Starting and stopping: in a test's thread, and in the foreground as the command line does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Fault, Sandbox, serve
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from pathlib import Path

FOREGROUND = """
import json, sys
from pathlib import Path
from strava_assets.sandbox import run_sandbox
options = json.loads(sys.argv[1])
activities = options.pop("activities", None)
run_sandbox(**options, activities=Path(activities) if activities else None,
    ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with (
        serve(Sandbox()) as server,
        pytest.raises(StravaAssetsError) as refused,
        serve(Sandbox(), server.port),
    ):
        pass
    assert f"Port {server.port} is used by another program" in str(refused.value)
    assert f"--port {server.port + 1}" in str(refused.value)


def test_two_sandboxes_do_not_know_of_each_other() -> None:
    with serve(Sandbox.many(3)) as one, serve(Sandbox.many(5)) as other:
        assert requests.get(f"{one.base_url}/admin/state", timeout=5).json()["activities"] == 3
        assert requests.get(f"{other.base_url}/admin/state", timeout=5).json()["activities"] == 5


def test_a_sandbox_can_be_served_again_on_the_same_port() -> None:
    sandbox = Sandbox()
    with serve(sandbox) as server:
        port = server.port
    with serve(sandbox, port) as again:
        assert requests.get(f"{again.base_url}/admin/state", timeout=5).ok


def test_closing_does_not_wait_for_a_request_that_is_never_answered() -> None:
    sandbox = Sandbox()
    sandbox.faults.add(Fault.timeout)
    with serve(sandbox) as server, requests.Session() as session, pytest.raises(requests.ReadTimeout):
        session.get(f"{server.base_url}/athlete", timeout=0.1)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.base_url}/athlete", timeout=1)


def test_the_command_imports_neither_dagster_nor_an_engine_nor_google(tmp_path: Path) -> None:
    # Python writes a line for each module that it imports.
    imports = tmp_path / "imports.txt"
    program = "from strava_assets.cli import main; main()"
    command = [sys.executable, "-X", "importtime", "-c", program, "sandbox", "--port", "0"]
    home = os.environ | {"STRAVA_ASSETS_HOME": str(tmp_path)}
    with (
        imports.open("w") as written,
        Child(command, stdout=subprocess.PIPE, stderr=written, text=True, env=home) as process,
    ):
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        try:
            with requests.Session() as session:
                form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "refresh_token"}
                token = session.post(
                    f"{base_url}/oauth/token", data=form | {"refresh_token": REFRESH_TOKEN}, timeout=5
                ).json()["access_token"]
                session.headers["Authorization"] = f"Bearer {token}"
                newest = session.get(f"{base_url}/athlete/activities", timeout=120).json()[0]["id"]
                for path in (
                    f"/activities/{newest}",
                    f"/activities/{newest}/streams?keys=time",
                    "/athlete/zones",
                ):
                    assert session.get(base_url + path, timeout=120).status_code in (200, 404)
        finally:
            os.kill(process.pid, signal.SIGINT)
    modules = {line.rpartition("|")[2].strip() for line in imports.read_text().splitlines()}
    assert "strava_assets.sandbox.api" in modules
    packages = {module.partition(".")[0] for module in modules}
    assert not packages & {
        "dagster",
        "duckdb",
        "pandas",
        "pyarrow",
        "google",
        "sqlglot",
        "fsspec",
        "pydantic",
    }


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    recorded = tmp_path / "activities.json"
    recorded.write_text(json.dumps(Sandbox.many(4).history.records()))
    options = {"port": 0, "athlete_seed": 1, "limits": False, "faults": ["unavailable@list"]}
    command = [sys.executable, "-c", FOREGROUND, json.dumps(options | {"activities": str(recorded)})]
    with Child(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        try:
            state = requests.get(f"{base_url}/admin/state", timeout=5).json()
        finally:
            os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "stopped\n"
    assert process.returncode == 0
    assert state["activities"] == 4
    assert state["limits"] is None
    assert state["faults"] == [{"fault": "unavailable", "on": "list", "times": None, "after": 0}]
    assert state["tokens"]["rotate_refresh_token"] is False
