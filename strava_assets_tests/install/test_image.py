"""The container image, built by its Dockerfile and run, where a builder is at hand."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.deep, pytest.mark.timeout(5400)]

ROOT = Path(__file__).parents[2]
LIMIT_S = 3600
"""Only to end what hangs."""


class Builder:
    """buildah with a store of its own; it needs no daemon.

    Args:
        folder: where images and containers are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._store = ["--root", str(folder / "images"), "--runroot", str(folder / "run")]

    def __call__(self, *arguments: str | Path) -> str:
        """What it prints; it has to succeed."""
        return output("buildah", *self._store, *arguments)

    def base(self, archive: Path, name: str) -> None:
        """Make the image that the Dockerfile builds on, from Debian's packages."""
        container = self("from", "scratch")
        self("add", "--quiet", container, archive, "/")
        self("run", "--isolation", "chroot", container, "--", "ln", "-s", "python3", "/usr/bin/python")
        # pip asks the same servers as on this machine, which may have certificates of its own.
        if certificates := ssl.get_default_verify_paths().cafile:
            self("copy", "--quiet", container, certificates, "/etc/ssl/certs/ca-certificates.crt")
        self("commit", "--quiet", "--rm", container, name)


def output(program: str, *arguments: str | Path) -> str:
    """What a program prints; it has to succeed."""
    done = subprocess.run(  # noqa: S603 - found on the path by the fixture
        [program, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder whose store goes with the test: an image is a gigabyte."""
    missing = [name for name in ("buildah", "mmdebstrap") if not shutil.which(name)]
    if missing or os.getuid() != 0:
        pytest.skip(f"images are built as root with buildah and mmdebstrap (missing: {missing or 'root'})")
    folder = tmp_path_factory.mktemp("builder")
    yield Builder(folder)
    Builder(folder)("rm", "--all")
    shutil.rmtree(folder)


def test_the_image_is_built_and_runs_the_chain(builder: Builder, tmp_path: Path) -> None:
    archive = tmp_path / "base.tar"
    packages = "python3,python3-venv,ca-certificates"
    output("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", archive)
    [version] = [
        line.partition("=")[2]
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("ARG PYTHON=")
    ]
    builder.base(archive, f"docker.io/library/python:{version}")
    archive.unlink()
    builder(
        "build", "--isolation", "chroot", "--network", "host", "--pull-never", "--tag", "strava-assets", "."
    )
    container = builder("from", "--pull-never", "localhost/strava-assets")

    def inside(*command: str) -> str:
        return builder("run", "--isolation", "chroot", container, "--", *command)

    assert inside("id", "-u") == "10001"
    left_out = ("googleapiclient/discovery_cache/documents", "pandas/tests", "pyarrow/tests")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages_folder = inside("python", "-c", code)
    assert not [name for name in left_out if name in inside("find", packages_folder, "-path", f"*/{name}")]
    # Measured: 759 MB, and Debian's Python below it.
    assert int(inside("du", "-sm", "/opt/venv").split()[0]) < 850

    output_of_up = inside("strava-assets", "up", "--once", "--port", str(free_port()))

    assert "✓ insights_report" in output_of_up
    assert "✓ sync succeeded" in output_of_up
