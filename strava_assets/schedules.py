"""Jobs and the one schedule that owns all automation: the whole chain, every six hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from strava_assets.settings import Settings

EVERY_SIX_HOURS = "0 */6 * * *"


def build_jobs() -> list[Any]:
    """What a person launches by name; every one is a selection of the same assets."""
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
    ]


def build_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule; switched on where the settings say so.

    Args:
        settings: its time zone, and whether it starts running.
    """
    return dg.ScheduleDefinition(
        name="sync_every_6_hours",
        job_name="sync",
        cron_schedule=EVERY_SIX_HOURS,
        execution_timezone=settings.timezone,
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.schedules_running
            else dg.DefaultScheduleStatus.STOPPED
        ),
        description=(
            f"Runs the job sync at 0, 6, 12 and 18 o'clock, {settings.timezone}. It decides itself between "
            "an incremental and a full listing, so that a missed tick costs nothing."
        ),
    )
