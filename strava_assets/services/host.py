"""The process of the daemon and, unless disabled, the web UI, which share their memory."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets.cli.main import end_with_message
from strava_assets.services.lifeline import tie_to_parent

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.workspace.context import IWorkspaceProcessContext
    from dagster._daemon.controller import DagsterDaemonController
    from dagster._daemon.daemon import DagsterDaemon

    from strava_assets.settings import Settings

WATCH_INTERVAL_S = 10
CODE_SERVER_LIMIT_S = 120
"""After this time the UI starts without it, and shows why it is not there."""
HEARTBEAT_INTERVAL_S = 120
"""The UI calls a daemon unhealthy after half an hour without one."""


def main() -> None:
    """Run the daemon and serve the UI until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The read end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--socket", type=Path, required=True, help="The socket of the code server.")
    parser.add_argument("--port", type=int, help="The port of the UI; by default there is no UI.")
    parser.add_argument("--host", help="The address that the UI listens on.")
    parser.add_argument("--path-prefix", default="", help="The path at which a proxy serves it.")
    options = parser.parse_args()
    with end_with_message():
        lock = tie_to_parent(options.lifeline, options.lock)
        with suppress(KeyboardInterrupt):
            _serve(options)
        lock.release()


def _serve(options: argparse.Namespace) -> None:
    from dagster._core.workspace.load_target import GrpcServerTarget
    from dagster._daemon.controller import DagsterDaemonController

    from strava_assets.execution.recovery import open_instance
    from strava_assets.settings_reader import load_settings
    from strava_assets.web.app import open_workspace

    settings = load_settings()
    _wake_up_less_often(has_inbox=bool(settings.inbox))
    socket = str(options.socket)
    target = GrpcServerTarget(host="localhost", socket=socket, port=None, location_name="strava_assets")
    _wait_for_code_server(socket)
    with (
        open_instance() as instance,
        ExitStack() as stack,
        open_workspace(instance, target) as workspace,
        DagsterDaemonController(
            workspace, _daemons(instance, stack), heartbeat_interval_seconds=HEARTBEAT_INTERVAL_S
        ) as controller,
    ):
        if options.port is None:
            _watch(controller)
        else:
            threading.Thread(target=_exit_with, args=(controller,), name="watch", daemon=True).start()
            _serve_ui(workspace, options, settings)


def _wait_for_code_server(socket: str) -> None:
    """Wait for the code server; without it the UI would begin with a location that failed to load."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    client = DagsterGrpcClient(host="localhost", socket=socket)
    deadline = time.monotonic() + CODE_SERVER_LIMIT_S
    while time.monotonic() < deadline:
        with suppress(DagsterUserCodeUnreachableError):
            client.ping("")
            return
        time.sleep(0.2)


def _wake_up_less_often(*, has_inbox: bool) -> None:
    """Lengthen two intervals of Dagster that have no setting, to save CPU time."""
    from dagster._daemon import sensor
    from dagster._grpc import server_watcher

    # How soon a code server that `up` has restarted is noticed; Dagster asks it every second.
    server_watcher.WATCH_INTERVAL = WATCH_INTERVAL_S
    # How often the sensors' intervals are looked at; Dagster looks every five seconds, which the inbox needs.
    if not has_inbox:
        sensor.MIN_INTERVAL_LOOP_TIME = 15


def _daemons(instance: dg.DagsterInstance, stack: ExitStack) -> list[DagsterDaemon[Any]]:
    """Dagster's daemons; two of them get a longer interval to save CPU time."""
    from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
    from dagster._daemon.controller import create_daemon_of_type
    from dagster._daemon.freshness import FreshnessDaemon

    slower: dict[str, DagsterDaemon[Any]] = {
        # Retries failed runs.
        "EVENT_LOG_CONSUMER": EventLogConsumerDaemon(interval_seconds=20),
        # The data is fresh for hours.
        "FRESHNESS_DAEMON": FreshnessDaemon(interval_seconds=600),
    }
    return [
        stack.enter_context(slower.get(kind) or create_daemon_of_type(kind, instance))
        for kind in instance.get_required_daemon_types()
    ]


def _watch(controller: DagsterDaemonController) -> None:
    """Check the daemon's threads until one has ended, which raises an exception.

    Dagster's own loop also reloads the definitions every minute; ours change only with a restart.
    """
    while True:
        time.sleep(WATCH_INTERVAL_S)
        controller.check_daemon_threads()


def _exit_with(controller: DagsterDaemonController) -> None:
    """End the process when a thread of the daemon has ended, so that `up` restarts it."""
    try:
        _watch(controller)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_ui(
    workspace: IWorkspaceProcessContext[Any], options: argparse.Namespace, settings: Settings
) -> None:
    from strava_assets.web.app import build_app
    from strava_assets.web.serving import open_listener, serve

    with open_listener(options.port, options.host, name="The web UI") as listener:
        app = build_app(
            workspace,
            allowed=settings.hosts,
            path_prefix=options.path_prefix,
            report_folder=settings.report_folder,
        )
        serve(app, listener)


if __name__ == "__main__":
    main()
