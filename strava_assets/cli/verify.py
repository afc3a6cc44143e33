"""`strava-assets verify`: compares the table with its rebuild and every stored file with its digest."""

from __future__ import annotations

import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.history.verify import PlaceResult

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
    from strava_assets.cli.verification import is_anything_stored, results
    from strava_assets.settings import load_settings

    settings = load_settings()
    if not is_anything_stored(settings):
        say("ok", "There is nothing to verify yet: no batch has landed, and no recording is kept.")
        return 0
    counts = []
    with _progress() as progress:
        for result in results(settings, progress):
            counts.append(result.differences)
            _say(result)
    return sum(counts)


def _say(result: PlaceResult) -> None:
    from strava_assets.cli.console import say

    if not result.differences:
        say("ok", f"{result.place}: {result.checked} Nothing differs.")
        return
    named = list(result.named)
    counted = "1 difference:" if result.differences == 1 else f"{result.differences:,} differences:"
    say("broken", f"{result.place}: {f'{result.checked} {counted}' if result.checked else named.pop(0)}")
    for sentence in named:
        say("step", sentence)
    if more := result.differences - len(result.named):
        say("step", f"And {more:,} more.")
    if result.remedy:
        say("step", f"What to do: {result.remedy}")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Lines that show how far it is, and are gone afterwards."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from strava_assets.cli.console import console

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    hidden = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=hidden) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show
