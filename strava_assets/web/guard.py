"""ASGI middleware that refuses what no page of another site and no foreign host name may ask.

Each refusal is a 403 with a plain text that says why and what to do. A WebSocket gets the 403 alone, in the
place of its handshake.
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
    """Why a request is refused, or None."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Answers 403 to what is not allowed, and gives everything else to the app behind it.

    Args:
        app: the app behind it.
        allowed: the host names of this server.
        rules: what is refused besides, http requests only.
    """

    def __init__(self, app: ASGIApp, allowed: AllowedHosts, *rules: Rule) -> None:
        self._app = app
        self._allowed = allowed
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
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
    """Adds to every answer that no other site may frame it, load it or guess its type."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Beside a policy that the app has set: browsers apply both.
                headers.append("Content-Security-Policy", "frame-ancestors 'none'")
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def writes_are_json(scope: Scope) -> str | None:
    """Every request that may change something has a JSON body.

    A page of another site cannot send one without asking first (CORS), and nothing here grants it. The type
    must be exactly this: browsers send `text/plain; application/json` without asking.
    """
    if scope["method"] in _READING:
        return None
    types = [
        value.partition(";")[0].strip().lower() for value in Headers(scope=scope).getlist("content-type")
    ]
    if types == ["application/json"]:
        return None
    return refusal_text(
        f"A {scope['method']} request here needs the header Content-Type: application/json.",
        "Other types can be sent by a page of any site without asking, so they are refused.",
        "Send the body as JSON with this one header.",
    )


def reads_run_no_query(scope: Scope) -> str | None:
    """No GraphQL query is taken from an address: a picture of another site's page could carry it."""
    # Starlette's routes end before a last line break.
    if scope["method"] not in _READING or not scope["path"].rstrip("/\n").endswith("/graphql"):
        return None
    names = {name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
    if "query" not in names:
        return None
    return refusal_text(
        "GraphQL queries are not taken from the address.",
        "A link or a picture on any site could carry one, and it could start a run.",
        "Send it by POST as application/json, or open /graphql without it and paste it there.",
    )
