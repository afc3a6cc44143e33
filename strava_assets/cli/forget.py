"""`strava-assets forget`: asks, then removes everything of an athlete, tokens included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import AthleteId
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.settings import Settings


@click.command("forget")
@click.option(
    "--athlete",
    type=AthleteId(),
    help="The athlete's id at Strava; needed only where several athletes have data here.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(*, athlete: str | None, yes: bool) -> None:
    """Remove everything that is kept of an athlete.

    This is tables, landed answers, recordings, report, record of runs and tokens. What is on Strava stays
    there.
    """
    from strava_assets import wiring
    from strava_assets.cli.console import say
    from strava_assets.cli.logout import log_out
    from strava_assets.cli.removal import refuse_while_running, remove, remove_runs, survey
    from strava_assets.settings import load_settings

    settings = load_settings()
    tokens = wiring.token_store(settings)
    credentials = tokens.read()
    of_token = credentials.get("athlete_id")
    activities = survey(settings, of_token)
    athlete_id = _choose(activities, athlete)
    if athlete_id is None and not credentials.get("refresh_token"):
        say("ok", "There is nothing to forget: no data and no tokens.")
        return
    alone = set(activities) <= {athlete_id}
    takes_tokens = bool(credentials.get("refresh_token")) and (alone or of_token == athlete_id)
    refuse_while_running(settings)
    _announce(settings, activities, athlete_id, alone=alone, location=tokens.location if takes_tokens else "")
    if not yes:
        click.confirm("Remove all this? It cannot be undone", abort=True)
    if athlete_id is not None:
        for sentence in remove(settings, athlete_id, alone=alone):
            say("ok", sentence)
    if alone:
        for sentence in remove_runs(settings):
            say("ok", sentence)
    if takes_tokens:
        log_out(settings, tokens)
    _name_what_stays(settings, alone=alone)


def _choose(activities: dict[str, int], option: str | None) -> str | None:
    """The athlete to forget; None where there is no data of anyone.

    Raises:
        ConfigurationError: several athletes and none was named, or the one named is unknown.
    """
    if option is None and len(activities) <= 1:
        return next(iter(activities), None)
    if option in activities:
        return option
    choices = ", ".join(f"{athlete} ({count:,} activities)" for athlete, count in activities.items())
    raise ConfigurationError(
        f"Athlete {option} has no data here." if option else "Several athletes have data here.",
        means=f"There are: {choices or 'none'}. Nothing was removed.",
        remedy="Name one: strava-assets forget --athlete ID.",
    )


def _announce(
    settings: Settings, activities: dict[str, int], athlete_id: str | None, *, alone: bool, location: str
) -> None:
    """Say what will be removed; `location` is that of the tokens, empty where they stay."""
    from strava_assets.cli.console import say

    if athlete_id is not None:
        click.echo(f"Of athlete {athlete_id} this removes:")
        warehouse = "and its tables" if alone else "in its tables"
        say("step", f"{activities[athlete_id]:,} activities {warehouse}, in the warehouse")
        say("step", f"every landed answer in {settings.landing_address}")
        say("step", f"every recording in {settings.streams_address}")
        say("step", f"the report in {settings.report_target}")
    if alone:
        say("step", f"Dagster's runs, events and logs in {settings.home.absolute()}")
    if location:
        say("step", f"the tokens in {location}, revoked at Strava first")


def _name_what_stays(settings: Settings, *, alone: bool) -> None:
    from strava_assets.cli.console import say
    from strava_assets.cli.removal import foreign_files

    if not alone:
        say(
            "warning",
            f"Dagster's record of runs in {settings.dagster_home} is about everyone here and stays.",
        )
    for sentence in foreign_files(settings, alone=alone):
        say("warning", sentence)
    if settings.athlete_file_path.exists():
        say("warning", f"Your own file {settings.athlete_file_path} stays.")
    say("step", "Backups and snapshots of these places, if you make any, are not touched.")
