"""Verifies landing, table and streams with a scratch warehouse that is removed afterwards.

Prints results and progress, for every command that compares.
"""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.own_files import IN_SCRATCH_FOLDER, remove_files, scratch_folders
from strava_assets.errors import ConfigurationError
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from strava_assets.history.verify import PlaceResult
    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse
    from strava_assets.warehouse.locations import WarehouseLocation

WAIT_FOR_LOCK_S = 30.0
_ABANDONED_AFTER_S = 86_400


def has_stored_data(settings: Settings) -> bool:
    """Whether there is anything to verify.

    Raises:
        StravaAssetsError: A location cannot be read.
    """
    from strava_assets.landing import DamagedFileError

    location = wiring.warehouse(settings)
    location.fetch()
    if location.exists():
        return True
    try:
        batches = wiring.landing(settings).manifests()
    except DamagedFileError:
        return True
    return bool(batches or wiring.stream_store(settings).athletes())


def results(
    settings: Settings, progress: Callable[[str, int, int | None], None] = lambda _name, _done, _total: None
) -> Iterator[PlaceResult]:
    """Verify landing, table and streams, one after the other, without changing them.

    Args:
        settings: Their locations.
        progress: Called with the name of the task, the completed amount, and the total if it is known.

    Raises:
        StravaAssetsError: A location cannot be read, or a sync ran at the same time.
    """
    from strava_assets.history.verify import HistoryVerifier, verify_streams

    location = wiring.warehouse(settings)
    location.fetch()
    verifier = HistoryVerifier(
        wiring.landing(settings),
        _opener(location),
        week_start=settings.week_start.value,
        expires=bool(settings.retention_days),
        progress=progress,
    )
    with _scratch_warehouse(settings) as scratch:
        yield from verifier.verify(scratch, datetime.now(UTC))
    yield verify_streams(wiring.stream_store(settings), progress)


def _opener(location: WarehouseLocation) -> Callable[[], Warehouse] | None:
    """What opens the warehouse for reading; None where there is none yet."""
    if not location.exists():
        return None
    return partial(location.open, read_only=True, wait_for_lock_s=WAIT_FOR_LOCK_S)


def say_result(result: PlaceResult) -> None:
    """Print what comparing one place showed: a line, and one for each of the first differences."""
    from strava_assets.cli.console import say

    if not result.differences:
        say("ok", f"{result.place}: {result.checked} Nothing differs.")
        return
    named = list(result.named)
    count = f"{counted(result.differences, 'difference')}:"
    say("broken", f"{result.place}: {f'{result.checked} {count}' if result.checked else named.pop(0)}")
    for sentence in named:
        say("step", sentence)
    if more := result.differences - len(result.named):
        say("step", f"And {more:,} more.")
    if result.remedy:
        say("step", f"What to do: {result.remedy}")


@contextmanager
def show_progress() -> Iterator[Callable[[str, int, int | None], None]]:
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


@contextmanager
def _scratch_warehouse(settings: Settings) -> Iterator[Warehouse]:
    from strava_assets.warehouse.duckdb import DuckDBWarehouse

    home = settings.home.absolute()
    _remove_abandoned(home)
    folder = home / f"verify-{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be created: {error.strerror}.",
            means="The table is rebuilt there for the comparison. Nothing was changed.",
            remedy="Make the home writable, or set STRAVA_ASSETS_HOME to another folder.",
        ) from None
    try:
        with DuckDBWarehouse(folder / "scratch.duckdb", memory_limit=settings.duckdb_memory_limit) as scratch:
            yield scratch
    finally:
        remove_files(folder, IN_SCRATCH_FOLDER)


def _remove_abandoned(home: Path) -> None:
    """Remove the scratch folders of killed `verify` commands."""
    for folder in scratch_folders(home):
        if folder.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
            remove_files(folder, IN_SCRATCH_FOLDER)
