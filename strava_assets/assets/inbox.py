"""The inbox (`inbox_activities`): new files of a folder or bucket, imported as they come.

Neither the asset nor its sensor exists without STRAVA_ASSETS_INBOX.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.assets.archive import file_metadata, only_athlete, progress_logger
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.resources import LandingResource, StravaResource, StreamsResource

if TYPE_CHECKING:
    from strava_assets.settings import Settings

SOURCE = "inbox"
NAME = "inbox_activities"
JOB = "import_inbox"


class InboxConfig(dg.Config):
    """What a launch of `inbox_activities` may choose."""

    files: list[str] = Field(
        default=[],
        description="The files to import, by their paths in the inbox, complete ones; the sensor names them. "
        "Empty: all that are not imported yet.",
    )


def source(settings: "Settings") -> dg.AssetSpec:
    """The inbox itself; its data version changes with the files that were handed to a run."""
    return dg.AssetSpec(
        SOURCE,
        description="A folder or bucket that receives recordings, e.g. a synced device folder or the export "
        "of a head unit's app. Its sensor observes it.",
        group_name="sources",
        kinds={"file"},
        metadata={"dagster/uri": settings.inbox or ""},
    )


def build(settings: "Settings") -> list[dg.AssetsDefinition]:
    """The asset of the inbox's import.

    Args:
        settings: the inbox, and the athlete's time zone.
    """

    @dg.asset(
        name=NAME,
        deps=[SOURCE],
        group_name="ingest",
        kinds={"python", "json", "parquet"},
        tags=PERSONAL,
        pool=STRAVA_POOL,
        code_version="1",
        description=(
            "New FIT, GPX and TCX files of the inbox as activities of their own, until Strava has the same "
            "rides. The sensor `inbox_files` launches it; a file that is imported already changes nothing."
        ),
        metadata={"dagster/uri": settings.landing_address},
    )
    @platform_step
    def inbox_activities(
        context: dg.AssetExecutionContext,
        config: InboxConfig,
        strava: StravaResource,
        landing: LandingResource,
        streams: StreamsResource,
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.history.adoption import athlete_of_files
        from strava_assets.history.file_import import import_files
        from strava_assets.history.inbox import folder_of, names_in, open_inbox

        store, names = landing.open(), config.files
        if (athlete := only_athlete(context)) and not names:
            names = names_in(settings.inbox or "", folder_of(athlete)) or [folder_of(athlete)]
        with open_inbox(settings.inbox or "", names) as recordings:
            imported = import_files(
                recordings,
                store,
                streams.open(),
                athlete_id=athlete or athlete_of_files(store, strava.store().read().get("athlete_id")),
                clock=lambda: datetime.now(UTC),
                home=settings.timezone,
                is_complete=bool(config.files),
                progress=progress_logger(context),
            )
        # Names given at a launch are not quoted: it may fill them from any variable of the environment.
        missing = len(set(config.files)) - imported.files if config.files else 0
        return dg.MaterializeResult(
            metadata=file_metadata(imported, settings.inbox or "") | {"no_longer_there": missing}
        )

    return [inbox_activities]
