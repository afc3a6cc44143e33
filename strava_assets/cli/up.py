"""`strava-assets up`, which `make run` runs: your own account where there is one, else a sample athlete."""

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
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.cli.processes import Processes
    from strava_assets.settings import Settings

SYNC, REFRESH = "sync", "refresh_marts"


@click.command("up")
@click.option(
    "--port",
    type=Port(),
    default=3000,
    show_default=True,
    help="The port of the Dagster UI.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address the UI listens on.")
@click.option("--path-prefix", default="", help="Where a proxy serves UI and report, e.g. /rides.")
@click.option(
    "--ui/--no-ui", default=True, show_default=True, help="With the Dagster UI, or the schedule only."
)
@click.option("--once", is_flag=True, help="Stop when everything has been materialized and the UI answers.")
def command(port: int, host: str, path_prefix: str, *, ui: bool, once: bool) -> None:
    """Start the UI and its schedule, and sync if that is due.

    Without credentials it shows what you have imported from a bulk export. Without that either, a local
    sandbox with a sample athlete takes Strava's place; its data has a home of its own and never mixes with
    yours.
    """
    from strava_assets.cli.console import console
    from strava_assets.web.app import read_path_prefix

    with ExitStack() as stack:
        platform = _decide(stack, WebUI(host, port, read_path_prefix(path_prefix)) if ui else None)
        started = stack.enter_context(_only_one(platform))
        if platform.ui:
            _check_port(platform.ui, platform.settings)
        # Not in the home: a socket's path may have some hundred characters only.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="strava-assets-"))
        succeeded = _start(platform, started, Path(folder) / "code.sock")
        if once:
            sys.exit(0 if succeeded else 1)
        try:
            while True:
                time.sleep(1)
                started.watch()
        except KeyboardInterrupt:
            console.print("\nStopping everything that was started ...")


@dataclass(frozen=True)
class WebUI:
    """Where the Dagster UI listens, and below which path a proxy serves it."""

    host: str
    port: int
    path_prefix: str

    @property
    def address(self) -> str:
        """Its address on this machine."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.path_prefix}"

    def options(self) -> tuple[str, ...]:
        """The options of the process that serves it."""
        return ("--host", self.host, "--port", str(self.port), "--path-prefix", self.path_prefix)


@dataclass(frozen=True)
class Platform:
    """What is to be started.

    Args:
        settings: those in force.
        environ: the environment that gives the same settings to the processes.
        job: what the first run materializes.
        ui: where the UI is; None for none.
    """

    settings: Settings
    environ: dict[str, str]
    job: str
    ui: WebUI | None


def _decide(stack: ExitStack, ui: WebUI | None) -> Platform:
    """Your own account, what you have imported, or the sample athlete, whose sandbox is started."""
    from strava_assets import wiring
    from strava_assets.settings import load_settings

    environ = {"STRAVA_ASSETS_SCHEDULES_RUNNING": "true"} | os.environ
    settings = load_settings(environ)
    job = SYNC
    if not _has_credentials(settings):
        if wiring.landing(settings).manifests():
            environ |= _without_account()
            job = REFRESH
        else:
            environ |= _sample_athlete(settings.home / "sample", stack)
    if ui and not settings.report_link and settings.report_folder:
        environ["STRAVA_ASSETS_REPORT_LINK"] = f"{ui.address}/report/index.html"
    return Platform(load_settings(environ), environ, job, ui)


def _without_account() -> dict[str, str]:
    """What differs where there is an imported history only: every tick of the schedule would fail."""
    from strava_assets.cli.console import banner

    banner(
        "Your history, without an account",
        [
            "No Strava credentials are set, so this is what you have imported so far.",
            "The schedule is off: there is nobody to ask. To bring it up to date import",
            "a newer export, or stop this with Ctrl-C and run [bold]strava-assets login[/bold].",
        ],
    )
    return {"STRAVA_ASSETS_SCHEDULES_RUNNING": "false"}


def _sample_athlete(home: Path, stack: ExitStack) -> dict[str, str]:
    """What differs for the sample athlete, whose sandbox answers from now on."""
    from strava_assets.cli.console import banner
    from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, RateLimits, Sandbox, serve

    # The limits of an application for ten athletes: the first run then shows a year of power curves.
    sandbox = Sandbox.sample(limits=RateLimits(overall=(400, 4_000), read=(200, 2_000)))
    sandbox.tokens.rotate_refresh_token = False
    server = stack.enter_context(serve(sandbox))
    banner(
        "Sample athlete",
        [
            "No Strava credentials are set, so this is [bold]not your data[/bold]: a sandbox",
            "on this machine plays Strava, with an invented athlete.",
            f"Everything of it lives in [bold]{home}[/bold].",
            "To use your own: stop this with Ctrl-C, run [bold]strava-assets login[/bold],",
            "or [bold]strava-assets import-archive[/bold] with your bulk export, and start again.",
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
def _only_one(platform: Platform) -> Iterator[Processes]:
    """The processes of this home, which one `up` at a time may start.

    Raises:
        ConfigurationError: another one is at work here.
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
            f"strava-assets up is at work in {platform.settings.home} already ({error}).",
            means="Two of them would run every sync twice, so nothing was started.",
            remedy="Use the one that runs, or stop it with Ctrl-C first.",
        ) from None
    try:
        with processes(locks, platform.environ | {"DAGSTER_HOME": str(home)}) as started:
            yield started
    finally:
        lock.release()


