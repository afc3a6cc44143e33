"""`strava-assets sandbox`: serve a local Strava, for trying things and for other clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import Port, UserPath

if TYPE_CHECKING:
    from pathlib import Path


@click.command("sandbox")
@click.option(
    "--port",
    type=Port(zero_is_any=True),
    default=8421,
    show_default=True,
    help="Where it listens, on loopback.",
)
@click.option(
    "--athlete-seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="The number of the sample athlete.",
)
@click.option(
    "--athletes",
    type=click.IntRange(min=1, max=100),
    default=1,
    show_default=True,
    help="How many sample athletes there are.",
)
@click.option(
    "--activities",
    type=UserPath(exists=True, dir_okay=False),
    help="Serve these recorded activities (a JSON list) instead of the sample athlete.",
)
@click.option("--limits/--no-limits", default=True, show_default=True, help="Whether rate limits apply.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    help="A fault of every call it concerns: NAME, or NAME@ENDPOINT; may be repeated.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse what Strava has announced that it will refuse, such as secrets in the address.",
)
def command(
    port: int,
    athlete_seed: int,
    athletes: int,
    activities: Path | None,
    faults: tuple[str, ...],
    *,
    limits: bool,
    strict: bool,
) -> None:
    """Serve a local Strava on loopback.

    Any client can be pointed at it: client id 12345, client secret sandbox-secret, first refresh token
    sandbox-refresh; the API at the printed address (with or without /api/v3), OAuth at /oauth. With several
    athletes, those after the first have sandbox-refresh-ID.
    """
    from strava_assets.cli.console import console
    from strava_assets.sandbox import run_sandbox

    run_sandbox(
        port,
        athlete_seed,
        activities,
        limits,
        faults,
        ready=console.print,
        athletes=athletes,
        strict=strict,
    )
