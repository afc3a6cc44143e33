"""Who launches a run chooses what it does, never where: no resource takes configuration at launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from strava_assets.definitions import build_defs, build_resources
from strava_assets.resources import LandingResource
from strava_assets.resources.fixed import fixed
from strava_assets.settings import Settings
from strava_assets_tests.chain import chain, riding
from strava_assets_tests.strava.scripted import Response, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = build_defs(Settings()).get_repository_def()
RESOURCES = sorted(build_resources(Settings()))


@pytest.mark.parametrize("job", sorted(REPOSITORY.job_names))
def test_no_job_takes_configuration_for_a_resource(job: str) -> None:
    schema: Any = REPOSITORY.get_job(job).run_config_schema.run_config_schema_type
    resources = schema.fields["resources"].config_type.fields
    assert {"io_manager", "warehouse"} <= set(resources)
    for name, resource in resources.items():
        [(key, config)] = resource.config_type.fields.items()
        accepted = (key, config.config_type.kind.name, config.config_type.fields)
        assert accepted == ("config", "STRICT_SHAPE", {}), name


@pytest.mark.deep
@pytest.mark.parametrize("name", RESOURCES)
def test_a_launch_that_configures_a_resource_is_refused_before_anything_runs(
    tmp_path: Path, name: str
) -> None:
    # The alerts have no field at all, so that any is one too many.
    fields = getattr(type(build_resources(Settings())[name]), "model_fields", {})
    field = next(iter(fields), "settings")
    with chain(tmp_path / "home", riding(9)) as platform:
        job = platform.definitions().get_repository_def().get_job("__ASSET_JOB")
        with pytest.raises(dg.DagsterInvalidConfigError, match=f'unexpected config entry "{field}"'):
            job.execute_in_process(
                {"resources": {name: {"config": {field: "elsewhere"}}}}, instance=platform.instance
            )
        assert platform.sandbox.requests == []
        assert platform.instance.get_runs_count() == 0


def test_another_address_given_at_launch_receives_nothing(tmp_path: Path) -> None:
    with (
        ScriptedServer(lambda _: Response(401, {})) as foreign,
        chain(tmp_path / "home", riding(9)) as platform,
    ):
        addresses = {"api_base_url": foreign.url, "oauth_base_url": foreign.url}
        job = platform.definitions().resolve_job_def("sync")
        with pytest.raises(dg.DagsterInvalidConfigError):
            job.execute_in_process(
                {"resources": {"strava": {"config": addresses}}}, instance=platform.instance
            )
        assert foreign.requests == []


def test_a_resource_put_in_the_place_of_another_cannot_be_configured_either() -> None:
    other = LandingResource(address="memory://elsewhere")
    defs = build_defs(Settings(), {"landing": other})
    schema: Any = defs.resolve_job_def("sync").run_config_schema.run_config_schema_type
    landing = schema.fields["resources"].config_type.fields["landing"]
    assert landing.config_type.fields["config"].config_type.fields == {}


def test_the_ui_still_shows_where_a_resource_leads() -> None:
    definition = fixed(LandingResource(address="gs://bucket/landing"))
    assert "`gs://bucket/landing`" in str(definition.description)


@pytest.mark.parametrize("name", ["after", "before"])
def test_a_launch_cannot_have_a_variable_of_the_environment_read_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", "canary")
    config = {"mode": "WINDOW", name: {"env": "STRAVA_CLIENT_SECRET"}}
    with chain(tmp_path / "home", riding(9)) as platform:
        run = platform.ingest({"raw_activities": config})
        assert f"{name} is not a date." in run.failures()["raw_activities"]
        events = [str(entry) for entry in platform.instance.all_logs(run.result.run_id)]
    assert not [event for event in events if "canary" in event]
