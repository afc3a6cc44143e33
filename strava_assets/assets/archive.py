"""A bulk export (`archive_activities`): its rows into the landing, its recordings into the streams' store."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from strava_assets import wiring
from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.assets.athlete_partitions import athletes_of_run
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.errors import ConfigurationError
from strava_assets.resources import LandingResource, StravaResource, StreamsResource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from strava_assets.history.archive_import import ImportReport, Progress
    from strava_assets.history.file_import import FileImportReport
    from strava_assets.settings import Settings

NAME = "archive_activities"
BULK_EXPORT = dg.AssetSpec(
    "bulk_export",
    description=(
        "The bulk export, `export_….zip`: all that Strava has of the athlete, as Strava sends it on demand. "
        "It belongs to the athlete without limits."
    ),
    group_name="sources",
    kinds={"strava", "zip"},
    metadata={
        "dagster/uri": dg.MetadataValue.url(
            "https://support.strava.com/hc/en-us/articles/216918437-Exporting-your-Data-and-Bulk-Export"
        )
    },
)

_LISTED_FILES = 20
_NAMED_FILES = 1_000
_LOGGED_EVERY = 100


class ImportConfig(dg.Config):
    """What a launch of `archive_activities` may choose."""

    export: str = Field(
        default="",
        description="The name of a zip as Strava sent it, of the folder it was unpacked to, or of a zip or "
        "folder of FIT, GPX and TCX files, in <home>/archive. Empty: the newest export_….zip there. What "
        "lies elsewhere is imported by `strava-assets import PATH`.",
    )
    athlete: str = Field(
        default="", description="Your athlete id; needed only where neither the export nor its name says it."
    )
    processes: int = Field(default=2, ge=1, le=64, description="How many processes decode recordings.")


def build(settings: "Settings") -> list[dg.AssetsDefinition]:
    """The asset of the import.

    Args:
        settings: where an export is looked for, and the athlete's time zone.
    """

    @dg.asset(
        name=NAME,
        deps=[BULK_EXPORT],
        group_name="ingest",
        kinds={"python", "json", "parquet"},
        tags=PERSONAL,
        # Landing and streams have one writer at a time, as everything that fetches from Strava.
        pool=STRAVA_POOL,
        code_version="1",
        description=(
            "The bulk export, imported: its activities as a batch of the landing in the API's shape, its "
            "FIT, GPX and TCX recordings as streams. The API's row wins on the same activity; twice is "
            "as once. No schedule runs it: launch the job `import_archive`, or "
            "`strava-assets import export_….zip`, whenever Strava has sent you an export."
        ),
        metadata={"dagster/uri": settings.landing_address},
    )
    @platform_step
    def archive_activities(
        context: dg.AssetExecutionContext,
        config: ImportConfig,
        strava: StravaResource,
        landing: LandingResource,
        streams: StreamsResource,
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.archive import open_import
        from strava_assets.history.any_import import import_opened
        from strava_assets.history.known_athletes import add_athlete

        path = _export_named(config.export, settings.archive_folder)
        with open_import(path) as opened:
            imported = import_opened(
                opened,
                landing.open(),
                streams.open(),
                athlete=config.athlete or only_athlete(context),
                token_athlete_id=lambda: strava.store().read().get("athlete_id"),
                clock=lambda: datetime.now(UTC),
                home=settings.timezone,
                processes=config.processes,
                progress=progress_logger(context),
            )
        with wiring.changing_athletes(settings) as index:
            if not index.athlete(imported.athlete_id):
                # Whoever has synced without a login is not in the index yet, and comes first.
                wiring.list_known_athletes(settings, index)
            add_athlete(index, imported.athlete_id)
        if observation := export_observation(imported):
            context.log_event(observation)
        return dg.MaterializeResult(metadata=import_metadata(imported, path))

    return [archive_activities]


def only_athlete(context: dg.AssetExecutionContext) -> str | None:
    """The athlete whose files a run imports; None where nothing is partitioned.

    Raises:
        ConfigurationError: the run is for several athletes.
    """
    athlete_ids = athletes_of_run(context)
    if athlete_ids is None:
        return None
    if len(athlete_ids) > 1:
        raise ConfigurationError(
            "An import is of one athlete, and this run is for several.",
            means="Nothing was imported.",
            remedy="Launch it for the partition of the athlete whose files these are.",
        )
    return athlete_ids[0]


def _export_named(name: str, folder: Path) -> Path:
    """An export in the archive folder: the one of this name, or the newest.

    The name is compared with what is there and never quoted: a launch may fill it from any variable of the
    environment, and may not read another file than an export.

    Raises:
        ConfigurationError: there is none of this name.
    """
    from strava_assets.archive import newest_export

    if not name:
        return newest_export(folder)
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name == name:
            return entry
    raise ConfigurationError(
        f"The folder {folder} holds no export of the name given at launch.",
        means="A launch imports only what the owner has put there. Nothing was imported.",
        remedy="Put the export there and give its name without a folder, or run "
        "strava-assets import PATH, which takes one from anywhere.",
    )


def progress_logger(context: dg.AssetExecutionContext) -> "Callable[[Progress], None]":
    """Logs how far an import is, every hundred recordings and at the end."""

    def log(progress: "Progress") -> None:
        if progress.done % _LOGGED_EVERY == 0 or progress.done == progress.total:
            context.log.info(
                "%d of %d recordings, %d set aside", progress.done, progress.total, progress.set_aside
            )

    return log


def export_observation(imported: "ImportReport | FileImportReport") -> dg.AssetObservation | None:
    """The export that was imported, with its time as data version; None for files without an export."""
    from strava_assets.history.archive_import import ImportReport

    if not isinstance(imported, ImportReport):
        return None
    return dg.AssetObservation(
        BULK_EXPORT.key,
        metadata={"athlete": imported.athlete_id, "activities": imported.activities},
        tags={"dagster/data_version": f"{imported.made_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def import_metadata(imported: "ImportReport | FileImportReport", path: Path) -> dict[str, Any]:
    """What the UI shows of an import."""
    from strava_assets.history.file_import import FileImportReport

    if isinstance(imported, FileImportReport):
        return file_metadata(imported, str(path.absolute()))
    return _export_metadata(imported, path)


def file_metadata(imported: "FileImportReport", address: str) -> dict[str, Any]:
    """What the UI shows of an import of recordings; every file that was left out is named."""
    metadata: dict[str, Any] = {
        "files": address,
        "athlete": imported.athlete_id,
        "recordings": imported.files,
        "added": imported.new,
        "unchanged": imported.stored_before,
        "copies": len(imported.copies),
        "files_of_several": len(imported.several),
        "set_aside": len(imported.rejected),
        "repaired": len(imported.repaired),
        "not_recordings": len(imported.others),
        "without_sport": len(imported.without_sport),
    }
    left_out = [(name, f"a copy of {other}") for name, other in imported.copies.items()]
    left_out += list(imported.rejected.items())
    left_out += [
        (name, f"has {count:,} activities, each imported") for name, count in imported.several.items()
    ]
    left_out += [(name, f"imported, with repairs: {notes}") for name, notes in imported.repaired.items()]
    left_out += [(name, "not a recording") for name in imported.others]
    left_out += [(name, "imported, but its sport is unknown") for name in imported.without_sport]
    if left_out:
        metadata["left_out"] = _listed(("file", "why"), left_out[:_NAMED_FILES])
    return metadata


def _export_metadata(imported: "ImportReport", path: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "export": str(path.absolute()),
        "made_at": dg.MetadataValue.timestamp(imported.made_at),
        "athlete": imported.athlete_id,
        "language": imported.language,
        "activities": imported.activities,
        "added": imported.new,
        "changed": imported.changed,
        "unchanged": imported.unchanged,
        "recordings_decoded": imported.decoded,
        "recordings": imported.stored,
        "without_recording": imported.without,
        "without_samples": len(imported.empty),
        "repaired": len(imported.repaired),
        "set_aside": len(imported.set_aside),
        "not_named": len(imported.beside),
        "unknown_types": sum(imported.unknown_types.values()),
    }
    for name, heading, recordings in (
        ("set_aside_files", "why it was set aside", imported.set_aside),
        ("repaired_files", "what was repaired or dropped", imported.repaired),
        ("files_without_samples", "why there are no samples", imported.empty),
    ):
        if recordings:
            rows = list(recordings.items())[:_LISTED_FILES]
            metadata[name] = _listed(("recording", heading), rows)
    if imported.beside:
        rows_beside = [(name, "activities.csv does not name it") for name in imported.beside[:_LISTED_FILES]]
        metadata["files_not_imported"] = _listed(("recording", "why"), rows_beside)
    if imported.unknown_types:
        types = imported.unknown_types.most_common(_LISTED_FILES)
        metadata["unknown_type_names"] = _listed(("type", "activities"), types)
    return metadata


def _listed(heads: "Sequence[str]", rows: "Iterable[Sequence[object]]") -> dg.MarkdownMetadataValue:
    """A table of what stands in an export, which may be called anything."""
    from strava_assets.report.markdown import escaped, table

    return dg.MetadataValue.md(table(heads, [[escaped(str(value)) for value in row] for row in rows]))
