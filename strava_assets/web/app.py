"""The Dagster UI and the report as one guarded ASGI app.

`dagster-webserver` and `dagster dev` have no such protection: they accept GraphQL mutations by GET and check
neither Host nor Origin.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strava_assets.errors import ConfigurationError
from strava_assets.web.guard import Guard, SecurityHeaders, reads_run_no_query, writes_are_json
from strava_assets.web.report_pages import report_routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from dagster import DagsterInstance
    from dagster._core.workspace.context import IWorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceLoadTarget
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from strava_assets.web.hosts import AllowedHosts

_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def read_path_prefix(text: str) -> str:
    """A path prefix in Dagster's format, e.g. `/rides`, or an empty string.

    Raises:
        ConfigurationError: The prefix contains invalid characters.
    """
    prefix = f"/{text.strip('/')}" if text.strip("/") else ""
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"The path prefix {text!r} cannot be used.",
            means="The web UI was not started.",
            remedy="Use letters, digits, '-', '_', '.' and '~' between slashes, e.g. --path-prefix /rides.",
        )
    return prefix


def build_app(
    context: IWorkspaceProcessContext[Any],
    *,
    allowed: AllowedHosts,
    path_prefix: str = "",
    report_folder: Path | None = None,
) -> ASGIApp:
    """The guarded app: the UI at the prefix, the report below it at `/report/`.

    Args:
        context: The workspace of the UI.
        allowed: The allowed host names.
        path_prefix: A result of `read_path_prefix`.
        report_folder: The folder of the report's pages, or None if they are not on this machine.
    """
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.templates.graphiql import TEMPLATE
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, PlainTextResponse
    from starlette.routing import Mount, Route

    def graphiql(_: Request) -> Response:
        # Replaces Dagster's response to GET, which executes the query in the URL.
        return HTMLResponse(TEMPLATE.replace("{{ app_path_prefix }}", path_prefix))

    def no_notebooks(_: Request) -> Response:
        # Dagster would render any notebook that the code server can read, including scripts.
        return PlainTextResponse("Notebooks are not available.", 404)

    app = Starlette(
        routes=[
            Route(f"{path_prefix}/graphql", graphiql, methods=["GET"]),
            Route(f"{path_prefix}/notebook", no_notebooks),
            Route(f"{path_prefix}/dagit/notebook", no_notebooks),
            *report_routes(report_folder, f"{path_prefix}/report"),
            Mount("/", create_app_from_workspace_process_context(context, path_prefix)),
        ]
    )
    return SecurityHeaders(Guard(app, allowed, reads_run_no_query, writes_are_json))


@contextmanager
def open_workspace(
    instance: DagsterInstance, target: WorkspaceLoadTarget
) -> Iterator[IWorkspaceProcessContext[Any]]:
    """Open a workspace for a block.

    If the target is not a running code server, one is started and stopped with the block.
    """
    from dagster._core.remote_representation.grpc_server_registry import GrpcServerRegistry
    from dagster._core.workspace.context import WEBSERVER_GRPC_SERVER_HEARTBEAT_TTL, WorkspaceProcessContext
    from dagster._grpc.constants import GrpcServerCommand
    from dagster_webserver.cli import (
        DEFAULT_DB_STATEMENT_TIMEOUT,
        DEFAULT_POOL_MAX_OVERFLOW,
        DEFAULT_POOL_RECYCLE,
    )
    from dagster_webserver.version import __version__

    instance.optimize_for_webserver(
        DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
    )
    registry = GrpcServerRegistry(
        instance_ref=instance.get_ref(),
        server_command=GrpcServerCommand.API_GRPC,
        heartbeat_ttl=WEBSERVER_GRPC_SERVER_HEARTBEAT_TTL,
        startup_timeout=instance.code_server_process_startup_timeout,
        log_level="WARNING",
        wait_for_processes_on_shutdown=True,
    )
    with (
        registry,
        WorkspaceProcessContext(
            instance, target, version=__version__, grpc_server_registry=registry
        ) as context,
    ):
        yield context
