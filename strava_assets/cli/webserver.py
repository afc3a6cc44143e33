"""`strava-assets webserver`: the guarded Dagster UI and report, without the daemon."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import Port, UserPath
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.workspace.load_target import WorkspaceLoadTarget

    from strava_assets.settings import Settings


@click.command("webserver")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address it listens on.")
@click.option("--port", default=3000, show_default=True, type=Port(), help="The port.")
@click.option("--path-prefix", default="", help="The path of UI and report behind a proxy, e.g. /rides.")
@click.option(
    "-w",
    "--workspace",
    type=UserPath(exists=True, dir_okay=False),
    help="A workspace file with a running code server. It requires DAGSTER_HOME to be set.",
)
def command(host: str, port: int, path_prefix: str, workspace: Path | None) -> None:
    """Serve the UI and the report, without running anything.

    The report is at /report/. There is no login, so on other hosts than loopback the server starts only if
    STRAVA_ASSETS_ALLOWED_HOSTS is set.
    """
    try:
        _run(host, port, path_prefix, workspace)
    except KeyboardInterrupt:
        sys.exit(0)


def _run(host: str, port: int, path_prefix: str, workspace: Path | None) -> None:
    from strava_assets.cli.console import console, say
    from strava_assets.settings_reader import load_settings
    from strava_assets.web.app import build_app, open_workspace, read_path_prefix
    from strava_assets.web.serving import check_exposure, open_listener, serve

    settings = load_settings()
    prefix = read_path_prefix(path_prefix)
    warning = check_exposure(host, settings.hosts)
    if warning:
        say("warning", warning)
    with (
        open_listener(port, host, name="The web UI") as listener,
        _instance(settings, own=workspace is None) as instance,
        open_workspace(instance, _target(workspace)) as context,
    ):
        app = build_app(
            context, allowed=settings.hosts, path_prefix=prefix, report_folder=settings.report_folder
        )
        address = f"http://{_reachable(host)}:{port}{prefix}"
        console.print(f"The Dagster UI: {address}/", soft_wrap=True)
        console.print(f"The report:     {address}/report/", soft_wrap=True)
        serve(app, listener)


def _target(workspace: Path | None) -> WorkspaceLoadTarget:
    """The workspace: a workspace file, or this package.

    Raises:
        ConfigurationError: The file is not a workspace file.
    """
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    file = workspace or files("strava_assets.services").joinpath("workspace.yaml")
    target = WorkspaceFileTarget([str(file)])
    try:
        target.create_origins()
    except Exception as error:  # noqa: BLE001 - Dagster and its YAML parser raise many kinds
        raise ConfigurationError(
            f"{file} is not a workspace file: {' '.join(str(error).split())}",
            means="The file must contain the address of the code server, so nothing was started.",
            remedy="Correct the file. See deploy/server/workspace.yaml for an example.",
        ) from None
    return target


def _instance(settings: Settings, *, own: bool) -> dg.DagsterInstance:
    """The Dagster instance of the home, or that of DAGSTER_HOME."""
    import dagster as dg

    from strava_assets.cli.instance import prepare

    if own:
        prepare(settings)
    elif not Path(os.environ.get("DAGSTER_HOME", "")).is_absolute():
        raise ConfigurationError(
            "DAGSTER_HOME is not set or is not an absolute path.",
            means="With --workspace you manage Dagster's home yourself, so nothing was started.",
            remedy="Set DAGSTER_HOME to the folder with your dagster.yaml, or leave out --workspace.",
        )
    elif not Path(os.environ["DAGSTER_HOME"]).is_dir():
        raise ConfigurationError(
            f"DAGSTER_HOME is {os.environ['DAGSTER_HOME']}, which is not a folder.",
            means="With --workspace you manage Dagster's home yourself, so nothing was started.",
            remedy="Set DAGSTER_HOME to the folder with your dagster.yaml, or leave out --workspace.",
        )
    return dg.DagsterInstance.get()


def _reachable(host: str) -> str:
    """The host for a URL to open on this machine."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host
