"""The process of the code location: UI and daemon connect to it, and it starts the runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from strava_assets.cli.signals import stop_on_signals
from strava_assets.services.lifeline import tie_to_parent


def main() -> None:
    """Serve the definitions on a Unix socket until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The read end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--socket", type=Path, required=True, help="The socket to listen on.")
    options = parser.parse_args()
    with stop_on_signals():
        lock = tie_to_parent(options.lifeline, options.lock)

        import grpc._common
        from dagster._cli import cli

        from strava_assets.execution.recovery import open_instance

        with open_instance():
            pass
        # By default gRPC's server wakes up ten times a second, which takes half a percent of a core.
        grpc._common.MAXIMUM_WAIT_TIMEOUT = 60.0  # noqa: SLF001 - there is no public setting
        module = ["--module-name", "strava_assets.definitions", "--location-name", "strava_assets"]
        options.socket.unlink(missing_ok=True)
        try:
            cli(["api", "grpc", *module, "--socket", str(options.socket), "--log-level", "warning"])
        finally:
            lock.release()


if __name__ == "__main__":
    main()
