"""What Dagster loads: one pure function from settings (and overrides) to definitions.

Tests and deployments use the same graph; only resources differ.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets import sensors, wiring
from strava_assets.assets import (
    activities,
    archive,
    inbox,
    inputs,
    marts,
    planned,
    profile,
    published,
    report,
    ride_power,
    streams,
)
from strava_assets.assets.attributes import with_shared_attributes
from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.checks import activities as activity_checks
from strava_assets.checks import archive as archive_checks
from strava_assets.checks import profile as profile_checks
from strava_assets.checks import ride_power as ride_power_checks
from strava_assets.checks import streams as stream_checks
from strava_assets.checks.asset_checks import build_checks
from strava_assets.checks.marts import checks_of
from strava_assets.execution.executor import run_executor
from strava_assets.marts import catalog
from strava_assets.resources import (
    LandingResource,
    RunAlerts,
    StravaResource,
    StreamsResource,
    WarehouseResource,
)
from strava_assets.resources.fixed import fixed, without_values
from strava_assets.schedules import LOAD_FETCHED, build_jobs, build_schedules
from strava_assets.settings_reader import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.settings import Settings

ON_PURPOSE = "The sample athlete shows this on purpose."


def build_defs(
    settings: Settings,
    resource_overrides: Mapping[str, Any] | None = None,
    *,
    retry_transient: bool = True,
    several_athletes: bool = False,
) -> dg.Definitions:
    """The whole platform.

    Args:
        settings: validated settings; nothing is read from the environment here.
        resource_overrides: resources to put in place of the usual ones, by name. Like these, they cannot be
            configured when a run is launched.
        retry_transient: whether a failed step waits and tries again where that may help; a command that a
            person watches reports the failure instead.
        several_athletes: whether the athletes are partitions; their index says so.
    """
    resources = build_resources(settings) | dict(resource_overrides or {})
    bound = {
        name: resource if isinstance(resource, dg.ResourceDefinition) else fixed(resource)
        for name, resource in resources.items()
    }
    retry_policy = RETRY_TRANSIENT if retry_transient else None
    every_mart = catalog.load()
    checks_for = partial(build_checks, note=ON_PURPOSE if settings.is_sample else "")
    checks = [
        checks_for(archive.NAME, archive_checks.CHECKS),
        checks_for(
            "bq_activities",
            activity_checks.checks_of(
                settings.power_sports,
                settings.timezone,
                several_athletes=several_athletes,
                events_address=settings.events_address if settings.webhooks else None,
            ),
        ),
        checks_for("activity_streams", stream_checks.checks_of(settings.streams, settings.power_sports)),
        checks_for("athlete_profile", profile_checks.CHECKS),
        checks_for("ride_power", ride_power_checks.POWER_CHECKS),
        checks_for("ride_bests", ride_power_checks.BESTS_CHECKS),
        checks_for("ride_bests_after_work", ride_power_checks.AFTER_WORK_CHECKS),
        checks_for("recording_zones", ride_power_checks.ZONES_CHECKS),
        checks_for("ride_w_balance", ride_power_checks.W_BALANCE_CHECKS),
        *(checks_for(mart.name, checks_of(mart)) for mart in every_mart),
    ]
    published_tables = published.build(settings, every_mart)
    reported_checks = [key for check in checks for key in check.check_keys] + published.check_keys(
        published_tables
    )
    own_assets = [
        *archive.build(settings),
        *(inbox.build(settings) if settings.inbox else []),
        *activities.build(settings, retry_policy),
        *inputs.build(settings),
        *streams.build(settings, retry_policy),
        *profile.build(settings, retry_policy),
        *planned.build(settings),
        *ride_power.build(settings, retry_policy),
        *marts.build(settings, every_mart),
        *published_tables,
        *report.build(settings, every_mart, reported_checks),
    ]
    jobs = build_jobs(settings, own_assets, several_athletes=several_athletes)
    return dg.Definitions(
        assets=[
            activities.STRAVA_API,
            archive.BULK_EXPORT,
            *([inbox.source(settings)] if settings.inbox else []),
            *with_shared_attributes(own_assets, settings, several_athletes=several_athletes),
            *([report.DATA_STUDIO] if wiring.warehouse(settings).data_studio_source else []),
        ],
        asset_checks=checks,
        jobs=jobs,
        schedules=build_schedules(settings, several_athletes=several_athletes),
        sensors=sensors.build(settings, next((job for job in jobs if job.name == LOAD_FETCHED), None)),
        resources={"io_manager": without_values()} | bound,
        executor=run_executor,
    )


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources the settings ask for; opening nothing."""
    return {
        "strava": StravaResource.of(settings),
        "landing": LandingResource(address=settings.landing_address, shard=settings.shard),
        "streams": StreamsResource(address=settings.streams_address, shard=settings.shard),
        "warehouse": WarehouseResource.of(settings),
        "alerts": RunAlerts(settings),
    }


@dg.definitions
def defs() -> dg.Definitions:
    """The platform of this process's settings, which are read when Dagster loads it."""
    settings = load_settings()
    return build_defs(settings, several_athletes=wiring.has_several_athletes(settings))
