"""The pods that load a shard each: Kubernetes' schemas, and the settings that each pod's shell makes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from strava_assets.settings_reader import load_settings
from strava_assets.shards import Shard
from strava_assets_tests.deploy.test_kubernetes import FOLDER, ask, assert_restricted, named

if TYPE_CHECKING:
    from strava_assets.settings import Settings

[CRON_JOB] = yaml.safe_load_all((FOLDER / "shards" / "load.yaml").read_text())
JOB: dict[str, Any] = CRON_JOB["spec"]["jobTemplate"]["spec"]
POD: dict[str, Any] = JOB["template"]["spec"]
[CONTAINER] = POD["containers"]
COMMAND = "exec strava-assets load\n"


def settings_of_pod(index: int) -> Settings:
    """What the program of the pod with this index would read."""
    variables = dict(named("ConfigMap", "strava-assets-settings")["data"])
    variables |= {variable["name"]: variable["value"] for variable in CONTAINER["env"]}
    variables["STRAVA_ASSETS_GCP_PROJECT"] = "a-project"
    [script] = CONTAINER["args"]
    assert script.endswith(COMMAND)
    environment = variables | {"JOB_COMPLETION_INDEX": str(index), "PATH": "/usr/bin:/bin"}
    shell = [*CONTAINER["command"], script.replace(COMMAND, "exec env -0\n")]
    answer = subprocess.run(shell, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - the manifest's own
    exported = dict(line.split("=", 1) for line in answer.stdout.rstrip("\0").split("\0"))
    return load_settings(
        {name: value for name, value in exported.items() if name.startswith("STRAVA_")}, env_file=None
    )


def test_the_object_fits_the_schemas_and_the_rules_of_the_namespace() -> None:
    assert not ask("validate", given=[CRON_JOB])
    assert_restricted(POD)


@pytest.mark.parametrize("index", range(4))
def test_each_pod_has_a_shard_a_file_and_a_folder_of_its_own(index: int) -> None:
    assert (JOB["completions"], JOB["completionMode"]) == (4, "Indexed")
    settings = settings_of_pod(index)
    assert settings.own_shard == Shard(index + 1, 4)
    assert settings.duckdb_url == f"gs://THE_BUCKET/tables/warehouse-{index + 1}-of-4.duckdb"
    assert settings.publish_address == f"gs://THE_BUCKET/published/shard={index + 1}-of-4"
