"""The files of a deployment against their own rules, and against what they must agree with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from strava_assets.settings import Settings, variable_name
from strava_assets_tests.deploy.compose import SERVER, services

ROOT = Path(__file__).parents[2]
SETTINGS = {variable_name(field) for field in Settings.model_fields}
JOBS = [ROOT / "deploy" / cloud / "job.tf" for cloud in ("gcp", "aws", "azure")]
OURS = re.compile(r"\bSTRAVA_(?:ASSETS_)?[A-Z_]+\b")


def tool(name: str) -> str:
    """A linter's program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / name
    program = str(beside) if beside.is_file() else shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not installed: pip install -e '.[dev]'")
    return program


def complaints(*command: str) -> str:
    """The output of a linter; empty if it has no findings."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - ours
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_dockerfile_passes_its_linter() -> None:
    assert not complaints(tool("hadolint"), "Dockerfile")


def test_the_compose_file_is_one() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert not complaints(tool("check-jsonschema"), *schema, str(SERVER / "compose.yaml"))


def test_the_image_is_made_of_files_that_the_build_may_see() -> None:
    copied = [
        word.removeprefix("./")
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert "strava_assets" in copied
    for ignored in (".dockerignore", ".gcloudignore"):
        let_in = {
            line.removeprefix("!").strip("/")
            for line in (ROOT / ignored).read_text().splitlines()
            if line.startswith("!")
        }
        assert {Path(name).parts[0] for name in copied} <= let_in, ignored


def test_the_image_does_not_run_as_root_and_names_what_it_is_built_on() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    [base] = [line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON=")]
    assert re.fullmatch(r"3\.11\.\d+-slim-\w+", base)


def test_no_service_listens_beyond_this_machine_or_runs_with_more_than_it_needs() -> None:
    for name, service in services().items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["healthcheck"]["test"], name
        beyond = [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")]
        assert not beyond or name == "proxy", name
    for name in ("code", "webserver", "daemon", "proxy"):
        assert services()[name]["read_only"], name
        assert services()[name]["cap_drop"] == ["ALL"], name


def test_what_listens_beyond_this_machine_is_started_on_demand_and_asks_for_a_password() -> None:
    assert services()["proxy"]["profiles"] == ["proxy"]
    directives = [line.split()[0] for line in (SERVER / "Caddyfile").read_text().splitlines() if line.strip()]
    assert directives.index("basic_auth") < directives.index("reverse_proxy")


def test_the_ui_is_served_behind_the_guard_and_nowhere_without_it() -> None:
    words = {
        name: [*service.get("entrypoint", []), *service.get("command", [])]
        for name, service in services().items()
    }
    assert [name for name, line in words.items() if line[:2] == ["strava-assets", "webserver"]] == [
        "webserver"
    ]
    assert not [name for name, line in words.items() if {"dagster-webserver", "dev"} & set(line)]


def test_only_the_code_server_is_given_the_athletes_settings() -> None:
    assert [name for name, service in services().items() if "env_file" in service] == ["code"]


def test_no_secret_stands_in_the_compose_file() -> None:
    for name, service in services().items():
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable or "SECRET" in variable or "TOKEN" in variable:
                assert re.fullmatch(r"\$\{[A-Z_]+:(\?.+|-)\}", value), (name, variable)


@pytest.mark.parametrize(
    "file",
    [
        ROOT / "Dockerfile",
        SERVER / "compose.yaml",
        SERVER / ".env.example",
        *JOBS,
    ],
    ids=lambda file: f"{file.parent.name}-{file.name}",
)
def test_every_setting_a_deployment_names_is_one(file: Path) -> None:
    named = set(OURS.findall(file.read_text()))
    assert named
    assert named <= SETTINGS


@pytest.mark.parametrize(
    "file", [SERVER / ".env.example", *JOBS], ids=lambda file: f"{file.parent.name}-{file.name}"
)
def test_nothing_worth_keeping_stays_on_a_disk_that_is_gone_with_the_container(file: Path) -> None:
    at_home = {
        variable_name(name)
        for name, field in Settings.model_fields.items()
        if name.endswith("_url") and "Default: <home>" in str(field.description)
    }
    assert len(at_home) > 2
    assert at_home <= set(OURS.findall(file.read_text()))


def test_the_example_names_every_variable_that_the_compose_file_asks_for() -> None:
    variables = set(re.findall(r"\$\{([A-Z_]+)", (SERVER / "compose.yaml").read_text()))
    example = {line.partition("=")[0] for line in (SERVER / ".env.example").read_text().splitlines()}
    assert variables <= example


def test_a_server_has_our_dagster_settings_and_its_own_stores() -> None:
    def read(path: Path) -> dict[str, Any]:
        settings: dict[str, Any] = yaml.safe_load(path.read_text())
        return settings

    on_server = read(SERVER / "dagster.yaml")
    stores = {"storage", "compute_logs"}
    assert stores <= set(on_server)
    # All services of a server must see the locks of its runs.
    assert on_server["run_launcher"].pop("config") == {"locks_in": {"env": "STRAVA_ASSETS_HOME"}}
    assert {key: value for key, value in on_server.items() if key not in stores} == read(
        ROOT / "strava_assets" / "services" / "dagster.yaml"
    )
