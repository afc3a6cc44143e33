"""Takes away everything that is kept of one athlete: tables, landed answers, streams, report, runs.

Asking first is the command's, the tokens are `logout`'s. Run again after a crash, it completes what was
begun.
"""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.errors import StravaAssetsError
from strava_assets.landing import Landing
from strava_assets.settings import WarehouseKind
from strava_assets.streams import StreamStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse

_ATHLETES = "SELECT athlete_id, COUNT(*) AS activities FROM bq_activities GROUP BY athlete_id"
_PAGES = ("index.html", "report-????-??-??.html")


def survey(settings: Settings, of_token: str | None) -> dict[str, int]:
    """Whose data is here: activities in the warehouse by athlete, 0 for one who has other traces only.

    Args:
        settings: where to look.
        of_token: the athlete whose tokens are stored, if they are known.

    Raises:
        StravaAssetsError: landing, streams, warehouse or report cannot be read; nothing was removed.
    """
    landed = {m.athlete_id for m in Landing(settings.landing_address).manifests() if m.athlete_id}
    recorded = StreamStore(settings.streams_address).athletes()
    activities = dict.fromkeys(sorted(landed | recorded | ({of_token} if of_token else set())), 0)
    if _has_warehouse(settings):
        with _open(settings) as engine:
            if engine.exists("bq_activities"):
                rows = engine.query(_ATHLETES).to_pylist()
                activities |= {row["athlete_id"]: row["activities"] for row in rows}
    _find_pages(settings.report_target)
    return activities


def remove(settings: Settings, athlete_id: str, *, alone: bool) -> Iterator[str]:
    """Remove an athlete's data; yields a sentence for each thing that is gone.

    Args:
        settings: where it is.
        athlete_id: whose.
        alone: nobody else's data is here, so that what belongs to no one in particular goes too.

    Raises:
        StravaAssetsError: a place cannot be written; what was yielded before is gone.
    """
    from strava_assets.history.retention import forget

    landing = Landing(settings.landing_address)
    with _open(settings) as engine:
        _empty_tables(engine, athlete_id, alone=alone)
        forget(landing, engine, StreamStore(settings.streams_address), athlete_id)
        for name in _our_tables() if alone else ():
            engine.drop(name)
        address = engine.address
    if alone:
        # Listings that held no activity belong to nobody; they say when someone was asked for.
        landing.remove([manifest.batch_id for manifest in landing.manifests()])
    yield f"The landed answers in {settings.landing_address} are removed."
    yield f"The recordings in {settings.streams_address} are removed."
    yield f"The tables and marts in {address} are removed."
    if alone and settings.warehouse_kind is WarehouseKind.DUCKDB:
        yield _without_traces(settings.duckdb_path.absolute())
    if _remove_pages(settings.report_target):
        yield f"The report in {settings.report_target} is removed."


def remove_runs(settings: Settings) -> Iterator[str]:
    """Remove Dagster's own home (runs, events, logs and their figures) and the logs of its processes."""
    for folder in (settings.dagster_home.absolute(), settings.home.absolute() / "logs"):
        if folder.is_dir():
            shutil.rmtree(folder)
            yield f"The runs, events and logs in {folder} are removed."


def refuse_while_running(settings: Settings) -> None:
    """See that no daemon would write back what is being removed.

    Raises:
        StravaAssetsError: Dagster's daemon runs on this home.
    """
    import dagster as dg

    from strava_assets.cli.checkups.runs import ALIVE_WITHIN, last_heartbeat

    home = settings.dagster_home.absolute()
    if not (home / "dagster.yaml").is_file():
        return
    with dg.DagsterInstance.from_config(str(home)) as instance:
        beat = last_heartbeat(instance)
    if beat and datetime.now(UTC) - beat < ALIVE_WITHIN:
        raise StravaAssetsError(
            "The Dagster daemon is running, or was a minute ago.",
            means="A sync could bring back what is being removed, so nothing was removed.",
            remedy="stop make run with Ctrl-C, wait two minutes and try again.",
        )


def _has_warehouse(settings: Settings) -> bool:
    return settings.warehouse_kind is not WarehouseKind.DUCKDB or settings.duckdb_path.exists()


def _open(settings: Settings) -> Warehouse:
    from strava_assets.definitions import build_resources

    engine: Warehouse = build_resources(settings)["warehouse"].open()
    return engine


def _our_tables() -> list[str]:
    from strava_assets.marts import catalog
    from strava_assets.schema.tables import TABLES

    return [*(mart.name for mart in reversed(catalog.load())), *TABLES]


def _empty_tables(engine: Warehouse, athlete_id: str, *, alone: bool) -> None:
    """Take the athlete's rows from what `forget` leaves alone, and see that what it needs is there."""
    from strava_assets.marts import catalog
    from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS

    for table in (ACTIVITIES, REJECTED_RECORDS, LOADED_BATCHES):
        engine.ensure(table)
    if alone:
        return
    views = {mart.name for mart in catalog.load() if mart.is_view}
    for name in _our_tables():
        if name not in views and "athlete_id" in engine.stored_columns(name):
            statement = f"DELETE FROM {name} WHERE athlete_id = @athlete_id"  # noqa: S608 - a name of the registry's
            engine.execute(statement, {"athlete_id": athlete_id})


def _without_traces(path: Path) -> str:
    """Remove the file, for dropping tables leaves their pages in it; returns what came of it."""
    foreign = _foreign_tables(path)
    if foreign:
        return f"The file {path} stays: it holds tables that are not of this project ({', '.join(foreign)})."
    for part in (path, path.with_suffix(".duckdb.wal")):
        part.unlink(missing_ok=True)
    return f"The file {path} is removed."


def _foreign_tables(path: Path) -> list[str]:
    """What else somebody keeps in the DuckDB file, once ours is dropped."""
    from strava_assets.warehouse.duckdb_file import connect

    with connect(path, read_only=True) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables ORDER BY ALL").fetchall()
    return [name for (name,) in rows]


def _find_pages(address: str) -> tuple[Any, list[str]]:
    """The file system of the report's address, and the pages there.

    Raises:
        StravaAssetsError: it cannot be read.
    """
    from fsspec.core import url_to_fs

    try:
        fs, root = url_to_fs(address)
        return fs, [path for pattern in _PAGES for path in fs.glob(f"{root.rstrip('/')}/{pattern}")]
    except Exception as error:  # every file system of fsspec's brings errors of its own
        raise StravaAssetsError(
            f"The report at {address} cannot be looked for: {error}.",
            means="Its pages are to be removed as well.",
            remedy="Correct STRAVA_ASSETS_REPORT_URL, or make the place readable.",
        ) from error


def _remove_pages(address: str) -> bool:
    fs, pages = _find_pages(address)
    for path in pages:
        with contextlib.suppress(FileNotFoundError):
            fs.rm(path)
    return bool(pages)
