"""`strava-assets rebuild`: the table and every mart anew from the landing, in this process."""

from __future__ import annotations

import click


@click.command("rebuild")
def command() -> None:
    """Rebuild every table from what has landed.

    Strava is asked nothing.

    The exit status is 0 when every asset was materialized and no blocking check failed, else 1.
    """
    from strava_assets.cli.load import materialize

    materialize("rebuild")
