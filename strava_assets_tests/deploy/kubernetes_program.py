"""Questions to Kubernetes' schemas and to Dagster's launcher; run by the Python of `make tools-kubernetes`.

kubernetes_program.py validate        objects on stdin as JSON; faults on stdout, a line each
kubernetes_program.py launch ADDRESS  a launcher's settings on stdin as JSON; launches a run there
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

VERSION = "1.33"


def validate(objects: list[dict[str, Any]]) -> None:
    """Write what does not fit the schemas; unknown fields are faults."""
    import kubernetes_validate

    for thing in objects:
        try:
            kubernetes_validate.validate(thing, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            sys.stdout.write(f"{thing['kind']} {thing['metadata']['name']}: {error.message}\n")


def launch(request: dict[str, Any], address: str) -> None:
    """Launch a run, as the daemon does, with the settings of dagster.yaml and another API server."""
    import dagster as dg
    from dagster._core.code_pointer import ModuleCodePointer
    from dagster._core.launcher.base import LaunchRunContext
    from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

    @dg.job
    def sync() -> None:
        pass

    origin = RepositoryPythonOrigin(
        executable_path=sys.executable,
        code_pointer=ModuleCodePointer("strava_assets.definitions", "defs"),
        container_image=request["image"],
        entry_point=["dagster"],
    )
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(address)))
        launcher = request["run_launcher"]
        launcher["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
        with dg.DagsterInstance.local_temp(folder, overrides={"run_launcher": launcher}) as instance:
            run = instance.create_run_for_job(
                sync, job_code_origin=JobPythonOrigin("sync", origin), tags=request["tags"]
            )
            instance.run_launcher.launch_run(LaunchRunContext(run, workspace=None))
            health = instance.run_launcher.check_run_worker_health(run)
            json.dump({"run_id": run.run_id, "health": health.status.name}, sys.stdout)


def _kubeconfig(address: str) -> dict[str, Any]:
    named = {"name": "recorder"}
    return {
        "clusters": [named | {"cluster": {"server": address}}],
        "users": [named | {"user": {}}],
        "contexts": [named | {"context": {"cluster": "recorder", "user": "recorder"}}],
        "current-context": "recorder",
    }


if __name__ == "__main__":
    if sys.argv[1] == "validate":
        validate(json.load(sys.stdin))
    else:
        launch(json.load(sys.stdin), sys.argv[2])
