"""The process of the code location: UI and daemon connect to it, and it starts the runs."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from strava_assets.cli.signals import stop_on_signals
from strava_assets.services.lifeline import tie_to_parent
from strava_assets.setting_paths import local_path

LOOK_EVERY_S = 10.0
# A look into a bucket costs money.
LOOK_INTO_BUCKET_EVERY_S = 60.0


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

        _complete_index()
        _align_partitions()
        threading.Thread(target=_end_when_partitions_change, name="athletes", daemon=True).start()
        # By default gRPC's server wakes up ten times a second, which takes half a percent of a core.
        grpc._common.MAXIMUM_WAIT_TIMEOUT = 60.0  # noqa: SLF001 - there is no public setting
        module = ["--module-name", "strava_assets.definitions", "--location-name", "strava_assets"]
        options.socket.unlink(missing_ok=True)
        try:
            cli(["api", "grpc", *module, "--socket", str(options.socket), "--log-level", "warning"])
        finally:
            lock.release()


def _complete_index() -> None:
    """List athletes who are missing in the index, before the definitions load, which read it."""
    from strava_assets import wiring
    from strava_assets.settings_reader import load_settings

    wiring.complete_index(load_settings())


def _align_partitions() -> None:
    """Make the instance's partitions those of the index, so that runs can be launched for each athlete.

    Dagster's database is created if it is missing.
    """
    from strava_assets import wiring
    from strava_assets.assets.athlete_partitions import align_partitions
    from strava_assets.errors import StravaAssetsError
    from strava_assets.execution.recovery import open_instance
    from strava_assets.settings_reader import load_settings

    # An index that cannot be read is reported when the definitions load.
    with open_instance() as instance, suppress(StravaAssetsError):
        align_partitions(instance, wiring.athlete_index(load_settings()).athlete_ids())


def _end_when_partitions_change() -> None:
    """End the process once one athlete has become several, or the other way; `up` starts it again.

    The definitions of a running process do not change. A run that is going on is left to end first. Where a
    third athlete comes, only a partition is added.
    """
    from strava_assets import wiring
    from strava_assets.errors import StravaAssetsError
    from strava_assets.execution.recovery import is_running_something, open_instance
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    every_s = LOOK_EVERY_S if local_path(settings.landing_address) else LOOK_INTO_BUCKET_EVERY_S
    loaded = aligned = wiring.athlete_index(settings).athlete_ids()
    while True:
        time.sleep(every_s)
        # While the list cannot be read, everything goes on as it is.
        with suppress(StravaAssetsError):
            athlete_ids = wiring.athlete_index(settings).athlete_ids()
            if (len(athlete_ids) > 1) != (len(loaded) > 1):
                with open_instance() as instance:
                    if not is_running_something(instance):
                        os.kill(os.getpid(), signal.SIGTERM)
                        return
            elif athlete_ids != aligned:
                _align_partitions()
                aligned = athlete_ids


if __name__ == "__main__":
    main()
