"""ASGI middleware that rejects requests from other sites and with foreign host names.

A rejected request gets a 403 with the reason and a remedy as plain text. A WebSocket handshake gets only the
403.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from strava_assets.web.hosts import refusal_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from strava_assets.web.hosts import AllowedHosts

    Rule = Callable[[Scope], str | None]
    """Returns why a request is rejected, or None."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Responds with 403 to forbidden requests and passes all others to the app.

    Args:
        app: The protected app.
        allowed: The host names of this server.
        rules: Further rules for HTTP requests.
    """

    def __init__(self, app: ASGIApp, allowed: AllowedHosts, *rules: Rule) -> None:
        self._app = app
        self._allowed = allowed
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(refusal, 403)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        if refusal := self._allowed.refusal(Headers(scope=scope).getlist):
            return refusal
        rules = self._rules if scope["type"] == "http" else ()
        return next((refusal for rule in rules if (refusal := rule(scope))), None)


class SecurityHeaders:
    """Adds headers that forbid framing, loading from other sites, and content type sniffing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Added to the policy of the app; browsers apply both.
                headers.append("Content-Security-Policy", "frame-ancestors 'none'")
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def writes_are_json(scope: Scope) -> str | None:
    """Requests that can change something must be JSON.

    Pages of other sites need permission (CORS) to send JSON, and it is never granted. The content type must
    match exactly, because browsers send `text/plain; application/json` without permission.
    """
    if scope["method"] in _READING:
        return None
    types = [
        value.partition(";")[0].strip().lower() for value in Headers(scope=scope).getlist("content-type")
    ]
    if types == ["application/json"]:
        return None
    return refusal_text(
        f"A {scope['method']} request needs the header Content-Type: application/json.",
        "Pages of any site can send other content types without permission, so they are rejected.",
        "Send the body as JSON with exactly one Content-Type header.",
    )


def reads_run_no_query(scope: Scope) -> str | None:
    """GraphQL queries in URLs are rejected, because an image on another site could contain one."""
    # Starlette's routes ignore a trailing line break.
    if scope["method"] not in _READING or not scope["path"].rstrip("/\n").endswith("/graphql"):
        return None
    names = {name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
    if "query" not in names:
        return None
    return refusal_text(
        "GraphQL queries in the URL are not accepted.",
        "A link or an image on any site could contain one and start a run.",
        "Send the query by POST as application/json, or open /graphql and paste it there.",
    )
