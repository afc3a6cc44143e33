"""Jobs and schedules: the whole chain every six hours, and the removal of old run records every night."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.execution.executor import run_executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.settings import Settings

EVERY_SIX_HOURS = "0 */6 * * *"
EVERY_NIGHT = "40 3 * * *"
# The one job that is about the whole Dagster instance.
PRUNE_RUNS = "prune_runs"


def build_jobs(settings: "Settings", assets: "Sequence[dg.AssetsDefinition]") -> list[Any]:
    """What a person launches by name; every one but the last is a selection of these assets.

    Args:
        settings: how long the records of runs are kept.
        assets: the assets of this platform. A project that mounts it has others, which these jobs leave alone.
    """
    own = dg.AssetSelection.assets(*assets)
    # An import has a job of its own: an export comes when a person asks for one.
    everything = own - dg.AssetSelection.assets("archive_activities")
    define = partial(dg.define_asset_job, executor_def=run_executor)
    jobs = [
        define(
            "sync",
            selection=everything,
            description="The whole chain: fetch what is new (and everything once a day), load it, refresh "
            "every mart. What the schedule runs.",
        ),
        define(
            "full_listing",
            selection=everything,
            description="The whole chain with a full listing: finds edits and deletions of any age. One call "
            "per 200 activities.",
            config={"ops": {"raw_activities": {"config": {"mode": "FULL"}}}},
        ),
        define(
            "import_archive",
            selection=own - dg.AssetSelection.assets("raw_activities"),
            description="Import a bulk export, load it and refresh every mart. Without a path, the newest "
            "export_….zip in the home's folder archive. Asks Strava for no streams.",
            config={"ops": {"activity_streams": {"config": {"fetch": False}}}},
        ),
        define(
            "rebuild",
            selection=everything
            - dg.AssetSelection.assets("raw_activities", "athlete_profile", "activity_streams"),
            description="Build bq_activities and every mart anew from the landing. Asks Strava nothing.",
            config={"ops": {"bq_activities": {"config": {"rebuild": True}}}},
        ),
        define(
            "refresh_marts",
            selection=everything
            - dg.AssetSelection.assets("raw_activities", "bq_activities", "activity_streams"),
            description="Compute every mart again, after a setting or a figure of yours has changed.",
        ),
        define(
            "report",
            selection=dg.AssetSelection.assets("insights_report"),
            description="Write the insights page anew from the marts as they are.",
        ),
    ]
    return [*jobs, _prune_job(settings.keep_runs_days)]


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
            job_name=PRUNE_RUNS,
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

        pruned = prune_runs(context.instance, datetime.now(UTC), keep_days)
        context.log.info("Removed the records of %d runs older than %d days.", pruned.runs, keep_days)

    @dg.job(
        name=PRUNE_RUNS,
        description=f"Remove records and logs of runs older than {keep_days} days "
        "(STRAVA_ASSETS_KEEP_RUNS_DAYS). What each asset and each check showed last stays.",
    )
    def prune_runs() -> None:
        remove_old_runs()

    return prune_runs
