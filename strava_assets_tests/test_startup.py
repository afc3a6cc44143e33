"""Loading the code location is light, silent, and touches nothing: no network, no secret, no disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "adlfs",
    "altair",
    "apprise",
    "azure",
    "boto3",
    "deltalake",
    "duckdb",
    "fastapi",
    "google.cloud",
    "jinja2",
    "numpy",
    "pandas",
    "pyarrow",
    "pyiceberg",
    "s3fs",
    "sqlglot",
    "starlette",
    "uvicorn",
    "vl_convert",
)

LOAD = """
import os
import sys
import sysconfig
import dagster
before = set(sys.modules)
touched = []
def look(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir", "os.remove"):
        touched.append((event, str(arguments)))
    if event == "open" and not isinstance(arguments[0], int):
        path, _, flags = arguments
        name = str(path).removeprefix(os.environ["PYTHONPATH"])
        # Libraries are named after what they do: azure_keyvault_secrets has no secret in it.
        is_code = name.endswith((".py", ".pyc")) or str(path).startswith(sysconfig.get_path("purelib"))
        if flags & 3 or (not is_code and ("token" in name or "secret" in name)):
            touched.append((event, name))
sys.dont_write_bytecode = True
sys.addaudithook(look)
import strava_assets.definitions
strava_assets.definitions.defs()
print(*sorted(set(sys.modules) - before))
print(*touched, sep="\\n", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, without any setting, in an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STRAVA")}
    done = subprocess.run(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-W", "error", "-c", LOAD],
        check=False,
        capture_output=True,
        text=True,
        cwd=empty,
        env=environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        timeout=120,
    )
    assert list(empty.iterdir()) == []
    return done


@pytest.mark.deep
def test_nothing_is_said_and_nothing_is_touched(started: subprocess.CompletedProcess[str]) -> None:
    assert started.returncode == 0, started.stderr
    assert started.stderr.strip() == ""


def test_what_is_heavy_is_left_for_the_run(started: subprocess.CompletedProcess[str]) -> None:
    loaded = started.stdout.split()

    assert "strava_assets.definitions" in loaded
    assert [name for name in loaded if name in HEAVY] == []
