"""Takes away everything that is kept of one athlete: tables, landed answers, streams, report, runs.

Asking first is the command's, the tokens are `logout`'s. Run again after a crash, it completes what was
begun.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.console import name_some
from strava_assets.cli.own_files import (
    IN_DAGSTER_HOME,
    IN_LOGS,
    IN_SCRATCH_FOLDER,
    remove_files,
    scratch_folders,
    sort_files,
)
from strava_assets.errors import StravaAssetsError
from strava_assets.report import page_files

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.landing.athlete_index import AthleteIndex
    from strava_assets.published import Publisher
    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse

_ATHLETES = "SELECT athlete_id, COUNT(*) AS activities FROM bq_activities GROUP BY athlete_id"


def survey(settings: Settings, of_token: str | None) -> dict[str, int]:
    """Whose data is here: activities in the warehouse by athlete, 0 for one who has other traces only.

    Args:
        settings: where to look.
        of_token: the athlete whose tokens are stored, if they are known.

    Raises:
        StravaAssetsError: landing, streams, warehouse or report cannot be read; nothing was removed.
    """
    landed = wiring.landing(settings).athletes()
    recorded = wiring.stream_store(settings).athletes()
    listed = set(wiring.athlete_index(settings).athlete_ids())
    of_tokens = {of_token} if of_token else set()
    activities = dict.fromkeys(sorted(landed | recorded | listed | of_tokens), 0)
    location = wiring.warehouse(settings)
    location.fetch()
    if location.exists():
        with location.open() as engine:
            if engine.exists("bq_activities"):
                rows = engine.query(_ATHLETES).to_pylist()
                activities |= {row["athlete_id"]: row["activities"] for row in rows}
    page_files.own_paths(settings.report_target)
    for publisher in (wiring.publisher(settings), _earlier_publisher(settings)):
        if publisher:
            publisher.names()
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

    # First, because nothing would lead a second try to them once the athlete's rows are removed.
    published = _withdraw_published(wiring.publisher(settings))
    if published and alone:
        yield f"The published tables in {settings.publish_address} are removed."
    if _withdraw_published(_earlier_publisher(settings)):
        yield f"The tables that were published earlier in {settings.publish_address} are removed."
    landing = wiring.landing(settings)
    location = wiring.warehouse(settings)
    with location.open() as engine:
        _empty_tables(engine, athlete_id, alone=alone)
        forget(landing, engine, wiring.stream_store(settings), athlete_id)
        for name in _our_tables() if alone else ():
            engine.drop(name)
    if not alone:
        location.store()
        if published:
            _publish_again(settings, published)
            yield (
                f"The published tables in {settings.publish_address} are made anew without the athlete; "
                "no earlier version is left."
            )
    if wiring.webhooks(settings).state.erase(athlete_id, alone=alone):
        yield f"The events in {settings.events_address} are removed."
    if alone:
        # Listings that held no activity, and damaged pages of a sync that died, belong to nobody.
        landing.erase()
    yield f"The landed answers in {settings.landing_address} are removed."
    yield f"The recordings in {settings.streams_address} are removed."
    yield f"The tables and marts in {location.address} are removed."
    if alone and (sentence := location.remove_traces()):
        yield sentence
    if page_files.remove_pages(settings.report_target, athlete_id, alone=alone):
        yield f"The report in {settings.report_target} is removed."


def take_from_index(settings: Settings, index: AthleteIndex, athlete_id: str, *, alone: bool) -> None:
    """Take an athlete from the index and from Dagster's partitions; the last step, as it leads to the rest.

    Where one athlete remains, the tokens move to the usual store, where those of one athlete are looked for.

    Args:
        settings: where everything is.
        index: the index, which no other process changes meanwhile.
        athlete_id: whose data is removed.
        alone: nobody else's data is here.
    """
    if alone:
        index.erase()
        (settings.home / wiring.ATHLETES_LOCK).unlink(missing_ok=True)
        return
    rest = [athlete for athlete in index.athletes() if athlete.athlete_id != athlete_id]
    if len(rest) == 1 and rest[0].has_own_store:
        own, usual = wiring.token_store(settings, rest[0]), wiring.token_store(settings)
        usual.write(own.read())
        # Before the entry changes, as nothing leads to this store afterwards. If this is killed in between,
        # the next try finds nothing to write and changes the entry.
        own.clear()
        index.put(replace(rest[0], has_own_store=False))
    index.remove(athlete_id)
    page_files.arrange_pages(settings.report_target, index.athlete_ids())
    wiring.expect_events(settings, index)
    home = settings.dagster_home.absolute()
    if (home / "dagster.yaml").is_file():
        import dagster as dg

        from strava_assets.assets.athlete_partitions import align_partitions

        with dg.DagsterInstance.from_config(str(home)) as instance:
            align_partitions(instance, index.athlete_ids())


def remove_runs(settings: Settings) -> Iterator[str]:
    """Remove Dagster's own home (runs, events, their figures), all logs, and what a dead `verify` left."""
    for folder, form in _folders_of_runs(settings):
        if remove_files(folder, form):
            yield f"The runs, events and logs in {folder} are removed."


