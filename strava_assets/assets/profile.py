"""The athlete's own figures by date (`athlete_profile`): from their file, filled from Strava's profile."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.inputs import as_arrow
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import ASKS_STRAVA, PERSONAL
from strava_assets.errors import StravaAssetsError
from strava_assets.resources import StravaResource, WarehouseResource
from strava_assets.schema.mart_inputs import ATHLETE_OBSERVATIONS, ATHLETE_PROFILE

if TYPE_CHECKING:
    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse


def build(settings: "Settings", retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The asset of the athlete's figures.

    Args:
        settings: where the figures file is, and which day is today.
        retry_policy: for failures that another try can mend; None for none.
    """

    @dg.asset(
        name=ATHLETE_PROFILE.name,
        deps=["bq_activities"],
        group_name="settings",
        kinds={"python"},
        tags=PERSONAL | ASKS_STRAVA,
        # It asks Strava for the profile once a day, and so takes its turn there; should another run hold the
        # warehouse meanwhile, it waits and tries again.
        pool=STRAVA_POOL,
        retry_policy=retry_policy,
        code_version="1",
        description=(
            f"{ATHLETE_PROFILE.description}\n\nYours go into `{settings.athlete_file_path}`; what it leaves "
            "out is filled from your Strava profile, from the day it was first seen there."
        ),
        metadata=table_metadata(ATHLETE_PROFILE),
    )
    @platform_step
    def athlete_profile(
        context: dg.AssetExecutionContext, strava: StravaResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[Any]:
        from strava_assets import profile
        from strava_assets.report.markdown import escaped

        today = datetime.now(ZoneInfo(settings.timezone)).date()
        with warehouse.open() as engine:
            entries = profile.read(settings.athlete_file_path, today)
            engine.ensure(ATHLETE_OBSERVATIONS)
            if not _observed(engine, today):
                _observe(context, strava, engine, today)
            observed = engine.query("SELECT * FROM athlete_observations").to_pylist()
            athletes = [
                row["athlete_id"]
                for row in engine.query("SELECT DISTINCT athlete_id FROM bq_activities").to_pylist()
            ]
            rows = profile.rows(entries, athletes, observed)
            count = engine.replace(ATHLETE_PROFILE, as_arrow(ATHLETE_PROFILE, rows))
            jobs = job_metadata(engine.take_reports())
        hints = profile.hints(rows, athletes)
        for hint in hints:
            context.log.warning(hint)
        return dg.MaterializeResult(
            metadata=jobs
            | {
                "dagster/row_count": count,
                "entries_in_file": len(entries),
                "missing": dg.MetadataValue.md(
                    "\n".join(f"- {escaped(hint)}" for hint in hints) or "Nothing."
                ),
            }
        )

    return [athlete_profile]


def _observed(engine: "Warehouse", today: date) -> bool:
    """Whether the profile was read today; once a day is often enough for a weight."""
    answer = engine.query(
        "SELECT COUNT(*) AS seen FROM athlete_observations WHERE observed_on = @today", {"today": today}
    )
    return bool(answer.to_pylist()[0]["seen"])


def _observe(
    context: dg.AssetExecutionContext, strava: StravaResource, engine: "Warehouse", today: date
) -> None:
    """Keep what Strava's profile says today; without an answer the figures known so far serve."""
    from strava_assets import profile

    try:
        _, athlete = strava.client(context.log.info).athlete()
    except StravaAssetsError as error:
        context.log.warning("The profile could not be read; the figures known so far serve. %s", error)
        return
    row = profile.observation(athlete, today)
    engine.merge(
        ATHLETE_OBSERVATIONS,
        as_arrow(ATHLETE_OBSERVATIONS, [row]).to_batches(),
        wins="TRUE",
        changed="TRUE",
        latest="observed_on",
    )
