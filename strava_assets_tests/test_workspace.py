"""`dg` and `dagster-webserver -w workspace.yaml` find one and the same code location."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.workspace.autodiscovery import loadable_targets_from_loaded_module

ROOT = Path(__file__).parents[1]


def dg_project() -> dict[str, Any]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project: dict[str, Any] = document["tool"]["dg"]["project"]
    return project


def workspace_module() -> dict[str, str]:
    document = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    [location] = document["load_from"]
    module: dict[str, str] = location["python_module"]
    return module


def test_both_files_name_the_same_module_and_location() -> None:
    assert workspace_module() == {
        "module_name": dg_project()["code_location_target_module"],
        "location_name": dg_project()["code_location_name"],
    }


def test_the_package_ships_the_same_file() -> None:
    shipped = files("strava_assets.services").joinpath("workspace.yaml").read_text(encoding="utf-8")

    assert yaml.safe_load(shipped) == yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))


def test_the_named_module_holds_the_definitions() -> None:
    module = importlib.import_module(workspace_module()["module_name"])

    # They are made when Dagster asks for them, not when the module is imported.
    assert not [value for value in vars(module).values() if isinstance(value, dg.Definitions)]
    [target] = loadable_targets_from_loaded_module(module)
    loaded: dg.Definitions = getattr(module, target.attribute)()
    assert loaded.resolve_all_job_defs()


@pytest.mark.deep
@pytest.mark.parametrize(
    "command", [("definitions", "validate", "-w", "workspace.yaml"), ("instance", "info")]
)
def test_dagsters_own_checks_find_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    shutil.copy(ROOT / "strava_assets" / "services" / "dagster.yaml", tmp_path)
    done = subprocess.run(  # noqa: S603 - Dagster's own command line
        [Path(sys.executable).with_name("dagster"), *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path)},
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
