"""`strava-assets up`, which `make run` starts: with your own account, or else with a sample athlete."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import Port
from strava_assets.durable_files import write
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.cli.processes import Processes
    from strava_assets.settings import Settings

SYNC, REFRESH, IMPORT_INBOX = "sync", "refresh_marts", "import_inbox"


@click.command("up")
@click.option(
    "--port",
    type=Port(),
    default=3000,
    show_default=True,
    help="The port of the Dagster UI.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address the UI listens on.")
@click.option("--path-prefix", default="", help="The path of UI and report behind a proxy, e.g. /rides.")
@click.option(
    "--ui/--no-ui", default=True, show_default=True, help="Start the Dagster UI, or only the schedule."
)
@click.option("--once", is_flag=True, help="Stop when everything is materialized and the UI responds.")
def command(port: int, host: str, path_prefix: str, *, ui: bool, once: bool) -> None:
    """Start the UI, the schedule, and a sync if one is due.

    Without credentials it shows the activities that you imported, or those of your inbox. Without these it
    starts a local sandbox with a sample athlete, whose data is stored separately from yours.
    """
    from strava_assets.cli.console import console
    from strava_assets.web.app import read_path_prefix

    with ExitStack() as stack:
        platform = _decide(stack, WebUI(host, port, read_path_prefix(path_prefix)) if ui else None)
        services = stack.enter_context(_exclusive_processes(platform))
        if platform.ui:
            _check_port(platform.ui, platform.settings)
        # Not in the home, because the path of a socket is limited to about a hundred characters.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="strava-assets-"))
        succeeded = _start(platform, services, Path(folder) / "code.sock")
        try:
            _print_summary(platform, succeeded=succeeded)
            if once:
                sys.exit(0 if succeeded else 1)
            while True:
                time.sleep(1)
                services.watch()
        except KeyboardInterrupt:
            console.print("\nStopping everything ...")


@dataclass(frozen=True)
class WebUI:
    """The address of the Dagster UI, and the path at which a proxy serves it."""

    host: str
    port: int
    path_prefix: str

    @property
    def address(self) -> str:
        """Its URL on this machine."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.path_prefix}"

    def options(self) -> tuple[str, ...]:
        """The options of the process that serves it."""
        return ("--host", self.host, "--port", str(self.port), "--path-prefix", self.path_prefix)


@dataclass(frozen=True)
class Platform:
    """What to start.

    Args:
        settings: The settings in effect.
        environ: The environment with these settings for the processes.
        job: The job of the first run.
        ui: The UI, or None without one.
    """

    settings: Settings
    environ: dict[str, str]
    job: str
    ui: WebUI | None


def _decide(stack: ExitStack, ui: WebUI | None) -> Platform:
    """Choose your own account, your imported history, or the sample athlete, and start its sandbox."""
    from strava_assets import wiring
    from strava_assets.settings_reader import load_settings

    environ = {"STRAVA_ASSETS_SCHEDULES_RUNNING": "true"} | os.environ
    settings = load_settings(environ)
    job = SYNC
    if settings.duckdb_url:
        raise ConfigurationError(
            "STRAVA_ASSETS_DUCKDB_URL is set, and up keeps the warehouse open on this machine.",
            means="Only commands that end, such as sync, put the file back into the bucket, so nothing was "
            "started.",
            remedy="Unset it here, or run strava-assets sync from a scheduler.",
        )
    if not _has_credentials(settings):
        if settings.inbox or wiring.landing(settings).manifests():
            environ |= _without_account()
            job = IMPORT_INBOX if settings.inbox else REFRESH
        else:
            environ |= _sample_athlete(settings.home / "sample", stack)
    if ui and not settings.report_link and settings.report_folder:
        environ["STRAVA_ASSETS_REPORT_LINK"] = f"{ui.address}/report/index.html"
    if ui and not settings.ui_url:
        environ["STRAVA_ASSETS_UI_URL"] = ui.address
    return Platform(load_settings(environ), environ, job, ui)


def _without_account() -> dict[str, str]:
    """The environment for an imported history without account, in which every scheduled sync would fail."""
    from strava_assets.cli.console import banner

    banner(
        "Your history, without an account",
        [
            "No Strava credentials are set, so this is the history that you imported.",
            "The schedule is off. To update the history, import a newer export or files,",
            "or stop this with Ctrl-C and run [bold]strava-assets login[/bold].",
        ],
    )
    return {"STRAVA_ASSETS_SCHEDULES_RUNNING": "false"}


def _sample_athlete(home: Path, stack: ExitStack) -> dict[str, str]:
    """Start the sandbox with the sample athlete, and return the environment for it."""
    from strava_assets.cli.console import banner
    from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, RateLimits, Sandbox, serve

    # Limits that do not stop the first run: the curves of all years are there from the first look on.
    sandbox = Sandbox.sample(limits=RateLimits(overall=(4_000, 40_000), read=(2_000, 20_000)))
    sandbox.tokens.rotate_refresh_token = False
    server = stack.enter_context(serve(sandbox))
    sandbox.history.prepare_in_background(sandbox.closing)
    banner(
        "Sample athlete",
        [
            "No Strava credentials are set, so this is [bold]not your data[/bold]: a sandbox",
            "on this machine replaces Strava, with an invented athlete.",
            f"Its data is stored in [bold]{home}[/bold].",
            "To use your own data: stop this with Ctrl-C, run [bold]strava-assets login[/bold],",
            "or [bold]strava-assets import[/bold] with your bulk export, and start again.",
        ],
    )
    return {
        "STRAVA_ASSETS_HOME": str(home),
        "STRAVA_CLIENT_ID": CLIENT_ID,
        "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
        "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
        "STRAVA_API_BASE_URL": server.base_url,
        "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
        "STRAVA_ASSETS_IS_SAMPLE": "true",
    }


