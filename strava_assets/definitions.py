"""What Dagster loads: one pure function from settings (and overrides) to definitions.

Tests and deployments use the same graph; only resources differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets import sensors
from strava_assets.assets import activities, archive, inputs, marts, profile, report, ride_power, streams
from strava_assets.checks import activities as activity_checks
from strava_assets.checks import archive as archive_checks
from strava_assets.checks import profile as profile_checks
from strava_assets.checks import ride_power as ride_power_checks
from strava_assets.checks import streams as stream_checks
from strava_assets.checks.marts import checks_of
from strava_assets.checks.measured import build_checks
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
from strava_assets.schedules import build_jobs, build_schedules
from strava_assets.settings import WarehouseKind, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.settings import Settings

OWNERS = ["team:athlete"]


def build_defs(
    settings: Settings, resource_overrides: Mapping[str, Any] | None = None, *, patient: bool = True
) -> dg.Definitions:
    """The whole platform.

    Args:
        settings: validated settings; nothing is read from the environment here.
        resource_overrides: resources to put in place of the usual ones, by name. Like these, they cannot be
            configured when a run is launched.
        patient: whether a run waits a while and tries again where Strava fails for the moment; one that a
            person looks on at tells it instead.
    """
    resources = build_resources(settings) | dict(resource_overrides or {})
    bound = {
        name: resource if isinstance(resource, dg.ResourceDefinition) else fixed(resource)
        for name, resource in resources.items()
    }
    storage_kind = settings.warehouse_kind.value
    every_mart = catalog.load()
    checks = [
        build_checks(archive.NAME, archive_checks.CHECKS),
        build_checks("bq_activities", activity_checks.checks_of(settings.power_sports)),
        build_checks("activity_streams", stream_checks.checks_of(settings.streams)),
        build_checks("athlete_profile", profile_checks.CHECKS),
        build_checks("ride_power", ride_power_checks.POWER_CHECKS),
        build_checks("ride_bests", ride_power_checks.BESTS_CHECKS),
        *(build_checks(mart.name, checks_of(mart)) for mart in every_mart),
    ]
    own_assets = [
        *archive.build(settings, OWNERS),
        *activities.build(settings, storage_kind, OWNERS, patient=patient),
        *inputs.build(settings, storage_kind, OWNERS),
        *streams.build(settings, storage_kind, OWNERS, patient=patient),
        *profile.build(settings, storage_kind, OWNERS, patient=patient),
        *ride_power.build(settings, storage_kind, OWNERS, patient=patient),
        *marts.build(settings, every_mart, storage_kind, OWNERS),
        *report.build(settings, every_mart, OWNERS, [key for check in checks for key in check.check_keys]),
    ]
    return dg.Definitions(
        assets=[
            activities.STRAVA_API,
            archive.BULK_EXPORT,
            *own_assets,
            *([report.DATA_STUDIO] if settings.warehouse_kind is WarehouseKind.BIGQUERY else []),
        ],
        asset_checks=checks,
        jobs=build_jobs(settings, own_assets),
        schedules=build_schedules(settings),
        sensors=sensors.build(settings),
        resources={"io_manager": without_values()} | bound,
        executor=run_executor,
    )


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources the settings ask for; opening nothing."""
    return {
        "strava": StravaResource(
            api_base_url=settings.api_base_url,
            oauth_base_url=settings.oauth_base_url,
            secret_store=settings.secret_store_kind,
            token_path=str(settings.token_path.absolute()),
            gcp_project=settings.gcp_project,
            gcp_secret=settings.gcp_secret,
            rate_limit_reserve=settings.rate_limit_reserve,
        ),
        "landing": LandingResource(address=settings.landing_address),
        "streams": StreamsResource(address=settings.streams_address),
        "warehouse": WarehouseResource(
            kind=settings.warehouse_kind,
            duckdb_path=str(settings.duckdb_path.absolute()),
            duckdb_memory_limit=settings.duckdb_memory_limit,
            gcp_project=settings.gcp_project,
            bigquery_dataset=settings.bigquery_dataset,
            bigquery_location=settings.bigquery_location,
            bigquery_max_bytes_billed=settings.bigquery_max_bytes_billed,
            bigquery_api_endpoint=settings.bigquery_api_endpoint,
        ),
        "alerts": RunAlerts(settings),
    }


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads from this module: the platform with the settings of the environment."""
    return build_defs(load_settings())
