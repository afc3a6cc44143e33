"""`strava-assets import`: an export or recordings into the history, with a bar to watch, then every mart."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from strava_assets.cli.options import AthleteId, UserPath
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import dagster as dg

    from strava_assets.history.archive_import import ImportReport, Progress
    from strava_assets.history.file_import import FileImportReport
    from strava_assets.settings import Settings

_MOST_LISTED = 10
INTERRUPTED = 128 + signal.SIGINT


@click.command("import")
@click.argument("path", required=False, type=UserPath(exists=True))
@click.option(
    "--athlete",
    type=AthleteId(),
    help="Your athlete id at Strava; needed only where neither an export, its name nor earlier data tell it.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many processes decode recordings.",
)
def command(path: Path | None, *, athlete: str | None, processes: int) -> None:
    """Import an export or recordings, and refresh everything.

    PATH is the zip as Strava sent it (export_….zip), the folder it was unpacked to, or a zip or folder of
    FIT, GPX and TCX files from any device. Without PATH the newest export in the folder archive of the home
    is imported. Strava need not be reachable. What the API says of an activity wins; importing again changes
    nothing; an import that was stopped goes on.

    The exit status is 0 when every asset was materialized and no blocking check failed, else 1.
    """
    from strava_assets import wiring
    from strava_assets.archive import newest_export
    from strava_assets.assets.archive import NAME, export_observation, import_metadata
    from strava_assets.cli.console import console, say
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    path = path or newest_export(settings.archive_folder)
    prepare(settings)
    began = time.monotonic()
    try:
        imported = _import(settings, path, athlete, processes)
    except KeyboardInterrupt:
        say("warning", "Stopped. What was decoded is kept: the same command goes on from there.")
        sys.exit(INTERRUPTED)
    with wiring.changing_athletes(settings) as index:
        wiring.list_known_athletes(settings, index)
        partition = imported.athlete_id if len(index.athletes()) > 1 else None
    metadata = import_metadata(imported, path) | {"seconds": round(time.monotonic() - began, 2)}
    _note(NAME, partition, metadata, export_observation(imported))
    _report(imported)
    console.print("Loading it and refreshing everything ...")
    succeeded = run_job(settings, "import_archive", {}, without=NAME, athlete_id=partition or "")
    if succeeded:
        say("step", "The next sync asks Strava for what is not here yet; strava-assets up shows it all.")
        say("ok", f"The report: {settings.report_link or settings.report_target}")
    sys.exit(0 if succeeded else 1)


def _import(
    settings: Settings, path: Path, athlete: str | None, processes: int
) -> ImportReport | FileImportReport:
    from strava_assets import wiring
    from strava_assets.archive import open_import
    from strava_assets.history.any_import import import_opened

    with open_import(path) as opened, _bar() as progress:
        return import_opened(
            opened,
            wiring.landing(settings),
            wiring.stream_store(settings),
            athlete=athlete,
            token_athlete_id=lambda: wiring.token_store(settings).read().get("athlete_id"),
            clock=lambda: datetime.now(UTC),
            home=settings.timezone,
            processes=processes,
            progress=progress,
        )


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A bar while recordings are decoded."""
    from rich import progress as drawing

    from strava_assets.cli.console import console

    columns = (
        drawing.TextColumn("Recordings"),
        drawing.BarColumn(),
        drawing.MofNCompleteColumn(),
        drawing.TextColumn("[yellow]{task.fields[aside]}[/]"),
        drawing.TimeRemainingColumn(),
    )
    with drawing.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, aside="")

        def update(progress: Progress) -> None:
            aside = f"{progress.set_aside} set aside" if progress.set_aside else ""
            bar.update(task, completed=progress.done, total=progress.total, aside=aside)

        yield update


def _note(
    asset: str, partition: str | None, metadata: dict[str, Any], observation: dg.AssetObservation | None
) -> None:
    """Record the import, so that the UI shows it like one that was launched there."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        if observation:
            instance.report_runless_asset_event(observation)
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=partition, metadata=metadata)
        )


def _report(imported: ImportReport | FileImportReport) -> None:
    from strava_assets.history.file_import import FileImportReport

    if isinstance(imported, FileImportReport):
        _report_files(imported)
    else:
        _report_export(imported)


def _report_export(imported: ImportReport) -> None:
    from strava_assets.cli.console import say

    origin = f"made {imported.made_at:%Y-%m-%d}, in {imported.language}"
    counts = f"{imported.new:,} new, {imported.changed:,} changed, {imported.unchanged:,} unchanged"
    whole = f"{counted(imported.activities, 'activity', 'activities')}, {counts}"
    say("ok", f"The export of athlete {imported.athlete_id}, {origin}: {whole}.")
    say(
        "ok",
        f"Recordings kept: {imported.stored:,}, decoded now: {imported.decoded:,}; "
        f"activities typed in by hand, which have none: {imported.without:,}.",
    )
    _list_problems("Recordings set aside, whose activities are kept", imported.set_aside)
    _list_problems("Recordings without samples, whose activities are kept", imported.empty)
    _list_problems("Recordings that were repaired", imported.repaired)
    _list_problems(
        "Recordings that the export's activities.csv does not name, not imported; pass their folder or file",
        dict.fromkeys(imported.beside, ""),
    )
    if imported.unknown_types:
        names = ", ".join(
            f"{name} ({count})" for name, count in imported.unknown_types.most_common(_MOST_LISTED)
        )
        say("warning", f"Activity types not known in {imported.language}, which count as other: {names}.")


def _report_files(imported: FileImportReport) -> None:
    from strava_assets.cli.console import say
    from strava_assets.history.adoption import LOCAL

    whose = f"athlete {imported.athlete_id}"
    if imported.athlete_id == LOCAL:
        whose = "no athlete yet (the first login or export adopts them)"
    say(
        "ok",
        f"{counted(imported.files, 'recording')}, of {whose}: {imported.new:,} new, "
        f"{imported.stored_before:,} imported before, {counted(len(imported.copies), 'copy', 'copies')}.",
    )
    _list_problems(
        "Copies of another file, counted once",
        {name: f"the same as {other}" for name, other in imported.copies.items()},
    )
    _list_problems(
        "Files of several activities, each of which is one here",
        {name: counted(count, "activity", "activities") for name, count in imported.several.items()},
    )
    _list_problems("Files not imported", imported.rejected)
    _list_problems("Recordings that were repaired", imported.repaired)
    _list_problems("Files that are no recordings, and were left out", dict.fromkeys(imported.others, ""))
    _list_problems(
        "Recordings that do not name their sport, which count as other",
        dict.fromkeys(imported.without_sport, ""),
    )


def _list_problems(what: str, files: Mapping[str, str]) -> None:
    from strava_assets.cli.console import say

    if not files:
        return
    say("warning", f"{what}: {len(files):,}")
    for file, reason in list(files.items())[:_MOST_LISTED]:
        say("step", f"{file}: {reason}" if reason else file)
    if len(files) > _MOST_LISTED:
        say("step", f"and {len(files) - _MOST_LISTED:,} more, listed in the UI on archive_activities")
