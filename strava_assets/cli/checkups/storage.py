"""Checks the places of the data: the landing, the recordings, and the warehouse with its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets import wiring
from strava_assets.cli.checkups.finding import Finding, failed, ok, warning
from strava_assets.cli.console import name_some
from strava_assets.errors import StravaAssetsError
from strava_assets.plurals import counted
from strava_assets.shards import missing_shards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings

SYNC = "Run strava-assets sync"
NO_DATA = "There is no data yet."

_HOLDS = """
SELECT
  COUNTIF(deleted_at IS NULL) AS active,
  COUNTIF(deleted_at IS NOT NULL) AS deleted,
  MAX(IF(deleted_at IS NULL, activity_date, NULL)) AS newest
FROM bq_activities
"""
_REJECTED = "SELECT reason FROM rejected_records ORDER BY fetched_at DESC"


def look_at_landing(settings: Settings) -> Iterator[Finding]:
    """Whether it can be written and read, and whether deletions wait for confirmation."""
    from strava_assets.history import deletions

    landing = wiring.landing(settings)
    try:
        landing.check_writable()
        manifests = landing.manifests()
    except StravaAssetsError as error:
        yield failed("landing", error)
        return
    holds = counted(len(manifests), "batch", "batches") if manifests else "still empty"
    yield ok("landing", f"{settings.landing_address} can be written: {holds}.")
    yield from _foreign(settings.landing_address, landing.foreign_files())
    if held_back := len(deletions.held_back(landing, manifests)):
        yield warning(
            "deletions",
            f"{counted(held_back, 'activity', 'activities')} that Strava no longer lists: kept, as so many "
            "at once may be a fault.",
            f"{SYNC} --full --confirm-deletions if they are really gone.",
        )


def look_at_streams(settings: Settings) -> Iterator[Finding]:
    """Whether their folder can be written and read, and what it holds. runs.py checks the progress."""
    store = wiring.stream_store(settings)
    try:
        store.check_writable()
        statuses = [entry.status for entry in store.entries().values()]
    except StravaAssetsError as error:
        yield failed("streams", error)
        return
    holds = counted(statuses.count("stored"), "recording") if statuses else "still empty"
    none = "; none are fetched, as set" if settings.streams == "none" else ""
    yield ok("streams", f"{settings.streams_address} can be written: {holds}{none}.")
    yield from _foreign(settings.streams_address, store.foreign_files())
    if unreadable := statuses.count("unreadable"):
        message = f"{counted(unreadable, 'recording')} could not be read."
        yield warning("recordings", message, "See the reasons in the table activity_streams.")


def look_at_published(settings: Settings) -> Iterator[Finding]:
    """Where tables for other tools are, how many, and how new."""
    from strava_assets.published.publisher import shard_folders

    publisher = wiring.publisher(settings)
    if publisher is None:
        yield ok("published", "No tables are published, as set.")
        return
    try:
        publisher.check_writable()
        tables = [table for name in publisher.names() if (table := publisher.stored(name))]
        foreign = publisher.foreign_files()
        lacking = missing_shards(shard_folders(settings.publish_root))
    except StravaAssetsError as error:
        yield failed("published", error)
        return
    newest = max((table.published_at for table in tables if table.published_at), default=None)
    holds = f"{counted(len(tables), 'table')}" if tables else "still empty"
    changed = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
    yield ok("published", f"{publisher.url} can be written, as {settings.publish_kind}: {holds}{changed}.")
    yield from _foreign(publisher.url, foreign)
    if lacking:
        yield warning(
            "shards",
            f"{settings.publish_root}: {lacking}",
            "Run the missing shards (STRAVA_ASSETS_SHARD), or remove the folders of an earlier division.",
        )


def look_at_warehouse(settings: Settings) -> Iterator[Finding]:
    """Whether it can be read, what it holds, and what could not be loaded."""
    from strava_assets.warehouse.duckdb_file import WarehouseLockedError, WarehouseMissingError

    location = wiring.warehouse(settings)
    try:
        location.fetch()
        with location.open(read_only=True, wait_for_lock_s=0) as engine:
            if not engine.exists("bq_activities"):
                yield warning("warehouse", NO_DATA, f"{SYNC}.")
                return
            [holds] = engine.query(_HOLDS).to_pylist()
            rejected = engine.query(_REJECTED).to_pylist() if engine.exists("rejected_records") else []
            yield _held(engine.address, holds)
    except WarehouseMissingError:
        yield warning("warehouse", NO_DATA, f"{SYNC}.")
    except WarehouseLockedError as error:
        # This is not an error: a run is writing.
        holder = f" (process {error.pid})" if error.pid else ""
        yield ok("warehouse", f"{location.address} is just being written{holder}; not looked into.")
    except StravaAssetsError as error:
        yield failed("warehouse", error)
    else:
        if rejected:
            count = counted(len(rejected), "record")
            message = f"{count} could not be read; the last: {rejected[0]['reason']}"
            remedy = "See the table rejected_records. They are loaded as soon as they can be read."
            yield warning("records", message, remedy)


def _foreign(address: str, names: list[str]) -> Iterator[Finding]:
    if names:
        yield warning(
            "foreign",
            f"Not this project's, in {address}: {name_some(names)}. Nothing reads or removes it.",
            "Move it elsewhere if it is there by mistake.",
        )


def _held(address: str, holds: dict[str, Any]) -> Finding:
    if not holds["active"] and not holds["deleted"]:
        return warning("warehouse", NO_DATA, f"{SYNC}.")
    deleted = f", {holds['deleted']:,} deleted ones kept" if holds["deleted"] else ""
    return ok(
        "warehouse", f"{address} holds {holds['active']:,} activities until {holds['newest']}{deleted}."
    )
