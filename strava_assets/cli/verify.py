"""`strava-assets verify`: compares the table with a rebuild, and all stored files with their digests."""

from __future__ import annotations

import sys
import traceback

import click

from strava_assets.errors import StravaAssetsError
from strava_assets.plurals import counted

DIFFERENT, FAILED, INTERRUPTED = 1, 2, 130


@click.command("verify")
def command() -> None:
    """Compare what is stored with its digests and with a rebuild.

    Nothing is changed, and no requests are sent to Strava.

    The table is rebuilt from the landing into a scratch file and compared row by row. Every landed page and
    every recording is read and compared with its digest.

    The exit status is 0 without differences, 1 with differences, and 2 if the data could not be verified.
    """
    try:
        differences = _verify()
    except StravaAssetsError as error:
        from strava_assets.cli.console import show_error

        show_error(error)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001 - the exit status must differ from that of a difference
        traceback.print_exc()
        sys.exit(FAILED)
    sys.exit(DIFFERENT if differences else 0)


def _verify() -> int:
    """Verify everything, print the results, and return the number of differences."""
    from strava_assets.cli.console import say
    from strava_assets.cli.verification import has_stored_data, results, say_result, show_progress
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    if not has_stored_data(settings):
        say("ok", "There is nothing to verify yet: there are no landed batches and no recordings.")
        return 0
    counts = []
    with show_progress() as progress:
        for result in results(settings, progress):
            counts.append(result.differences)
            say_result(result)
    if differences := sum(counts):
        say("broken", f"{counted(differences, 'difference')} found.")
    else:
        say("ok", "Everything stored is as it was received, and the tables are what a rebuild would make.")
    return differences
