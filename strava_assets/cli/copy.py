"""`strava-assets copy`: rebuilds the history in another warehouse and compares the two, with progress."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial

import click

from strava_assets import wiring
from strava_assets.errors import ConfigurationError
from strava_assets.warehouse.locations import KINDS

_KIND = click.Choice(list(KINDS))


@click.command("copy")
@click.option("--from", "source", type=_KIND, required=True, help="Where the history is.")
@click.option("--to", "target", type=_KIND, required=True, help="Where it goes.")
def command(*, source: str, target: str) -> None:
    """Move the whole history from one warehouse to the other.

    The tables are rebuilt there from the landing and compared row by row with the old ones. Nothing is
    removed where it was, and a copy that was interrupted goes on when started again. The next sync makes the
    marts.

    The exit status is 0 when nothing differs, else 1.
    """
    from strava_assets.cli.console import say
    from strava_assets.cli.verification import say_result, show_progress
    from strava_assets.history.copying import copy_history
    from strava_assets.settings import PREFIX
    from strava_assets.settings_reader import changed_settings, load_settings

    settings = load_settings()
    if source == target:
        raise ConfigurationError(
            f"Both ends are {source}.",
            means="There is nothing to copy. Nothing was changed.",
            remedy="Name two kinds, as in strava-assets copy --from duckdb --to bigquery.",
        )
    old = wiring.warehouse(changed_settings(settings, warehouse=source))
    new = wiring.warehouse(changed_settings(settings, warehouse=target))
    for location in (old, new):
        location.fetch()
    # Before the target is opened, so that it is not made where there is nothing to copy.
    old.open(read_only=True).close()
    differences = 0
    with new.open() as engine, show_progress() as progress:
        for result in copy_history(
            wiring.landing(settings),
            partial(old.open, read_only=True),
            engine,
            datetime.now(UTC),
            week_start=settings.week_start.value,
            expires=bool(settings.retention_days),
            progress=progress,
        ):
            differences += result.differences
            say_result(result)
    new.store()
    if differences:
        sys.exit(1)
    say("ok", f"{new.address} holds what {old.address} holds.")
    say("step", f"Landing and streams stay at {settings.landing_address} and {settings.streams_address}.")
    say("step", f"Next: set {PREFIX}WAREHOUSE={target} and run strava-assets sync, which makes the marts.")
