"""`strava-assets report`: write the page from the marts as they are, or the picture of one year."""

from __future__ import annotations

import sys
import webbrowser
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import AthleteId

if TYPE_CHECKING:
    from strava_assets.settings import Settings


@click.command("report")
@click.option(
    "--athlete",
    type=AthleteId(),
    help="Whose page, or whose year; needed only where there are several athletes.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--year",
    type=click.IntRange(1990, 2100),
    help="Write the review of this year instead, as one SVG without coordinates.",
)
def command(*, athlete: str | None, open_it: bool, year: int | None) -> None:
    """Write the insights page anew; asks Strava nothing.

    With several athletes this writes the page of each, or of the one that is named, and the index of all.
    """
    from strava_assets.cli.alerting import report_errors
    from strava_assets.cli.console import console
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.report.page_files import NAME
    from strava_assets.setting_paths import local_path
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    address = _address(settings, athlete, needs_one=year is not None)
    if year is not None:
        _write_year(settings, year, athlete, address, open_it=open_it)
        return
    with report_errors(settings, "report"):
        prepare(settings)
    # With one athlete there are no partitions.
    of_one = "" if address == settings.report_target else athlete or ""
    if not run_job(settings, "report", {}, athlete_id=of_one):
        sys.exit(1)
    folder = local_path(address)
    page = (folder / NAME).absolute().as_uri() if folder else f"{address}/{NAME}"
    console.print(f"The page: {page}", soft_wrap=True)
    if open_it:
        webbrowser.open(page)


def _address(settings: Settings, athlete_id: str | None, *, needs_one: bool) -> str:
    """Where the pages of the athlete lie; without one, the page or the index of all athletes.

    Raises:
        ConfigurationError: the athlete is unknown; or none is named, `needs_one`, and there are several.
    """
    from strava_assets import wiring
    from strava_assets.errors import ConfigurationError
    from strava_assets.report import athlete_folder

    athletes = wiring.athlete_index(settings).athletes()
    exists = athlete_id is None or any(athlete.athlete_id == athlete_id for athlete in athletes)
    if exists and (len(athletes) < 2 or not (athlete_id or needs_one)):
        return settings.report_target
    if exists and athlete_id:
        return athlete_folder(settings.report_target, athlete_id)
    choices = ", ".join(athlete.label for athlete in athletes)
    raise ConfigurationError(
        f"There is no athlete {athlete_id} here." if athlete_id else "There are several athletes here.",
        means=f"There are: {choices or 'none'}. Nothing was written.",
        remedy="Name one with --athlete ID.",
    )


def _write_year(
    settings: Settings, year: int, athlete_id: str | None, address: str, *, open_it: bool
) -> None:
    """Write the picture of a year beside the athlete's page."""
    from strava_assets.cli.console import console, show_error
    from strava_assets.errors import StravaAssetsError
    from strava_assets.report import INPUT_TABLES, MARTS, Figures
    from strava_assets.report.number_format import UNITS
    from strava_assets.report.page_files import write_picture
    from strava_assets.report.year_review import year_review_svg
    from strava_assets.wiring import warehouse

    location = warehouse(settings)
    try:
        location.fetch()
        with location.open(read_only=True) as engine:
            figures = Figures.read(
                engine.query,
                [name for name in (*INPUT_TABLES, *MARTS) if engine.exists(name)],
                athlete_id,
            )
        svg = year_review_svg(figures, year, UNITS[settings.units])
        picture = write_picture(svg, address, f"year-{year}.svg")
    except StravaAssetsError as error:
        show_error(error)
        sys.exit(1)
    console.print(f"The year {year}: {picture}", soft_wrap=True)
    if open_it:
        webbrowser.open(picture)
