"""The manifests of deploy/kubernetes against Kubernetes' schemas, and the Job that Dagster makes of a run."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typing_extensions import override

from strava_assets.settings import Settings, variable_name
from strava_assets_tests.deploy.compose import SERVER, services

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
PROGRAM = Path(__file__).with_name("kubernetes_program.py")
PYTHON = ROOT / ".tools" / "kubernetes" / "bin" / "python"
DEPLOYMENTS = ("code", "daemon", "webserver")
IMAGE = "strava-assets:tested"


@cache
def objects() -> list[dict[str, Any]]:
    """Every object of the manifests, read as `sed` hands them to kubectl: one file after the other."""
    text = "".join(file.read_text() for file in sorted(FOLDER.glob("*.yaml")))
    return [thing for thing in yaml.safe_load_all(text) if thing is not None]


def named(kind: str, name: str) -> dict[str, Any]:
    [thing] = [t for t in objects() if (t["kind"], t["metadata"]["name"]) == (kind, name)]
    return thing


def pod(name: str) -> dict[str, Any]:
    """The pod of a deployment."""
    spec: dict[str, Any] = named("Deployment", name)["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    """The only container of a deployment."""
    [only] = pod(name)["containers"]
    described: dict[str, Any] = only
    return described


def instance_settings() -> dict[str, Any]:
    """The dagster.yaml that the pods have."""
    settings: dict[str, Any] = yaml.safe_load(
        named("ConfigMap", "strava-assets-dagster")["data"]["dagster.yaml"]
    )
    return settings


def ask(*arguments: str, given: object) -> str:
    """The answer of the tool's program."""
    if not PYTHON.exists():
        pytest.skip("Kubernetes' schemas and Dagster's launcher are not installed: make tools-kubernetes")
    done = subprocess.run(  # noqa: S603 - our own program
        [PYTHON, PROGRAM, *arguments], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Recorder(BaseHTTPRequestHandler):
    """An API server that accepts every Job and remembers it."""

    jobs: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.jobs.append((self.path, job))
        self._answer(201, job)

    def do_GET(self) -> None:
        _, job = self.jobs[-1]
        self._answer(200, job | {"status": {"active": 1}})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def recorder() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """An address, and the Jobs that come there with their paths."""
    jobs: list[tuple[str, dict[str, Any]]] = []
    handler = type("Recording", (Recorder,), {"jobs": jobs})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", jobs
        finally:
            server.shutdown()
            thread.join()


@cache
def launched(config: str = "") -> dict[str, Any]:
    """The Job that Dagster makes of a run by dagster.yaml; the configuration is a tag of the run."""
    request = {
        "image": IMAGE,
        "run_launcher": instance_settings()["run_launcher"],
        "tags": {"dagster-k8s/config": config} if config else {},
    }
    with recorder() as (address, jobs):
        answer = json.loads(ask("launch", address, given=request))
    [(path, job)] = jobs
    assert path == "/apis/batch/v1/namespaces/strava-assets/jobs"
    assert job["metadata"]["name"] == f"dagster-run-{answer['run_id']}"
    assert answer["health"] == "RUNNING"
    return job


def test_every_object_fits_the_schemas_of_kubernetes() -> None:
    kinds = "".join(file.read_text() for file in FOLDER.glob("*.yaml")).count("\nkind: ")
    assert len(objects()) == kinds > 10
    assert not ask("validate", given=objects())


def test_the_schemas_notice_a_misspelt_field_and_a_wrong_type() -> None:
    misspelt, wrong_type = deepcopy([named("Deployment", "code"), named("Deployment", "webserver")])
    misspelt["spec"]["replica"] = 1
    wrong_type["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "3000"
    faults = ask("validate", given=[misspelt, wrong_type]).splitlines()
    assert [fault.partition(":")[0] for fault in faults] == ["Deployment code", "Deployment webserver"]


@pytest.mark.deep
def test_a_run_is_one_job_of_our_image_that_ends_and_is_removed() -> None:
    job = launched()
    assert not ask("validate", given=[job])
    [run] = job["spec"]["template"]["spec"]["containers"]
    assert run["image"] == IMAGE
    # The image's entry point is another program than the one that Dagster names first.
    assert [*run["command"], *run["args"][:3]] == ["env", "dagster", "api", "execute_run"]
    assert run["resources"]["limits"] == {"memory": "2Gi"}
    assert (job["spec"]["backoffLimit"], job["spec"]["ttlSecondsAfterFinished"]) == (0, 600)
    assert_restricted(job["spec"]["template"]["spec"])


@pytest.mark.deep
def test_a_tag_gives_a_run_more_memory() -> None:
    job = launched('{"container_config": {"resources": {"limits": {"memory": "6Gi"}}}}')
    assert not ask("validate", given=[job])
    [run] = job["spec"]["template"]["spec"]["containers"]
    assert run["resources"]["limits"] == {"memory": "6Gi"}
    assert run["command"] == ["env"]


@pytest.mark.deep
def test_a_run_has_the_settings_and_the_rights_of_the_code_server() -> None:
    spec = launched()["spec"]["template"]["spec"]
    [run] = spec["containers"]
    assert run["envFrom"] == container("code")["envFrom"]
    assert spec["serviceAccountName"] == pod("code")["serviceAccountName"] == "strava-assets"
    written = {mount["mountPath"] for mount in run["volumeMounts"]}
    assert written == {"/opt/dagster", "/var/lib/strava-assets", "/tmp"}  # noqa: S108 - a folder of the pod


@pytest.mark.deep
def test_the_database_lets_a_run_in() -> None:
    labels = launched()["spec"]["template"]["metadata"]["labels"]
    [rule] = named("NetworkPolicy", "postgres")["spec"]["ingress"]
    [allowed] = rule["from"]
    assert allowed["podSelector"]["matchLabels"].items() <= labels.items()


def assert_restricted(spec: dict[str, Any]) -> None:
    """A pod that Kubernetes' strictest rules admit, and that writes nowhere but in its volumes."""
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in spec["containers"]:
        context = one["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"]
        assert one["resources"]["limits"]["memory"]


def test_no_pod_has_more_rights_than_it_needs() -> None:
    workloads = [thing for thing in objects() if thing["kind"] in ("Deployment", "StatefulSet")]
    assert len(workloads) == 4
    for workload in workloads:
        assert_restricted(workload["spec"]["template"]["spec"])
    [namespace] = [thing for thing in objects() if thing["kind"] == "Namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    bound = [thing["subjects"] for thing in objects() if thing["kind"] == "RoleBinding"]
    assert [[subject["name"] for subject in subjects] for subjects in bound] == [["dagster"]]


def test_the_ui_is_served_behind_the_guard_and_nowhere_without_it() -> None:
    lines = {name: [*container(name)["command"], *container(name)["args"]] for name in DEPLOYMENTS}
    assert lines["webserver"][:2] == ["strava-assets", "webserver"]
    assert not [name for name, line in lines.items() if {"dagster-webserver", "dev"} & set(line)]


def test_the_probes_of_the_ui_name_a_host_that_the_guard_lets_in() -> None:
    [allowed] = [v["value"] for v in container("webserver")["env"] if v["name"].endswith("ALLOWED_HOSTS")]
    for probe in ("startupProbe", "readinessProbe"):
        [header] = container("webserver")[probe]["httpGet"]["httpHeaders"]
        assert (header["name"], header["value"]) == ("Host", allowed)


def test_nothing_is_reached_from_outside() -> None:
    assert {s["spec"].get("type", "ClusterIP") for s in objects() if s["kind"] == "Service"} == {"ClusterIP"}
    assert not [thing for thing in objects() if thing["kind"] == "Ingress"]
    closed = named("NetworkPolicy", "nothing-comes-in")["spec"]
    assert (closed["podSelector"], closed["policyTypes"], closed.get("ingress")) == ({}, ["Ingress"], None)


def test_the_services_do_what_those_of_the_compose_file_do() -> None:
    for name in DEPLOYMENTS:
        composed = services()[name]
        line = [*container(name)["command"], *container(name)["args"]]
        assert line == [*composed["entrypoint"], *composed["command"]]


def test_dagsters_settings_are_those_of_the_server_but_for_what_runs_a_run() -> None:
    on_server: dict[str, Any] = yaml.safe_load((SERVER / "dagster.yaml").read_text())
    here = instance_settings()
    assert here.pop("run_launcher")["class"] == "K8sRunLauncher"
    del on_server["run_launcher"]
    # A node may have to be started first.
    assert here["run_monitoring"].pop("start_timeout_seconds") > on_server["run_monitoring"].pop(
        "start_timeout_seconds"
    )
    assert here == on_server


def test_every_pod_finds_the_settings_volumes_and_secrets_that_it_names() -> None:
    maps = {thing["metadata"]["name"] for thing in objects() if thing["kind"] == "ConfigMap"}
    given = named("ConfigMap", "strava-assets-instance")["data"]
    variables = set(re.findall(r"env: (\w+)", (FOLDER / "dagster.yaml").read_text()))
    assert variables - set(given) == {"DAGSTER_POSTGRES_PASSWORD"}
    for name in DEPLOYMENTS:
        sources = container(name)["envFrom"]
        assert {source["configMapRef"]["name"] for source in sources if "configMapRef" in source} <= maps
        # It is made by a command of docs/kubernetes.md, since no secret stands in a file.
        assert [s["secretRef"]["name"] for s in sources if "secretRef" in s] == ["strava-assets-postgres"]
        volumes = {volume["name"] for volume in pod(name)["volumes"]}
        assert {mount["name"] for mount in container(name)["volumeMounts"]} == volumes
    assert not [thing for thing in objects() if thing["kind"] == "Secret"]


def test_only_runs_and_the_code_server_have_the_athletes_settings() -> None:
    def has_settings(name: str) -> bool:
        return {"configMapRef": {"name": "strava-assets-settings"}} in container(name)["envFrom"]

    assert [name for name in DEPLOYMENTS if has_settings(name)] == ["code"]


def test_its_settings_are_settings_and_nothing_stays_on_a_disk_that_is_gone_with_the_pod() -> None:
    ours = set(named("ConfigMap", "strava-assets-settings")["data"])
    assert ours <= {variable_name(field) for field in Settings.model_fields}
    at_home = {
        variable_name(name)
        for name, field in Settings.model_fields.items()
        if name.endswith("_url") and "Default: <home>" in str(field.description)
    }
    assert at_home <= ours


def test_the_document_names_every_file_and_every_place_to_fill_in() -> None:
    document = (ROOT / "docs" / "kubernetes.md").read_text()
    for file in FOLDER.glob("*.yaml"):
        assert f"`{file.name}`" in document
    places = {
        place for file in FOLDER.rglob("*.yaml") for place in re.findall(r"THE_[A-Z_]+", file.read_text())
    }
    named = set(re.findall(r"THE_[A-Z_]+", document))
    assert places == named == {"THE_IMAGE", "THE_SYNC_ACCOUNT", "THE_BUCKET"}
    assert "--from-literal=DAGSTER_POSTGRES_PASSWORD=" in document
