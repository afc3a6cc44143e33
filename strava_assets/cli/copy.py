"""`strava-assets copy`: carries the history from one warehouse to the other, verified, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse

_KINDS = click.Choice(["duckdb", "bigquery"])


@click.command("copy")
@click.option("--from", "source", type=_KINDS, required=True, help="Where the history is.")
@click.option("--to", "target", type=_KINDS, required=True, help="Where it goes.")
def command(*, source: str, target: str) -> None:
    """Carry the whole history from one warehouse to the other.

    Nothing is removed where it was, and a copy that broke off goes on when started again. The marts are made
    anew by the next sync.
    """
    from strava_assets.settings import PREFIX, load_settings

    settings = load_settings()
    _refuse_impossible(settings, source, target)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from strava_assets.cli.console import console, say
    from strava_assets.warehouse.copying import copy_history

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        _reading(settings, source) as old,
        _opened(settings, target) as new,
        Progress(*columns, console=console, transient=True) as bar,
    ):
        tasks = {}

        def tell(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=total)
            bar.update(tasks[table], completed=done, total=total)

        carried = copy_history(old, new, progress=tell)
    for table in carried:
        say("ok", f"{table.table}: {table.fingerprint}; {table.sent:,} of them sent now")
    places = f"{settings.landing_address} and {settings.streams_address}"
    say("step", f"Landing and streams were not moved; they stay at {places}.")
    say("step", f"Next: set {PREFIX}WAREHOUSE={target} and run strava-assets sync, which makes the marts.")


def _refuse_impossible(settings: Settings, source: str, target: str) -> None:
    if source == target:
        raise ConfigurationError(
            f"Both ends are {source}.",
            means="There is nothing to carry. Nothing was changed.",
            remedy="strava-assets copy --from duckdb --to bigquery, or the other way round",
        )
    if not settings.gcp_project:
        raise ConfigurationError(
            "STRAVA_ASSETS_GCP_PROJECT is not set.",
            means="It says where BigQuery's dataset is. Nothing was changed.",
            remedy="set it in the environment or in .env; .env.example explains the others.",
        )


def _reading(settings: Settings, kind: str) -> Warehouse:
    """The source, which is only read: a DuckDB file that is not there is not made."""
    if kind == "duckdb":
        from strava_assets.warehouse.duckdb import DuckDBWarehouse

        path = settings.duckdb_path.absolute()
        return DuckDBWarehouse(path, memory_limit=settings.duckdb_memory_limit, read_only=True)
    return _opened(settings, kind)


def _opened(settings: Settings, kind: str) -> Warehouse:
    from strava_assets.definitions import build_resources
    from strava_assets.settings import WarehouseKind

    chosen = settings.model_copy(update={"warehouse": WarehouseKind(kind)})
    engine: Warehouse = build_resources(chosen)["warehouse"].open()
    return engine
