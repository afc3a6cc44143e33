"""Serves the pages of the report, and no other file of its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from strava_assets.report.page_files import NAME, is_page

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

_HEADERS = {
    # The page gets its own origin, so its scripts cannot control the UI.
    "Content-Security-Policy": "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox",
    "Cache-Control": "no-cache",
}
_REMOTE = "The report is not on this machine. Open it at STRAVA_ASSETS_REPORT_URL."
_MISSING = "The report has no such page. Every sync writes the report at its end."


def report_routes(folder: Path | None, path: str) -> list[Route]:
    """The routes of a report.

    Args:
        folder: The folder of its pages, or None if they are not on this machine.
        path: The path of the routes, e.g. `/report`.
    """

    def page(request: Request) -> Response:
        if folder is None:
            return PlainTextResponse(_REMOTE, 404)
        name = request.path_params.get("name", "")
        if is_page(f"{name}/{NAME}"):
            # The links of a page are relative to its folder.
            return RedirectResponse(f"{path}/{name}/")
        if not name or name.endswith("/"):
            name += NAME
        try:
            content = (folder / name).read_bytes() if is_page(name) else None
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            content = None
        if content is None:
            return PlainTextResponse(_MISSING, 404)
        return HTMLResponse(content, headers=_HEADERS)

    def add_slash(_: Request) -> Response:
        return RedirectResponse(f"{path}/")

    return [Route(path, add_slash), Route(f"{path}/", page), Route(f"{path}/{{name:path}}", page)]
