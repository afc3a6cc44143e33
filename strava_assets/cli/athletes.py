"""`strava-assets athletes`: who has data or tokens here, how the last fetch ended, and who shares numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import AthleteId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.landing.athlete_index import Athlete, AthleteIndex, FetchState


@click.command("athletes")
@click.option(
    "--share-numbers",
    type=AthleteId(),
    multiple=True,
    metavar="ID",
    help="This athlete agrees that some of the numbers stand in the index page.",
)
@click.option(
    "--hide-numbers",
    type=AthleteId(),
    multiple=True,
    metavar="ID",
    help="This athlete does not, or not any more.",
)
def command(share_numbers: Sequence[str], hide_numbers: Sequence[str]) -> None:
    """List the athletes of this home.

    Each has tokens, landed data, recordings and a page of their own. strava-assets login adds one,
    strava-assets forget --athlete ID removes one.
    """
    from strava_assets import wiring
    from strava_assets.cli.console import console, say
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    with wiring.changing_athletes(settings) as index:
        wiring.list_known_athletes(settings, index)
        for chosen, shows in ((share_numbers, True), (hide_numbers, False)):
            for athlete_id in chosen:
                index.put(replace(_existing(index, athlete_id), shows_numbers=shows))
        athletes = index.athletes()
    if not athletes:
        say(
            "ok",
            "There is no athlete yet. What to do: Run strava-assets login, or strava-assets import PATH.",
        )
        return
    console.print(_table(index, athletes))


def _existing(index: AthleteIndex, athlete_id: str) -> Athlete:
    from strava_assets.errors import ConfigurationError

    if athlete := index.athlete(athlete_id):
        return athlete
    raise ConfigurationError(
        f"There is no athlete {athlete_id} here.",
        means="Nothing was changed.",
        remedy="Run strava-assets athletes for the list.",
    )


def _table(index: AthleteIndex, athletes: Sequence[Athlete]) -> object:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("athlete", "name", "state", "last sync (UTC)", "scopes", "numbers"):
        table.add_column(heading)
    states = index.states([athlete.athlete_id for athlete in athletes])
    for athlete in athletes:
        state = states.get(athlete.athlete_id)
        synced = f"{state.succeeded_at:%Y-%m-%d %H:%M}" if state and state.succeeded_at else "never"
        table.add_row(
            athlete.athlete_id,
            athlete.name,
            describe_state(athlete, state),
            synced,
            _scopes(athlete),
            "shared" if athlete.shows_numbers else "not shared",
        )
    return table


def _scopes(athlete: Athlete) -> str:
    from strava_assets.strava.scopes import missing_scopes

    if not athlete.scopes:
        return "unknown" if athlete.logged_in else "none"
    missing = ", ".join(name for name, _ in missing_scopes(athlete.scopes))
    return f"without {missing}" if missing else "all"


def describe_state(athlete: Athlete, state: FetchState | None) -> str:
    """How the fetches of an athlete go, in a few words."""
    if not athlete.logged_in:
        return "export and files only"
    if state is None:
        return "not synced yet"
    return f"{state.trouble}: {state.problem}" if state.trouble else "ok"
