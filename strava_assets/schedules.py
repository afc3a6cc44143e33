"""Jobs and schedules: a sync every six hours, and the removal of old run records every night."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets import wiring
from strava_assets.assets import inbox
from strava_assets.assets.athlete_partitions import align_partitions, all_athletes, one_athlete
from strava_assets.assets.fetching_athletes import due_athletes
from strava_assets.execution.executor import run_executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.settings import Settings

EVERY_SIX_HOURS = "0 */6 * * *"
EVERY_QUARTER_HOUR = "*/15 * * * *"
EVERY_NIGHT = "40 3 * * *"
# The one job that is about the whole Dagster instance.
PRUNE_RUNS = "prune_runs"
LOAD_FETCHED = "load_fetched"
"""The job that follows a fetch in which some athletes failed."""

WITHOUT_FETCHING = {"ops": {"activity_streams": {"config": {"fetch": False}}}}
"""Configuration of a job that requests no streams from Strava."""

ONLY_IF_DUE = {"ops": {"raw_activities": {"config": {"only_if_due": True}}}}
"""Configuration of a scheduled sync in a home with webhooks or with several athletes."""


def build_jobs(
    settings: "Settings", assets: "Sequence[dg.AssetsDefinition]", *, several_athletes: bool = False
) -> list[Any]:
    """All jobs. All but the last select from the same assets.

    Args:
        settings: how long the records of runs are kept.
        assets: the assets of this platform; the jobs leave those of a project that mounts it alone.
        several_athletes: whether one athlete's fetch can fail and the others' succeed.
    """
    own = dg.AssetSelection.assets(*assets)
    # Imports have jobs of their own, because exports are made on request, and files come when they come.
    of_inbox = [inbox.NAME] if settings.inbox else []
    everything = own - dg.AssetSelection.assets("archive_activities", *of_inbox)
    define = partial(dg.define_asset_job, executor_def=run_executor)
    return [
        define(
            "sync",
            selection=everything,
            description="Materialize everything: fetch new activities (and all of them once a day), "
            "load them, and refresh every mart. The schedule runs this job.",
        ),
        define(
            "full_listing",
            selection=everything,
            description="Materialize everything with a full listing, which finds edits and deletions of any "
            "age. It takes one call per 200 activities.",
            config={"ops": {"raw_activities": {"config": {"mode": "FULL"}}}},
        ),
        define(
            "import_archive",
            selection=own - dg.AssetSelection.assets("raw_activities", *of_inbox),
            description="Import a bulk export, load it and refresh every mart. The default is the newest "
            "export_….zip in the folder archive of the home. No streams are requested from Strava.",
            config=WITHOUT_FETCHING,
        ),
        define(
            "load",
            selection=own
            - dg.AssetSelection.assets("raw_activities", "archive_activities", "insights_report", *of_inbox),
            description="Load what has landed and refresh every mart, for the process of a shard. No "
            "activities and no streams are requested from Strava, and the page is left as it is.",
            config=WITHOUT_FETCHING,
        ),
        define(
            "rebuild",
            selection=everything - dg.AssetSelection.assets("raw_activities"),
            description="Rebuild every table from the landing, the streams and your figures, also in a new "
            "warehouse, without requests to Strava.",
            config={
                "ops": WITHOUT_FETCHING["ops"]
                | {
                    "bq_activities": {"config": {"rebuild": True}},
                    "athlete_profile": {"config": {"ask_strava": False}},
                }
            },
        ),
        *(
            define(
                name,
                selection=everything - dg.AssetSelection.assets("raw_activities"),
                description="Load what has landed and refresh every mart. The sensor load_after_failed_fetch "
                "launches it if some athletes could not be fetched, so that the others are up to date.",
            )
            for name in ([LOAD_FETCHED] if several_athletes else [])
        ),
        define(
            "refresh_marts",
            selection=everything
            - dg.AssetSelection.assets("raw_activities", "bq_activities", "activity_streams"),
            description="Refresh every mart, for example after a change of your settings or figures.",
        ),
        define(
            "report",
            selection=dg.AssetSelection.assets("insights_report"),
            description="Write the insights page from the current marts.",
        ),
        *(
            define(
                name,
                selection=own - dg.AssetSelection.assets("raw_activities", "archive_activities"),
                description="Import the new files of the inbox, load them and refresh every mart. The sensor "
                "inbox_files launches it. No streams are requested from Strava.",
                config=WITHOUT_FETCHING,
            )
            for name in ([inbox.JOB] if settings.inbox else [])
        ),
        _prune_job(settings.keep_runs_days),
    ]


def build_schedules(settings: "Settings", *, several_athletes: bool = False) -> list[dg.ScheduleDefinition]:
    """The schedules, with the time zone and the default status of the settings."""

    def run_for_due_athletes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        align_partitions(context.instance, wiring.athlete_index(settings).athlete_ids())
        due = due_athletes(settings)
        at = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        # Every six hours for all of them, due or not, since tables and pages depend on the date.
        is_for_all = at.hour % 6 == 0 and at.minute == 0
        if not due and not is_for_all:
            return dg.SkipReason("No athlete is due.")
        is_for_one = len(due) == 1 and not is_for_all
        tags = one_athlete(due[0]) if is_for_one else all_athletes(context.instance)
        return dg.RunRequest(run_config=ONLY_IF_DUE, tags=tags)

    run: dict[str, Any] = {"run_config": ONLY_IF_DUE if settings.webhooks else None}
    if several_athletes:
        run = {"execution_fn": run_for_due_athletes}
    status = (
        dg.DefaultScheduleStatus.RUNNING if settings.schedules_running else dg.DefaultScheduleStatus.STOPPED
    )
    return [
        dg.ScheduleDefinition(
            name="sync_every_6_hours",
            job_name="sync",
            # The quota comes by the quarter hour, and so do the turns of several athletes.
            cron_schedule=EVERY_QUARTER_HOUR if several_athletes else EVERY_SIX_HOURS,
            execution_timezone=settings.timezone,
            default_status=status,
            description=(
                "Looks every quarter hour which athletes are due, and runs the job sync for them: each one "
                "every six hours, and first loads as the quota allows. At 0:00, 6:00, 12:00 and 18:00, "
                f"{settings.timezone}, it runs in any case, because tables and pages depend on the date."
                if several_athletes
                else f"Runs the job sync at 0:00, 6:00, 12:00 and 18:00, {settings.timezone}. The job "
                "chooses between an incremental and a full listing, so a missed tick does no harm."
            ),
            **run,
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
    @dg.op(description="Remove the records of old runs, except the latest success of each asset.")
    def remove_old_runs(context: dg.OpExecutionContext) -> None:
        from strava_assets.execution.pruning import prune_runs

        result = prune_runs(context.instance, datetime.now(UTC), keep_days)
        context.log.info("Removed the records of %d runs older than %d days.", result.runs, keep_days)

    @dg.job(
        name=PRUNE_RUNS,
        description=f"Remove records and logs of runs older than {keep_days} days "
        "(STRAVA_ASSETS_KEEP_RUNS_DAYS), except the latest result of each asset and check.",
    )
    def prune_runs() -> None:
        remove_old_runs()

    return prune_runs
