"""`strava-assets forget`: asks, then removes everything of an athlete, tokens included."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import AthleteId
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.cli.receipt import PlaceReceipt
    from strava_assets.settings import Settings


@click.command("forget")
@click.option(
    "--athlete",
    type=AthleteId(),
    help="The athlete's id at Strava; needed only where several athletes have data here.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--receipt",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the receipt to this file, as JSON.",
)
def command(*, athlete: str | None, yes: bool, receipt: Path | None) -> None:
    """Remove everything that is kept of an athlete.

    This is tables, published tables, landed answers, recordings, report, record of runs and tokens, with
    every old version that a bucket keeps. The receipt says for each place after which date nothing is left.
    What is on Strava stays there.
    """
    from strava_assets import wiring
    from strava_assets.cli.console import say
    from strava_assets.cli.logout import log_out
    from strava_assets.cli.receipt import receipts
    from strava_assets.cli.removal import (
        refuse_while_running,
        remove,
        remove_runs,
        survey,
        take_from_index,
    )
    from strava_assets.execution.home_use import alone_in_home
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    of_usual_store = wiring.token_store(settings).read().get("athlete_id")
    activities = survey(settings, of_usual_store)
    athlete_id = _choose(activities, athlete)
    index = wiring.athlete_index(settings)
    tokens = wiring.token_store(settings, index.athlete(athlete_id) if athlete_id else None)
    credentials = tokens.read()
    if athlete_id is None and not credentials.get("refresh_token"):
        say("ok", "There is nothing to forget: no data and no tokens.")
        return
    alone = set(activities) <= {athlete_id}
    takes_tokens = bool(credentials.get("refresh_token")) and (
        alone or credentials.get("athlete_id") == athlete_id
    )
    refuse_while_running(settings)
    _announce(settings, activities, athlete_id, alone=alone, location=tokens.location if takes_tokens else "")
    if not yes:
        click.confirm("Remove all this? It cannot be undone", abort=True)
    # Without a home on this machine nobody is at work in it.
    with alone_in_home(settings.home) if settings.home.is_dir() else nullcontext():
        if alone and wiring.webhooks(settings).state.subscription():
            _unsubscribe(settings)
        if athlete_id is not None:
            for sentence in remove(settings, athlete_id, alone=alone):
                say("ok", sentence)
            # Now, because nothing leads a second try to them once the athlete is off the index.
            purged = list(receipts(settings))
        if alone:
            for sentence in remove_runs(settings):
                say("ok", sentence)
        if takes_tokens:
            others = [other for other in index.logged_in() if other.athlete_id != athlete_id]
            log_out(settings, tokens, others_stay=bool(others) and not alone)
        if athlete_id is not None:
            with wiring.changing_athletes(settings) as changing:
                take_from_index(settings, changing, athlete_id, alone=alone)
            _give_receipt(settings, athlete_id, receipt, purged)
    _name_what_stays(settings, alone=alone)


def _give_receipt(settings: Settings, athlete_id: str, file: Path | None, purged: list[PlaceReceipt]) -> None:
    """Remove old versions that came after `purged`, and say for each place what is left and until when."""
    from strava_assets.cli.console import say
    from strava_assets.cli.receipt import last_sentence, receipts

    click.echo(f"Receipt for athlete {athlete_id}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC:")
    given = []
    for earlier, last in zip(purged, receipts(settings), strict=True):
        place = replace(last, old_versions=earlier.old_versions + last.old_versions)
        given.append(place)
        say("warning" if place.keeps.reason else "ok", str(place))
    say("step", last_sentence(given))
    if file:
        document = {
            "athlete_id": athlete_id,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "places": [place.as_json() for place in given],
        }
        file.write_text(json.dumps(document, indent=1), encoding="utf-8")


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
    from strava_assets.published import KINDS as PUBLISH_KINDS

    if athlete_id is not None:
        click.echo(f"Of athlete {athlete_id} this removes:")
        warehouse = "and its tables" if alone else "in its tables"
        say("step", f"{activities[athlete_id]:,} activities {warehouse}, in the warehouse")
        say("step", f"every landed answer in {settings.landing_address}")
        say("step", f"every recording in {settings.streams_address}")
        say("step", f"the report in {settings.report_target}")
        kind = PUBLISH_KINDS[settings.publish_kind]
        if kind.open:
            versions = ", with all their versions" if kind.keeps_versions else ""
            say("step", f"the published tables in {settings.publish_address}{versions}")
    if alone:
        say("step", f"Dagster's runs, events and logs in {settings.home.absolute()}")
    if location:
        say("step", f"the tokens in {location}, revoked at Strava first")


def _unsubscribe(settings: Settings) -> None:
    """Delete the push subscription at Strava while client id and secret are still here."""
    from strava_assets.cli.console import say
    from strava_assets.cli.webhook import delete_subscriptions
    from strava_assets.errors import StravaAssetsError

    try:
        delete_subscriptions(settings)
    except StravaAssetsError as error:
        say("warning", f"The push subscription at Strava could not be deleted. {error.happened}")


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
    for own_file in (settings.athlete_file_path, settings.plan_file_path):
        if own_file.exists():
            say("warning", f"Your own file {own_file} stays.")
    say("step", "Backups and snapshots of these places, if you make any, are not touched.")
