"""Verifies landing, table and streams with a scratch warehouse that is removed afterwards."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.cli.own_files import IN_SCRATCH_FOLDER, remove_files, scratch_folders
from strava_assets.errors import ConfigurationError
from strava_assets.settings import WarehouseKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from strava_assets.history.verify import PlaceResult
    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse

WAIT_FOR_LOCK_S = 30.0
_ABANDONED_AFTER_S = 86_400


def has_stored_data(settings: Settings) -> bool:
    """Whether there is anything to verify.

    Raises:
        StravaAssetsError: A location cannot be read.
    """
    from strava_assets.landing import DamagedFileError, Landing
    from strava_assets.streams import StreamStore

    if settings.warehouse_kind is not WarehouseKind.DUCKDB or settings.duckdb_path.exists():
        return True
    try:
        batches = Landing(settings.landing_address).manifests()
    except DamagedFileError:
        return True
    return bool(batches or StreamStore(settings.streams_address).athletes())


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
    from strava_assets.landing import Landing
    from strava_assets.streams import StreamStore

    verifier = HistoryVerifier(
        Landing(settings.landing_address),
        _opening(settings),
        week_start=settings.week_start.value,
        expires=bool(settings.retention_days),
        progress=progress,
    )
    with _scratch_warehouse(settings) as scratch:
        yield from verifier.verify(scratch, datetime.now(UTC))
    yield verify_streams(StreamStore(settings.streams_address), progress)


def _opening(settings: Settings) -> Callable[[], AbstractContextManager[Warehouse]] | None:
    """A function that opens the warehouse for reading, or None if the DuckDB file does not exist."""
    if settings.warehouse_kind is WarehouseKind.DUCKDB:
        from strava_assets.warehouse.duckdb import DuckDBWarehouse

        path = settings.duckdb_path.absolute()
        if not path.exists():
            return None
        return lambda: DuckDBWarehouse(
            path,
            memory_limit=settings.duckdb_memory_limit,
            read_only=True,
            wait_for_lock_s=WAIT_FOR_LOCK_S,
        )

    def open_bigquery() -> Warehouse:
        from strava_assets.definitions import build_resources

        engine: Warehouse = build_resources(settings)["warehouse"].open()
        return engine

    return open_bigquery


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
        path = folder / "scratch.duckdb"
        with DuckDBWarehouse(path, memory_limit=settings.duckdb_memory_limit) as scratch:
            yield scratch
    finally:
        remove_files(folder, IN_SCRATCH_FOLDER)


def _remove_abandoned(home: Path) -> None:
    """Remove the scratch folders of killed `verify` commands."""
    for folder in scratch_folders(home):
        if folder.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
            remove_files(folder, IN_SCRATCH_FOLDER)