def foreign_files(settings: Settings, *, alone: bool) -> Iterator[str]:
    """Name what is not this project's in the places where something was removed; it stays.

    Args:
        settings: where the places are.
        alone: whether Dagster's home was one of them.

    Raises:
        StravaAssetsError: landing or streams cannot be read.
    """
    places = {
        settings.landing_address: wiring.landing(settings).foreign_files(),
        settings.streams_address: wiring.stream_store(settings).foreign_files(),
        settings.events_address: wiring.webhooks(settings).state.foreign_files(),
        settings.report_target: page_files.foreign_paths(settings.report_target),
    }
    if publisher := wiring.publisher(settings):
        places[publisher.url] = publisher.foreign_files()
    for folder, form in _folders_of_runs(settings) if alone else ():
        places[str(folder)] = sort_files(folder, form).foreign
    for place, names in places.items():
        if names:
            yield f"Not this project's, and left in {place}: {name_some(names)}."


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
        heartbeat = last_heartbeat(instance)
    if heartbeat and datetime.now(UTC) - heartbeat < ALIVE_WITHIN:
        raise StravaAssetsError(
            "The Dagster daemon is running, or was a minute ago.",
            means="A sync could bring back what is being removed, so nothing was removed.",
            remedy="Stop make run with Ctrl-C, wait two minutes and try again.",
        )


def _earlier_publisher(settings: Settings) -> Publisher | None:
    """Parquet, which is published unless the settings say otherwise, where they do so by now."""
    from strava_assets.published.parquet import ParquetPublisher

    return None if settings.publish_kind == "parquet" else ParquetPublisher(settings.publish_address)


def _withdraw_published(publisher: Publisher | None) -> list[str]:
    """Remove the published tables with all their versions; returns their names."""
    if publisher is None:
        return []
    names = publisher.names()
    for name in names:
        publisher.remove(name)
    return names


def _publish_again(settings: Settings, names: list[str]) -> None:
    """Publish what the tables hold of other athletes."""
    from strava_assets.marts import catalog
    from strava_assets.marts.publishable import publishable
    from strava_assets.published.draft import drafted
    from strava_assets.warehouse.comparing import read_table

    publisher = wiring.publisher(settings)
    if publisher is None:
        return
    with wiring.warehouse(settings).open(read_only=True) as engine:
        for table in publishable(catalog.load()):
            if table.name in names and engine.exists(table.name):
                with drafted(table, read_table(engine, table, by_key=True)) as draft:
                    publisher.publish(table, draft)


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


def _folders_of_runs(settings: Settings) -> list[tuple[Path, re.Pattern[str]]]:
    """Where runs leave their traces, each with the form of the names of our own files there."""
    return [
        (settings.dagster_home.absolute(), IN_DAGSTER_HOME),
        (settings.home.absolute() / "logs", IN_LOGS),
        *((folder, IN_SCRATCH_FOLDER) for folder in scratch_folders(settings.home.absolute())),
    ]
