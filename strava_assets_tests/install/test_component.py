"""Another Dagster project mounts the whole platform with `StravaPlatform`."""

from __future__ import annotations

import json
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
import yaml

from strava_assets.components import StravaPlatform
from strava_assets.definitions import build_defs
from strava_assets.sandbox import Sandbox, serve
from strava_assets.settings import Settings
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses, own_environment
from strava_assets_tests.install.dg_command import dg_output

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "component.md"
PYPROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "coach"
[tool.dg.cli]
suppress_warnings = ["project_and_activated_venv_mismatch"]
telemetry = { enabled = false }
"""
DEFINITIONS = """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
# An asset that reads one of ours, and an IO manager, an executor and a job of the project's own.
OWN = """
import dagster as dg
from strava_assets.resources import WarehouseResource

@dg.asset(deps=["bq_activities"])
def training_plan(warehouse: WarehouseResource) -> int:
    with warehouse.open() as engine:
        return engine.query("select count(*) as rides from bq_activities").to_pylist()[0]["rides"]

@dg.definitions
def own():
    return dg.Definitions(
        assets=[training_plan],
        resources={"io_manager": dg.InMemoryIOManager()},
        jobs=[dg.define_asset_job("plan", selection=["training_plan"])],
        executor=dg.multiprocess_executor,
    )
"""

# Dagster uses functions of its own that it calls preview, beta and deprecated.
pytestmark = pytest.mark.filterwarnings("ignore")


def documented() -> str:
    """The `defs.yaml` that the documentation shows."""
    return DOCUMENT.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second project, in a folder of its own."""
    own_environment(monkeypatch, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    mounted = tmp_path / "coach" / "defs" / "strava"
    mounted.mkdir(parents=True)
    for folder in (mounted.parents[1], mounted.parent):
        (folder / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "coach" / "definitions.py").write_text(DEFINITIONS)
    (mounted.parent / "plan.py").write_text(OWN)
    (mounted / "defs.yaml").write_text(documented())
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "coach"]:
        del sys.modules[name]


def loaded(project: Path) -> dg.Definitions:
    """What Dagster loads of the second project."""
    return dg.ComponentTree.for_project(project).build_defs()


def set_settings(project: Path, **settings: object) -> None:
    """Put other settings into its `defs.yaml`."""
    file = project / "coach" / "defs" / "strava" / "defs.yaml"
    document = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(document | {"attributes": {"settings": settings}}))


def test_five_lines_mount_every_asset_check_and_job(project: Path) -> None:
    assert len(documented().splitlines()) == 5

    defs, ours = loaded(project), build_defs(Settings())

    def checks(definitions: dg.Definitions) -> set[dg.AssetCheckKey]:
        return set(definitions.resolve_asset_graph().asset_check_keys)

    keys = {spec.key for spec in ours.resolve_all_asset_specs()}
    assert {spec.key for spec in defs.resolve_all_asset_specs()} == keys | {dg.AssetKey("training_plan")}
    assert checks(defs) == checks(ours)
    jobs = {job.name for job in defs.resolve_all_job_defs()}
    assert {job.name for job in ours.resolve_all_job_defs()} - jobs == {"prune_runs"}
    assert [schedule.name for schedule in defs.schedules or ()] == ["sync_every_6_hours"]


def test_it_leaves_the_rest_of_the_project_alone(project: Path) -> None:
    defs = loaded(project)

    assert "training_plan" not in {
        key.to_user_string() for key in defs.resolve_job_def("sync").asset_layer.executable_asset_keys
    }
    assert isinstance((defs.resources or {})["io_manager"], dg.InMemoryIOManager)
    assert not list(defs.sensors or ())
    assert defs.resolve_job_def("plan").executor_def is dg.multiprocess_executor
    assert defs.resolve_job_def("sync").executor_def.name == "one_process"


def test_the_home_is_in_the_project_unless_a_setting_names_another(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(project)
    assert home_of(loaded(project)) == str(project / "data")

    monkeypatch.setenv("STRAVA_ASSETS_HOME", "/from/the/environment")
    assert home_of(loaded(project)) == "/from/the/environment"

    set_settings(project, STRAVA_ASSETS_HOME="/from/the/file", STRAVA_ASSETS_KEEP_RUNS_DAYS=5)
    assert home_of(loaded(project)) == "/from/the/file"


def home_of(defs: dg.Definitions) -> str:
    """Where the mounted platform keeps its data, as its asset's resource says."""
    return str((defs.resources or {})["landing"].description).split("`address`: `")[1].split("/landing`")[0]


@pytest.mark.parametrize("name", ["STRAVA_CLIENT_SECRET", "STRAVA_ASSETS_HOMES"])
def test_credentials_and_unknown_settings_are_refused(project: Path, name: str) -> None:
    set_settings(project, **{name: "unspoken"})

    with pytest.raises(Exception, match="StravaPlatform") as refused:
        loaded(project)

    assert f"defs.yaml cannot set {name}." in str(refused.value.__cause__)
    assert "unspoken" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.deep
def test_its_job_runs_on_an_instance_that_knows_nothing_of_us(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_folder = project / "instance"
    instance_folder.mkdir()
    with serve(Sandbox.many(12)) as server, dg.DagsterInstance.local_temp(str(instance_folder)) as instance:
        for name, value in (CREDENTIALS | addresses(server)).items():
            monkeypatch.setenv(name, value)
        job = loaded(project).get_repository_def().get_job("__ASSET_JOB")
        keys = [dg.AssetKey(name) for name in ("raw_activities", "bq_activities", "training_plan")]
        run = job.execute_in_process(instance=instance, asset_selection=keys)

    assert run.success
    assert run.output_for_node("training_plan") == 12
    assert (project / "data" / "strava" / "warehouse.duckdb").is_file()


@pytest.mark.deep
def test_dg_lists_what_the_second_project_has(project: Path) -> None:
    listed = json.loads(dg_output(project, "list", "defs", "--json"))

    assert {"weekly_watts", "training_plan"} <= {asset["asset_key"] for asset in listed["assets"]}


def test_dg_knows_the_component_by_its_entry_point() -> None:
    [registered] = entry_points(group="dagster_dg_cli.registry_modules", name="strava_assets")

    assert registered.load().StravaPlatform is StravaPlatform
