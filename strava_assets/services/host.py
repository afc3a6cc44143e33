"""The process of the daemon, and of the web UI where there is one: together they share their memory."""

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

WATCH_INTERVAL_S = 10


def main() -> None:
    """Run the daemon, and serve the UI, until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The reading end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--socket", type=Path, required=True, help="Where the code server listens.")
    parser.add_argument("--port", type=int, help="Where the UI listens; none without it.")
    parser.add_argument("--host", help="The address of this machine that it listens on.")
    parser.add_argument("--path-prefix", default="", help="Where a proxy serves it.")
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
    from strava_assets.web.app import open_workspace

    socket = str(options.socket)
    target = GrpcServerTarget(host="localhost", socket=socket, port=None, location_name="strava_assets")
    with (
        open_instance() as instance,
        ExitStack() as stack,
        open_workspace(instance, target) as workspace,
        DagsterDaemonController(workspace, _daemons(instance, stack)) as controller,
    ):
        if options.port is None:
            _watch(controller)
        else:
            threading.Thread(target=_end_with, args=(controller,), name="watch", daemon=True).start()
            _serve_ui(workspace, options)


def _daemons(instance: dg.DagsterInstance, stack: ExitStack) -> list[DagsterDaemon[Any]]:
    """Dagster's daemons; two of them look less often than they would, for a machine that idles for years."""
    from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
    from dagster._daemon.controller import create_daemon_of_type
    from dagster._daemon.freshness import FreshnessDaemon

    calm: dict[str, DagsterDaemon[Any]] = {
        # Starts a crashed run again.
        "EVENT_LOG_CONSUMER": EventLogConsumerDaemon(interval_seconds=20),
        # Our data is fresh for hours.
        "FRESHNESS_DAEMON": FreshnessDaemon(interval_seconds=600),
    }
    return [
        stack.enter_context(calm.get(kind) or create_daemon_of_type(kind, instance))
        for kind in instance.get_required_daemon_types()
    ]


def _watch(controller: DagsterDaemonController) -> None:
    """Wait until one of the daemon's threads has ended, which raises.

    Dagster's own loop also loads the definitions anew every minute; ours change with a restart alone.
    """
    while True:
        time.sleep(WATCH_INTERVAL_S)
        controller.check_daemon_threads()


def _end_with(controller: DagsterDaemonController) -> None:
    """End the whole process when one of the daemon's threads has ended: `up` starts it again."""
    try:
        _watch(controller)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_ui(workspace: IWorkspaceProcessContext[Any], options: argparse.Namespace) -> None:
    from strava_assets.settings import load_settings
    from strava_assets.web.app import build_app
    from strava_assets.web.serving import open_listener, serve

    settings = load_settings()
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
