"""`strava-assets sandbox`: serve a local Strava, for trying things and for other clients."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sandbox")
@click.option("--port", default=8421, show_default=True, help="Where it listens, on loopback.")
@click.option("--athlete-seed", default=1, show_default=True, help="Which sample athlete.")
@click.option(
    "--activities",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Serve these recorded activities (a JSON list) instead of the sample athlete.",
)
@click.option("--limits/--no-limits", default=True, show_default=True, help="Whether rate limits apply.")
@click.option(
    "--fault", "faults", multiple=True, help="A fault on the next request, by name; may be repeated."
)
def command(
    port: int, athlete_seed: int, activities: Path | None, faults: tuple[str, ...], *, limits: bool
) -> None:
    """Serve a local Strava on loopback.

    Any client can be pointed at it: client id 12345, client secret sandbox-secret, first refresh token
    sandbox-refresh; the API at the printed address (with or without /api/v3), OAuth at /oauth.
    """
    from strava_assets.cli.console import console
    from strava_assets.sandbox import run_sandbox

    run_sandbox(port, athlete_seed, activities, limits, faults, ready=console.print)
