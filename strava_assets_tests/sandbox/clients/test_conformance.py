"""Schemathesis sends what the API's description allows, and what it does not, to every served path."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import REFRESH_TOKEN
from strava_assets.sandbox.api import ENDPOINTS
from strava_assets_tests.depth import examples
from strava_assets_tests.sandbox.clients.conftest import tool

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.sandbox import Sandbox


def served_paths(description: Path, sandbox: Sandbox) -> dict[str, Any]:
    """The description of the paths that the sandbox serves, as the service is known to differ from it."""
    document: dict[str, Any] = json.loads(description.read_text())
    definitions = document["definitions"]
    # The service sends null for what is not known (in a stream also for a second without the sensor), no
    # coordinates without a fix, and sports of its own.
    _let_be_null(definitions)
    definitions["latLng"]["minItems"] = 0
    del definitions["sportType"]["enum"]
    served = {
        path: {"get": operations["get"]}
        for path, operations in document["paths"].items()
        if "get" in operations and any(e.path.fullmatch(path.replace("{id}", "1")) for e in ENDPOINTS)
    }
    ids = {
        "activities": [r["id"] for r in sandbox.history.records()[:40]],
        "athletes": [sandbox.athlete["id"]],
        "gear": [bike["id"] for bike in sandbox.athlete["bikes"]],
    }
    for path, operations in served.items():
        for parameter in operations["get"].get("parameters", []):
            if parameter["name"] == "id":
                parameter["enum"] = ids[path.split("/")[1]]
            elif parameter["name"] in ("page", "per_page", "page_size"):
                parameter |= {"minimum": 1, "maximum": 2**63 - 1}
            elif parameter["name"] == "key_by_type":
                parameter["enum"] = [True]
            elif parameter["name"] in ("before", "after"):
                parameter |= {"minimum": -(2**63), "maximum": 2**63 - 1}
    return document | {"paths": served}


def _let_be_null(schema: Any) -> None:
    """Add null to the type of each property and of the values of each stream, however deep."""
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name == "properties":
                for described in part.values():
                    described["x-nullable"] = True
                if "type" in part.get("data", {}).get("items", {}):
                    part["data"]["items"]["x-nullable"] = True
            _let_be_null(part)
    elif isinstance(schema, list):
        for part in schema:
            _let_be_null(part)


@pytest.mark.deep
def test_the_description_has_a_path_for_each_endpoint(sandbox: Sandbox, fixtures: Path) -> None:
    description = served_paths(fixtures / "openapi" / "strava-v3.relaxed.json", sandbox)
    # The older address of streams is not described any more.
    assert len(description["paths"]) == len(ENDPOINTS) - 1


@pytest.mark.deep
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_answer_is_as_described(
    sandbox: Sandbox, address: str, fixtures: Path, tmp_path: Path, mode: str
) -> None:
    program = tool("python/bin/schemathesis")
    described = served_paths(fixtures / "openapi" / "strava-v3.relaxed.json", sandbox)
    # There is no route for other methods: 404 instead of the 405 that these checks expect.
    left_out = ["unsupported_method", "allow_header_conformance"]
    if mode == "negative":
        # Like Strava, the sandbox passes over parameters and keys that it does not know. What it refuses, it
        # refuses with a Fault.
        left_out.append("negative_data_rejection")
        for operations in described["paths"].values():
            del operations["get"]["responses"]["200"]["schema"]
    description = tmp_path / "description.json"
    description.write_text(json.dumps(described))
    token = sandbox.tokens.refresh(REFRESH_TOKEN).access_token
    ended = subprocess.run(  # noqa: S603 - the program that the test names
        [
            *(program, "run", description, "--url", address, "--header", f"Authorization: Bearer {token}"),
            *(
                "--mode",
                mode,
                "--checks",
                "all",
                "--exclude-checks",
                ",".join(left_out),
                "--max-examples",
                str(examples(40)),
            ),
            *("--seed", "1", "--phases", "examples,coverage,fuzzing", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-6_000:] + ended.stderr[-2_000:]
