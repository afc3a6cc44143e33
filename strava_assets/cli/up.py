"""`strava-assets up`, which `make run` runs: one's own account where there is one, else a sample athlete."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import Port
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.cli.processes import Child
    from strava_assets.settings import Settings

# The schedule renews after six hours; younger data needs no sync at start-up.
FRESH_FOR = timedelta(hours=6)
SYNC, REFRESH = "sync", "refresh_marts"
# What a shell says of a command that Ctrl-C ended before its work was done.
INTERRUPTED = 128 + signal.SIGINT


@click.command("up")
@click.option(
    "--port", type=Port(), default=3000, show_default=True, help="Where the Dagster UI listens, on loopback."
)
@click.option("--once", is_flag=True, help="Stop when everything has been materialised and the UI answers.")
def command(port: int, *, once: bool) -> None:
    """Start the UI and its schedule, and sync if that is due.

    Without credentials it shows what you have imported from a bulk export. Without that either, a local
    sandbox with a sample athlete takes Strava's place; its data has a home of its own and never mixes with
    yours.
    """
    from strava_assets.cli.console import console

    _refuse_taken(port)
    # A closed terminal and a kill end what was started, as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        try:
            started, succeeded = _start(stack, port)
        except KeyboardInterrupt:
            console.print("\nStopping what was started ...")
            sys.exit(INTERRUPTED)
        if once:
            sys.exit(0 if succeeded else 1)
        try:
            while True:
                time.sleep(1)
                for child in started:
                    child.check()
        except KeyboardInterrupt:
            console.print("\nStopping the UI, the daemon and the sandbox ...")


def _start(stack: ExitStack, port: int) -> tuple[list[Child], bool]:
    """Start everything, until the UI answers; returns the processes and whether the chain succeeded."""
    from strava_assets.cli.console import console
    from strava_assets.cli.instance import checkout_file, prepare
    from strava_assets.cli.processes import children, wait_for_address

    settings = _settings(stack)
    prepare(settings)
    if settings.is_sample:
        _write_sample_figures(settings.athlete_file_path)
    settings = _with_report_served(settings, stack, port)
    logs = settings.home.absolute() / "logs"
    workspace = str(checkout_file("workspace.yaml"))
    dagster = Path(sys.executable).parent
    console.print("Starting the Dagster UI and its daemon ...")
    started = stack.enter_context(
        children(
            [
                (
                    "The Dagster UI",
                    [
                        *(str(dagster / "dagster-webserver"), "-w", workspace),
                        *("-h", "127.0.0.1", "-p", str(port), "--log-level", "warning"),
                    ],
                    logs / "webserver.log",
                ),
                (
                    "The Dagster daemon",
                    [str(dagster / "dagster-daemon"), "run", "-w", workspace, "--log-level", "warning"],
                    logs / "daemon.log",
                ),
            ]
        )
    )
    succeeded = _materialise(settings, SYNC if _has_credentials(settings) else REFRESH)
    address = f"http://127.0.0.1:{port}"
    wait_for_address(f"{address}/server_info", started)
    _say_where(address, settings, succeeded=succeeded)
    return started, succeeded


def _settings(stack: ExitStack) -> Settings:
    """The settings in force: one's own, or those of the sample athlete with its sandbox started."""
    from strava_assets.cli.console import banner
    from strava_assets.landing import Landing
    from strava_assets.settings import load_settings

    # Set before the settings are read, so that the UI and the daemon see the same.
    os.environ.setdefault("STRAVA_ASSETS_SCHEDULES_RUNNING", "true")
    settings = load_settings()
    if _has_credentials(settings):
        return settings
    if not Landing(settings.landing_address).manifests():
        return _sample(settings, stack)
    # Without an account every tick of the schedule would fail.
    os.environ["STRAVA_ASSETS_SCHEDULES_RUNNING"] = "false"
    banner(
        "Your history, without an account",
        [
            "No Strava credentials are set, so this is what you have imported so far.",
            "The schedule is off: there is nobody to ask. To bring it up to date import",
            "a newer export, or stop this with Ctrl-C and run [bold]strava-assets login[/bold].",
        ],
    )
    return load_settings()


def _sample(settings: Settings, stack: ExitStack) -> Settings:
    """The settings of the sample athlete, whose sandbox answers from now on."""
    from strava_assets.cli.console import banner
    from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, RateLimits, Sandbox, serve
    from strava_assets.settings import load_settings

    # The limits of an application for ten athletes: the first run then shows a year of power curves.
    sandbox = Sandbox.sample(limits=RateLimits(overall=(400, 4_000), read=(200, 2_000)))
    sandbox.tokens.rotate_refresh_token = False
    server = stack.enter_context(serve(sandbox))
    home = settings.home / "sample"
    os.environ |= {
        "STRAVA_ASSETS_HOME": str(home),
        "STRAVA_CLIENT_ID": CLIENT_ID,
        "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
        "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
        "STRAVA_API_BASE_URL": server.base_url,
        "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
        "STRAVA_ASSETS_IS_SAMPLE": "true",
    }
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
    return load_settings()


