"""The one process that holds the code location: the UI and the daemon ask it, and it starts the runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from strava_assets.cli.signals import heeded_signals
from strava_assets.services.lifeline import tie_to_parent


def main() -> None:
    """Serve the definitions on a Unix socket until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The reading end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--socket", type=Path, required=True, help="Where it listens.")
    options = parser.parse_args()
    with heeded_signals():
        lock = tie_to_parent(options.lifeline, options.lock)

        import grpc._common
        from dagster._cli import cli

        from strava_assets.execution.recovery import open_instance

        with open_instance():
            pass
        # While it waits for its end, gRPC's server would wake ten times a second, half a percent of a core.
        grpc._common.MAXIMUM_WAIT_TIMEOUT = 60.0  # noqa: SLF001 - it has no public setting
        module = ["--module-name", "strava_assets.definitions", "--location-name", "strava_assets"]
        options.socket.unlink(missing_ok=True)
        try:
            cli(["api", "grpc", *module, "--socket", str(options.socket), "--log-level", "warning"])
        finally:
            lock.release()


if __name__ == "__main__":
    main()
