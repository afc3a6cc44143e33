"""`strava-assets verify`: compares the table with its rebuild and every stored file with its digest."""

from __future__ import annotations

import sys
import traceback

import click

from strava_assets.errors import StravaAssetsError

DIFFERENT, FAILED, INTERRUPTED = 1, 2, 130


@click.command("verify")
def command() -> None:
    """Check that the stored data is whole. Nothing is changed, and Strava is asked nothing.

    The table is rebuilt from the landing into a scratch file and compared row by row. Every landed page and
    every recording is read and compared with its digest.

    The exit status is 0 when nothing differs, 1 when something does, 2 when it could not be verified.
    """
    try:
        differences = _verify()
    except StravaAssetsError as error:
        from strava_assets.cli.console import show_error

        show_error(error)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001 - its status must not be the one of a difference
        traceback.print_exc()
        sys.exit(FAILED)
    sys.exit(DIFFERENT if differences else 0)


def _verify() -> int:
    """Verify everything and say what was found; returns the number of differences."""
    from strava_assets.cli.console import say
    from strava_assets.cli.verification import is_anything_stored, results, say_result, show_progress
    from strava_assets.settings import load_settings

    settings = load_settings()
    if not is_anything_stored(settings):
        say("ok", "There is nothing to verify yet: no batch has landed, and no recording is kept.")
        return 0
    counts = []
    with show_progress() as progress:
        for result in results(settings, progress):
            counts.append(result.differences)
            say_result(result)
    return sum(counts)
