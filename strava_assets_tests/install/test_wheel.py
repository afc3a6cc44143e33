"""The package as it is built: every file is in it, and it runs in an empty folder without a checkout."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.cli.started import running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE")


def run(*command: str | Path) -> str:
    """What a program prints; it has to succeed."""
    done = subprocess.run(  # noqa: S603 - our own command lines
        [str(word) for word in command], check=False, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def package_files() -> set[str]:
    """Every file of the package in the checkout, less what Python, editors and `patch` leave."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "strava_assets").rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith(".")
        and path.suffix not in (".orig", ".rej")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    shutil.copytree(
        ROOT / "strava_assets", source / "strava_assets", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    # With the setuptools that is here: the build needs no network.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", source)
    return folder / "dist"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `strava-assets` of an environment with this wheel, and with the libraries of the present one."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=True)
    program = environment / "bin" / "python"
    [wheel] = built.glob("*.whl")
    run(program, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    own = run(program, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # The folders alone: what makes a checkout importable stands in .pth files, which are not read this way.
    (Path(own) / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return environment / "bin" / "strava-assets"


@pytest.mark.deep
def test_every_file_of_the_package_is_in_the_wheel_and_in_the_source_archive(built: Path) -> None:
    [wheel], [source] = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(source) as tar:
        in_source = {name.partition("/")[2] for name in tar.getnames()}

    assert package_files() - in_wheel == set()
    assert package_files() - in_source == set()
    assert {name.rpartition(".")[2] for name in package_files()} >= {
        "sql",
        "json",
        "yaml",
        "jinja",
        "css",
        "js",
    }
    assert not [name for name in in_wheel if name.startswith("strava_assets_tests")]


@pytest.mark.deep
def test_the_wheel_gives_chain_ui_and_report_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    code = "import strava_assets; print(strava_assets.__file__)"
    assert Path(run(installed.with_name("python"), "-I", "-c", code).strip()).is_relative_to(
        installed.parents[1]
    )

    # Few activities: the sample athlete of an installation without any account is for the deep test below.
    with serve(Sandbox.many(12)) as strava:
        environ = CREDENTIALS | addresses(strava)
        with running_command(tmp_path, "--once", program=str(installed), **environ) as up:
            assert up.wait() == 0, up.out

    assert "✓ weekly_watts" in up.out
    assert f"The Dagster UI: http://127.0.0.1:{up.port}" in up.out
    assert (tmp_path / "data" / "report" / "index.html").is_file()


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_the_wheel_installs_into_an_empty_environment(built: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    [wheel] = built.glob("*.whl")
    constraints = ROOT / "constraints.txt"
    run(tmp_path / "empty" / "bin" / "python", "-m", "pip", "install", "-q", "-c", constraints, wheel)
    folder = tmp_path / "folder"
    folder.mkdir()

    with running_command(folder, "--once", program=str(tmp_path / "empty" / "bin" / "strava-assets")) as up:
        assert up.wait() == 0, up.out

    assert (folder / "data" / "sample" / "report" / "index.html").is_file()
