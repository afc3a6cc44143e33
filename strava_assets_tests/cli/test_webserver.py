"""`strava-assets webserver` as a process: it answers, it is guarded, and it ends without leaving anything."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.cli.started import processes_in, running_command
from strava_assets_tests.free_ports import free_port
from strava_assets_tests.web.requesting import request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command sets them for its whole process, which in some tests is this one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_ui_and_report_at_the_prefix_until_it_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    page = tmp_path / "data" / "report" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("the page")
    options = ("--port", str(port), "--path-prefix", "rides")
    with running_command(tmp_path, *options, command="webserver") as web:
        web.read_until("The report:")
        # The port is open from here on; a request waits until the UI is there.
        assert "dagster_version" in request(port, "/rides/server_info").text
        assert request(port, "/rides/report/").text == "the page"
        assert request(port, "/rides/", hosts=["evil.example"]).status == 403
        assert request(port, "/rides/graphql?query={version}").status == 403
        web.process.send_signal(number)
        assert web.wait() == 0, web.out
    assert web.out.splitlines()[-2:] == [
        f"The Dagster UI: http://127.0.0.1:{port}/rides/",
        f"The report:     http://127.0.0.1:{port}/rides/report/",
    ]
    assert processes_in(tmp_path) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - refused before anything listens
def test_other_machines_do_not_reach_it_before_a_name_is_configured(terminal: Terminal, host: str) -> None:
    refused = terminal.run("webserver", "--host", host)
    assert refused.status == 1
    assert f"Other machines could reach the web UI on {host}" in refused.err
    assert "There is no login" in refused.err
    assert "STRAVA_ASSETS_ALLOWED_HOSTS" in refused.err


@pytest.mark.deep
def test_with_a_name_configured_it_warns_and_is_reached_under_that_name_alone(tmp_path: Path) -> None:
    port = free_port()
    options = ("--host", "0.0.0.0", "--port", str(port))  # noqa: S104 - what is tried here
    with running_command(
        tmp_path, *options, command="webserver", STRAVA_ASSETS_ALLOWED_HOSTS="nas.local"
    ) as web:
        web.read_until("The report:")
        assert "! Other machines can reach the web UI on 0.0.0.0. There is no login" in web.out
        assert request(port, "/server_info", hosts=[f"nas.local:{port}"]).status == 200
        assert request(port, "/server_info", hosts=[f"other.local:{port}"]).status == 403
        web.process.send_signal(signal.SIGTERM)
        assert web.wait() == 0, web.out


def test_a_taken_port_and_an_odd_prefix_are_told(terminal: Terminal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} is used by another program" in terminal.run("webserver", "--port", str(port)).err
    assert "--path-prefix /rides" in terminal.run("webserver", "--path-prefix", "/../x").err


def test_a_workspace_of_ones_own_needs_a_dagster_home_of_ones_own(terminal: Terminal) -> None:
    workspace = str(ROOT / "deploy" / "server" / "workspace.yaml")
    refused = terminal.run("webserver", "--workspace", workspace, "--port", str(free_port()), DAGSTER_HOME="")
    assert refused.status == 1
    assert "DAGSTER_HOME is not set" in refused.err
