"""`strava-assets verify`: compares the table with a rebuild, and all stored files with their digests."""

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
    """Check the integrity of the stored data, without changes and without requests to Strava.

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
    from strava_assets.cli.verification import has_stored_data, results
    from strava_assets.settings import load_settings

    settings = load_settings()
    if not has_stored_data(settings):
        say("ok", "There is nothing to verify yet: there are no landed batches and no recordings.")
        return 0
    counts = []
    with _progress() as progress:
        for result in results(settings, progress):
            counts.append(result.differences)
            _print_result(result)
    return sum(counts)


def _print_result(result: PlaceResult) -> None:
    from strava_assets.cli.console import say

    if not result.differences:
        say("ok", f"{result.place}: {result.checked} Nothing differs.")
        return
    details = list(result.named)
    count = "1 difference:" if result.differences == 1 else f"{result.differences:,} differences:"
    say("broken", f"{result.place}: {f'{result.checked} {count}' if result.checked else details.pop(0)}")
    for sentence in details:
        say("step", sentence)
    if more := result.differences - len(result.named):
        say("step", f"And {more:,} more.")
    if result.remedy:
        say("step", f"What to do: {result.remedy}")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Progress bars that are removed at the end."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from strava_assets.cli.console import console

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    hidden = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=hidden) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, completed: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=completed, total=total)

        yield show