def _start(platform: Platform, started: Processes, socket_path: Path) -> bool:
    """Start everything, until the UI answers; whether the chain succeeded."""
    from strava_assets.cli.console import console
    from strava_assets.cli.processes import Program, wait_for_answer

    settings, ui = platform.settings, platform.ui
    if settings.is_sample:
        _write_sample_figures(settings.athlete_file_path)
    logs = settings.home.absolute() / "logs"
    logs.mkdir(exist_ok=True)
    place = ("--socket", str(socket_path))
    title = "The Dagster UI with its daemon" if ui else "The daemon"
    console.print(f"Starting {title[0].lower()}{title[1:]} ...")
    started.start(Program("The code server", "code_server", place, logs / "code_server.log"))
    started.start(Program(title, "host", (*place, *(ui.options() if ui else ())), logs / "host.log"))
    succeeded = started.run(Program("The first run", "first_run", ("--job", platform.job))) == 0
    if ui:
        wait_for_answer(f"{ui.address}/server_info", started)
    _say_where(platform, succeeded=succeeded)
    return succeeded


def _write_sample_figures(path: Path) -> None:
    """Give the sample athlete figures of their own, once."""
    from strava_assets.sandbox import figures_file

    if not path.exists():
        path.write_text(figures_file(datetime.now(UTC).date()), encoding="utf-8")


def _has_credentials(settings: Settings) -> bool:
    """Whether an account is set up; half of one is an error, not a sample.

    Raises:
        ConfigurationError: some of the three credentials are there and some are missing.
    """
    from strava_assets import wiring

    stored = wiring.token_store(settings).read()
    wanted = {
        "client_id": "STRAVA_CLIENT_ID",
        "client_secret": "STRAVA_CLIENT_SECRET",
        "refresh_token": "STRAVA_REFRESH_TOKEN",
    }
    missing = [variable for name, variable in wanted.items() if not stored.get(name)]
    if missing and len(missing) < len(wanted):
        raise ConfigurationError(
            f"Your Strava credentials are incomplete: {', '.join(missing)} missing.",
            means="With half of them Strava cannot be asked, and the sample athlete would hide that, so "
            "nothing was started.",
            remedy="Run strava-assets login, or set what is missing in .env; remove the others to see the "
            "sample athlete.",
        )
    return not missing


def _check_port(ui: WebUI, settings: Settings) -> None:
    """See that the UI can listen where it should; what a killed `up` left listening there has been ended.

    Raises:
        ConfigurationError: the port is taken, or other machines would reach a UI that has no login.
    """
    from strava_assets.cli.console import say
    from strava_assets.web.serving import check_exposure, open_listener

    if warning := check_exposure(ui.host, settings.hosts):
        say("warning", warning)
    open_listener(ui.port, ui.host, name="The Dagster UI").close()


def _say_where(platform: Platform, *, succeeded: bool) -> None:
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
