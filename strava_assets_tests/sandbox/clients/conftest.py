"""The sandbox that other clients meet, and how they are started."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.sandbox.clients.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
TOOLS = Path(__file__).parents[3] / ".tools" / "clients"
TODAY = date(2026, 11, 23)
_TIMEOUT_S = 180

Start = Callable[..., "subprocess.CompletedProcess[str]"]
"""The fixture `start`: runs a program, given as its parts, and checks whether it succeeds."""


def tool(path: str) -> Path:
    """A program or file that `make tools-clients` installs; the test skips where it is missing."""
    installed = TOOLS / path
    if not installed.exists():
        pytest.skip("the other clients are not installed: make tools-clients")
    return installed


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox.sample(today=TODAY, limits=None)
    sandbox.tokens.rotate_refresh_token = False
    return sandbox


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    """The served sandbox's address."""
    with serve(sandbox) as server:
        yield server.base_url


@pytest.fixture
def start(address: str, tmp_path: Path) -> Iterator[Start]:
    """Starts programs to which the sandbox is https://www.strava.com."""
    with forwarding(address, tmp_path) as environment:
        variables = {name: text for name, text in os.environ.items() if not name.startswith("STRAVA")}
        variables |= environment | {"HOME": str(tmp_path), "SILENCE_TOKEN_WARNINGS": "true"}
        variables["NODE_PATH"] = str(TOOLS / "node" / "node_modules")

        def run(*command: str | Path, succeeds: bool = True) -> subprocess.CompletedProcess[str]:
            ended = subprocess.run(  # noqa: S603 - programs that the tests name
                [str(part) for part in command],
                env=variables,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
            assert (ended.returncode == 0) is succeeds, ended.stdout[-2_000:] + ended.stderr[-4_000:]
            return ended

        yield run


def document(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object that a program printed."""
    printed: dict[str, Any] = json.loads(ended.stdout)
    return printed
