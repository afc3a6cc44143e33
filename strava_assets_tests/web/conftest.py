"""Dagster's UI with canary credentials, with three guards and without a guard, and a browser."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from strava_assets.cli.instance import prepare
from strava_assets.settings_reader import load_settings
from strava_assets.web.app import build_app, open_workspace
from strava_assets.web.hosts import AllowedHosts
from strava_assets_tests.chromium import chromium
from strava_assets_tests.cli.terminal import own_environment
from strava_assets_tests.web.requesting import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT = Path(__file__).parents[2]
OWN_NAME = "rides.example"
CANARIES = {
    "client_id": "12345",
    "client_secret": "canary-client-secret",
    "refresh_token": "canary-refresh-token",
}


@dataclass(frozen=True)
class Platform:
    """One Dagster instance behind four servers.

    Attributes:
        instance: The instance of all servers.
        guarded: The port of the guarded UI on loopback.
        statuses: The statuses of its responses.
        prefixed: The port of a guarded UI at `/rides`.
        named: The port of a guarded UI that also accepts `OWN_NAME`.
        unguarded: The port of Dagster's own app, on which the attacks must succeed.
    """

    instance: dg.DagsterInstance
    guarded: int
    prefixed: int
    named: int
    unguarded: int
    statuses: list[int]


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Servers with one code server and without a daemon, so launched runs stay in the queue."""
    folder = tmp_path_factory.mktemp("platform")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        own_environment(patch, folder)
        patch.chdir(folder)
        patch.setenv("STRAVA_ASSETS_HOME", str(folder / "data"))
        settings = load_settings()
        prepare(settings)
        settings.token_path.write_text(json.dumps(CANARIES))
        settings.token_path.chmod(0o600)
        report = folder / "data" / "report"
        report.mkdir()
        (report / "index.html").write_text("<h1>Ride insights</h1>")
        instance = stack.enter_context(dg.DagsterInstance.get())
        context = stack.enter_context(
            open_workspace(instance, WorkspaceFileTarget([str(ROOT / "workspace.yaml")]))
        )
        statuses: list[int] = []
        own_name = AllowedHosts.of_setting([OWN_NAME], "STRAVA_ASSETS_ALLOWED_HOSTS")
        apps: dict[str, ASGIApp] = {
            "guarded": record_statuses(
                build_app(context, allowed=settings.hosts, report_folder=report), statuses
            ),
            "prefixed": build_app(
                context, allowed=settings.hosts, path_prefix="/rides", report_folder=report
            ),
            "named": build_app(context, allowed=own_name, report_folder=report),
            "unguarded": create_app_from_workspace_process_context(context),
        }
        ports = {name: stack.enter_context(serving(app)) for name, app in apps.items()}
        yield Platform(instance, **ports, statuses=statuses)


def record_statuses(app: ASGIApp, statuses: list[int]) -> ASGIApp:
    """Record the statuses of an app, because browsers hide those of blocked requests."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await app(scope, receive, keep)

    return answer


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser in which all names under .example resolve to this machine, as in DNS rebinding."""
    with chromium("--host-resolver-rules=MAP *.example 127.0.0.1") as opened:
        yield opened
