"""The process of the daemon, and of the web UI where there is one: together they share their memory."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.cli.signals import heeded_signals
from strava_assets.services.lifeline import tie_to_parent

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.workspace.load_target import WorkspaceLoadTarget
    from dagster._daemon.controller import DagsterDaemonController


def main() -> None:
    """Run the daemon, and serve the UI, until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The reading end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--socket", type=Path, required=True, help="Where the code server listens.")
    parser.add_argument("--port", type=int, help="Where the UI listens; none without it.")
    options = parser.parse_args()
    with heeded_signals():
        lock = tie_to_parent(options.lifeline, options.lock)
        try:
            _serve(options.socket, options.port)
        except KeyboardInterrupt:
            pass
        finally:
            lock.release()


def _serve(socket: Path, port: int | None) -> None:
    from dagster._core.workspace.load_target import GrpcServerTarget
    from dagster._daemon.controller import daemon_controller_from_instance

    from strava_assets.execution.recovery import open_instance

    target = GrpcServerTarget(host="localhost", socket=str(socket), port=None, location_name="strava_assets")
    with (
        open_instance() as instance,
        daemon_controller_from_instance(instance, target, log_level="warning") as controller,
    ):
        if port is None:
            controller.check_daemon_loop()
        else:
            threading.Thread(target=_watch, args=(controller,), name="daemon", daemon=True).start()
            _serve_ui(instance, target, port)


def _watch(controller: DagsterDaemonController) -> None:
    """End the whole process when one of the daemon's threads has ended: `up` starts it again."""
    try:
        controller.check_daemon_loop()
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_ui(instance: dg.DagsterInstance, target: WorkspaceLoadTarget, port: int) -> None:
    import asyncio

    import uvicorn
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster_webserver.app import create_app_from_workspace_process_context

    class CalmServer(uvicorn.Server):
        """Looks once a second whether it is to end, instead of ten times: it idles for years."""

        async def main_loop(self) -> None:
            while not await self.on_tick(0):  # noqa: ASYNC110 - the signal handler sets a plain attribute
                await asyncio.sleep(1)

    with WorkspaceProcessContext(instance, target) as context:
        app = create_app_from_workspace_process_context(context)
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", date_header=False)
        CalmServer(config).run()


if __name__ == "__main__":
    main()