@contextmanager
def _exclusive_processes(platform: Platform) -> Iterator[Processes]:
    """The processes of this home, which only one `up` at a time may start.

    Raises:
        ConfigurationError: Another `up` is running in this home.
    """
    from strava_assets.cli.instance import prepare_home
    from strava_assets.cli.processes import processes
    from strava_assets.execution.locks import LockedError, ProcessLock

    home = prepare_home(platform.settings)
    locks = home / "services"
    locks.mkdir(exist_ok=True)
    lock = ProcessLock(home / "up.lock")
    try:
        lock.take()
    except LockedError as error:
        raise ConfigurationError(
            f"strava-assets up is already running in {platform.settings.home} ({error}).",
            means="A second one would run every sync twice, so nothing was started.",
            remedy="Use the running one, or stop it with Ctrl-C first.",
        ) from None
    try:
        with processes(locks, platform.environ | {"DAGSTER_HOME": str(home)}) as services:
            yield services
    finally:
        lock.release()


def _start(platform: Platform, services: Processes, socket_path: Path) -> bool:
    """Start everything, wait for the UI, and return whether the first run succeeded."""
    from strava_assets.cli.console import console
    from strava_assets.cli.processes import Program, wait_for_answer

    settings, ui = platform.settings, platform.ui
    if settings.is_sample:
        _write_sample_figures(settings.athlete_file_path)
    logs = settings.home.absolute() / "logs"
    logs.mkdir(exist_ok=True)
    socket = ("--socket", str(socket_path))
    title = "The Dagster UI with its daemon" if ui else "The daemon"
    console.print(f"Starting {title[0].lower()}{title[1:]} ...")
    services.start(Program("The code server", "code_server", socket, logs / "code_server.log"))
    services.start(Program(title, "host", (*socket, *(ui.options() if ui else ())), logs / "host.log"))
    succeeded = services.run(Program("The first run", "first_run", ("--job", platform.job))) == 0
    if ui:
        wait_for_answer(f"{ui.address}/server_info", services)
    return succeeded


def _write_sample_figures(path: Path) -> None:
    """Write the sample athlete's figures and gear unless the file exists."""
    from strava_assets.sandbox import figures_file, gear_entries

    if not path.exists():
        today = datetime.now(UTC).date()
        text = f"{figures_file(today)}\n{gear_entries(today)}"
        write(path, text.encode())


def _has_credentials(settings: Settings) -> bool:
    """Whether all credentials are set.

    Raises:
        ConfigurationError: Only some of the three credentials are set.
    """
    from strava_assets import wiring

    tokens = wiring.application_store(settings).read()
    variables = {
        "client_id": "STRAVA_CLIENT_ID",
        "client_secret": "STRAVA_CLIENT_SECRET",
        "refresh_token": "STRAVA_REFRESH_TOKEN",
    }
    missing = [variable for name, variable in variables.items() if not tokens.get(name)]
    if missing and len(missing) < len(variables):
        raise ConfigurationError(
            f"Your Strava credentials are incomplete: {', '.join(missing)} missing.",
            means="Requests to Strava would fail, so nothing was started.",
            remedy="Run strava-assets login, or set the missing variables in .env. To see the sample "
            "athlete, remove the others.",
        )
    return not missing


def _check_port(ui: WebUI, settings: Settings) -> None:
    """Check that the UI can listen on its port, after the processes of a killed `up` have ended.

    Raises:
        ConfigurationError: The port is in use, or other machines could reach the UI, which has no login.
    """
    from strava_assets.cli.console import say
    from strava_assets.web.serving import check_exposure, open_listener

    if warning := check_exposure(ui.host, settings.hosts):
        say("warning", warning)
    open_listener(ui.port, ui.host, name="The Dagster UI").close()


def _print_summary(platform: Platform, *, succeeded: bool) -> None:
    from strava_assets import wiring
    from strava_assets.cli.console import console

    settings, ui = platform.settings, platform.ui
    mark = "[green]✓[/]" if succeeded else "[red]✗ The last run failed (see above);[/]"
    page = (
        f"The Dagster UI: [bold]{ui.address}/asset-groups[/]"
        if ui
        else "The daemon is running, without a UI."
    )
    console.print(f"\n{mark} {page}", soft_wrap=True)
    console.print(
        f"  The report:     [bold]{settings.report_link or settings.report_target}[/]", soft_wrap=True
    )
    if ui:
        console.print(f"  Weekly watts:   {ui.address}/assets/weekly_watts", soft_wrap=True)
        ticks = "every six hours, running" if settings.schedules_running else "off"
        console.print(f"  The schedule:   {ui.address}/automation  ({ticks})", soft_wrap=True)
    console.print(f"  The warehouse:  {wiring.warehouse(settings).address}", soft_wrap=True)
    console.print(f"  Your figures:   {settings.athlete_file_path.absolute()}", soft_wrap=True)
    console.print(f"  Logs:           {settings.home.absolute() / 'logs'}", soft_wrap=True)
    console.print("  Ctrl-C stops everything.\n")
