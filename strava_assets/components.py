"""The component with which another Dagster project mounts this platform.

docs/component.md shows its `defs.yaml`. The package registers this module under
`dagster_dg_cli.registry_modules`, so `dg list components` shows it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field
from typing_extensions import override

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.settings import Settings

# What the assets and checks ask for. `alerts` is for the sensors, and the IO manager is the project's own.
OWN_RESOURCES = ("strava", "landing", "streams", "warehouse")
# The settings that the resources read from the environment themselves.
CREDENTIALS = {"client_id", "client_secret", "refresh_token"}


class StravaPlatform(dg.Component, dg.Model, dg.Resolvable):
    """An athlete's Strava history: every asset, check and job of strava_assets, and its six-hour schedule.

    What belongs to a whole Dagster instance is left to the project that mounts it: alerts, the removal of old
    runs, the default executor and IO manager. Credentials come from the environment or the secret store.
    """

    settings: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        description="Settings by the names in .env.example, over those of the environment. Without "
        "STRAVA_ASSETS_HOME the home is the folder data of the project.",
    )

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The platform, less what belongs to the whole instance.

        Raises:
            ConfigurationError: an attribute is not a setting, or its value is not possible.
        """
        # Imported here: dg loads this module for every project of the environment.
        from strava_assets.definitions import build_defs
        from strava_assets.schedules import PRUNE_RUNS
        from strava_assets.wiring import has_several_athletes

        settings = self._load_settings({"STRAVA_ASSETS_HOME": str(context.project_root / "data")})
        platform = build_defs(settings, several_athletes=has_several_athletes(settings))
        resources = platform.resources or {}
        return dg.Definitions(
            assets=platform.assets,
            asset_checks=platform.asset_checks,
            jobs=[job for job in platform.jobs or () if job.name != PRUNE_RUNS],
            schedules=[
                schedule
                for schedule in platform.schedules or ()
                if isinstance(schedule, dg.ScheduleDefinition) and schedule.job_name != PRUNE_RUNS
            ],
            resources={name: resources[name] for name in OWN_RESOURCES},
        )

    def _load_settings(self, defaults: dict[str, str]) -> Settings:
        from strava_assets.settings import Settings, variable_name
        from strava_assets.settings_reader import load_settings

        allowed = {variable_name(field) for field in Settings.model_fields.keys() - CREDENTIALS}
        unknown = sorted(self.settings.keys() - allowed)
        if unknown:
            raise ConfigurationError(
                f"defs.yaml cannot set {', '.join(unknown)}.",
                means="It takes settings of strava_assets. Credentials do not belong in a project's files.",
                remedy="Set credentials in the environment, or correct the name. .env.example lists them.",
            )
        given = {name: str(value) for name, value in self.settings.items()}
        return load_settings(defaults | os.environ | given)
