"""Jobs and schedules: the whole chain every six hours, and the removal of old run records every night."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from strava_assets.settings import Settings

EVERY_SIX_HOURS = "0 */6 * * *"
EVERY_NIGHT = "40 3 * * *"


def build_jobs(settings: "Settings") -> list[Any]:
    """What a person launches by name; every one but the last is a selection of the same assets."""
    # An import has a job of its own: an export comes when a person asks for one.
    everything = dg.AssetSelection.all() - dg.AssetSelection.assets("archive_activities")
    return [
        dg.define_asset_job(
            "sync",
            selection=everything,
            description="The whole chain: fetch what is new (and everything once a day), load it, refresh "
            "every mart. What the schedule runs.",
        ),
        dg.define_asset_job(
            "full_listing",
            selection=everything,
            description="The whole chain with a full listing: finds edits and deletions of any age. One call "
            "per 200 activities.",
            config={"ops": {"raw_activities": {"config": {"mode": "FULL"}}}},
        ),
        dg.define_asset_job(
            "import_archive",
            selection=dg.AssetSelection.all() - dg.AssetSelection.assets("raw_activities"),
            description="Import a bulk export, load it and refresh every mart. Without a path, the newest "
            "export_….zip in the home's folder archive. Asks Strava for no streams.",
            config={"ops": {"activity_streams": {"config": {"fetch": False}}}},
        ),
        dg.define_asset_job(
            "rebuild",
            selection=everything
            - dg.AssetSelection.assets("raw_activities", "athlete_profile", "activity_streams"),
            description="Build bq_activities and every mart anew from the landing. Asks Strava nothing.",
            config={"ops": {"bq_activities": {"config": {"rebuild": True}}}},
        ),
        dg.define_asset_job(
            "refresh_marts",
            selection=everything
            - dg.AssetSelection.assets("raw_activities", "bq_activities", "activity_streams"),
            description="Compute every mart again, after a setting or a figure of yours has changed.",
        ),
        dg.define_asset_job(
            "report",
            selection=dg.AssetSelection.assets("insights_report"),
            description="Write the insights page anew from the marts as they are.",
        ),
        _prune_job(settings.keep_runs_days),
    ]


def build_schedules(settings: "Settings") -> list[dg.ScheduleDefinition]:
    """The schedules; switched on where the settings say so.

    Args:
        settings: their time zone, and whether they start running.
    """
    status = (
        dg.DefaultScheduleStatus.RUNNING if settings.schedules_running else dg.DefaultScheduleStatus.STOPPED
    )
    return [
        dg.ScheduleDefinition(
            name="sync_every_6_hours",
            job_name="sync",
            cron_schedule=EVERY_SIX_HOURS,
            execution_timezone=settings.timezone,
            default_status=status,
            description=(
                f"Runs the job sync at 0, 6, 12 and 18 o'clock, {settings.timezone}. It decides itself "
                "between an incremental and a full listing, so that a missed tick costs nothing."
            ),
        ),
        dg.ScheduleDefinition(
            name="prune_runs_every_night",
            job_name="prune_runs",
            cron_schedule=EVERY_NIGHT,
            execution_timezone=settings.timezone,
            default_status=status,
            description=f"Removes records and logs of runs older than {settings.keep_runs_days} days.",
        ),
    ]


def _prune_job(keep_days: int) -> dg.JobDefinition:
    @dg.op(description="Remove the records of old runs; the last success of every asset stays.")
    def remove_old_runs(context: dg.OpExecutionContext) -> None:
        from strava_assets.execution.pruning import prune_runs

        result = prune_runs(context.instance, datetime.now(UTC), keep_days)
        context.log.info("Removed the records of %d runs older than %d days.", result.runs, keep_days)

    @dg.job(
        name="prune_runs",
        description=f"Remove records and logs of runs older than {keep_days} days "
        "(STRAVA_ASSETS_KEEP_RUNS_DAYS). What each asset and each check showed last stays.",
    )
    def prune_runs() -> None:
        remove_old_runs()

    return prune_runs