def _write_sample_figures(path: Path) -> None:
    """Give the sample athlete figures of their own, once."""
    from strava_assets.sandbox import figures_file

    if not path.exists():
        path.write_text(figures_file(datetime.now(UTC).date()), encoding="utf-8")


def _with_report_served(settings: Settings, stack: ExitStack, port: int) -> Settings:
    """The settings with a link to the page, which is served here if it lies on this machine."""
    from strava_assets.cli.serving import serve_folder
    from strava_assets.settings import load_settings

    if settings.report_link or settings.report_url:
        return settings
    address = stack.enter_context(serve_folder(Path(settings.report_target), port))
    os.environ["STRAVA_ASSETS_REPORT_LINK"] = f"{address}/index.html"
    return load_settings()


def _has_credentials(settings: Settings) -> bool:
    """Whether an account is set up; half of one is an error, not a sample.

    Raises:
        ConfigurationError: some of the three credentials are there and some are missing.
    """
    from strava_assets.cli.account import open_tokens

    known = open_tokens(settings).read()
    wanted = {
        "client_id": "STRAVA_CLIENT_ID",
        "client_secret": "STRAVA_CLIENT_SECRET",
        "refresh_token": "STRAVA_REFRESH_TOKEN",
    }
    missing = [variable for name, variable in wanted.items() if not known.get(name)]
    if missing and len(missing) < len(wanted):
        raise ConfigurationError(
            f"Your Strava credentials are incomplete: {', '.join(missing)} missing.",
            means="With half of them Strava cannot be asked, and the sample athlete would hide that, so "
            "nothing was started.",
            remedy="run strava-assets login, or set what is missing in .env; remove the others to see the "
            "sample athlete.",
        )
    return not missing


def _materialise(settings: Settings, job: str) -> bool:
    """Run the job, unless all that it makes was made within the schedule's interval."""
    from strava_assets.cli.console import console
    from strava_assets.cli.running import run_job

    age = _age_of_data(settings, job)
    if age is not None and age < FRESH_FOR:
        console.print(
            f"[green]✓[/] Everything was materialised {_spoken(age)} ago; the schedule goes on from there."
            if settings.schedules_running
            else f"[green]✓[/] Everything was materialised {_spoken(age)} ago."
        )
        return True
    console.print("Materialising the whole chain ..." if job == SYNC else "Refreshing every mart ...")
    return run_job(settings, job, {})


def _age_of_data(settings: Settings, job: str) -> timedelta | None:
    """How long ago the oldest of the assets a job makes was materialised; None where one never was."""
    import dagster as dg

    from strava_assets.definitions import build_defs

    keys = list(build_defs(settings).resolve_job_def(job).asset_layer.executable_asset_keys)
    with dg.DagsterInstance.get() as instance:
        latest = instance.get_latest_materialization_events(keys)
    stamps = [event.timestamp for event in latest.values() if event]
    if len(stamps) < len(keys):
        return None
    return datetime.now(UTC) - datetime.fromtimestamp(min(stamps), UTC)


def _spoken(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} is taken ({error.strerror}).",
                means="The Dagster UI cannot listen there, so nothing was started.",
                remedy=f"choose another one with make run PORT={port + 1}, or stop what listens there.",
            ) from None


def _say_where(address: str, settings: Settings, *, succeeded: bool) -> None:
    from strava_assets.cli.console import console

    mark = "[green]✓[/]" if succeeded else "[red]✗ The last run failed (see above);[/]"
    console.print(f"\n{mark} The Dagster UI: [bold]{address}/asset-groups[/]")
    if settings.report_link:
        console.print(f"  The report:     [bold]{settings.report_link}[/]")
    console.print(f"  Weekly watts:   {address}/assets/weekly_watts")
    ticks = "every six hours, running" if settings.schedules_running else "off"
    console.print(f"  The schedule:   {address}/automation  ({ticks})")
    console.print(f"  The warehouse:  {settings.duckdb_path.absolute()}", soft_wrap=True)
    console.print(f"  Your figures:   {settings.athlete_file_path.absolute()}", soft_wrap=True)
    console.print(f"  Logs:           {settings.home.absolute() / 'logs'}", soft_wrap=True)
    console.print("  Ctrl-C stops everything.\n")
