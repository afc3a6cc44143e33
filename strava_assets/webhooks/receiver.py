"""The receiver: an ASGI app with one secret path, for the handshake (GET) and for events (POST).

It reads no credentials, asks nobody anything and answers with a status alone; only the handshake has a body.
Every refusal is counted by its reason and nothing of a request is logged.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from strava_assets.documents import DamagedDocumentError
from strava_assets.errors import StravaAssetsError
from strava_assets.webhooks.callback_address import callback_path
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.events import read_message
from strava_assets.webhooks.state import SIGN_OF_LIFE_EVERY, ReceiverStatus, Subscription, WebhookState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

logger = logging.getLogger("strava_assets.webhooks")

MOST_BODY_BYTES = 4096
"""An event has some 200 bytes; a title that was changed is part of it."""
_MOST_CHALLENGE_CHARACTERS = 256
# Together less than the two seconds that Strava waits for an answer.
_BODY_LIMIT_S = 0.8
_STORE_LIMIT_S = 1.0
_REREAD_SUBSCRIPTION_AFTER_S = 5.0
_EMPTY = {"connection": "close", "cache-control": "no-store"}


class Receiver:
    """The app.

    Args:
        verify_token: the secret of the handshake, of which the path is derived.
        address: the folder of the events.
        clock: returns the current aware UTC time.
    """

    def __init__(self, verify_token: str, address: str, clock: Callable[[], datetime]) -> None:
        self._verify_token = verify_token.encode()
        self._path = callback_path(verify_token).encode()
        self._events = EventStore(address)
        self._state = WebhookState(address)
        self._clock = clock
        self._lock = threading.Lock()
        self._subscription: tuple[float, Subscription | None] | None = None
        self._refused: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._started_at = clock()
        self._last_event_at: datetime | None = None
        self._seen_at = self._started_at - SIGN_OF_LIFE_EVERY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            response = await self._respond(Request(scope, receive))
            response.headers.update(_EMPTY)
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        # The path in bytes: comparing text fails where it is not ASCII.
        if not hmac.compare_digest(request.scope["path"].encode("utf-8", "replace"), self._path):
            return self._refuse(404, "wrong path")
        if request.method == "GET":
            return self._shake_hands(request)
        if request.method == "POST":
            return await self._take_event(request)
        return self._refuse(405, "wrong method")

    def _shake_hands(self, request: Request) -> Response:
        query = request.query_params
        token = query.get("hub.verify_token", "").encode("utf-8", "replace")
        challenge = query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(token, self._verify_token):
            return self._refuse(403, "wrong verify token")
        if not 0 < len(challenge) <= _MOST_CHALLENGE_CHARACTERS or not challenge.isascii():
            return self._refuse(400, "wrong challenge")
        return JSONResponse({"hub.challenge": challenge})

    async def _take_event(self, request: Request) -> Response:
        try:
            with anyio.fail_after(_BODY_LIMIT_S):
                body = await _read_body(request)
        except TimeoutError:
            return self._refuse(408, "too slow")
        except ClientDisconnect:
            return self._refuse(400, "broken off")
        if body is None:
            return self._refuse(413, "too large")
        try:
            with anyio.fail_after(_STORE_LIMIT_S):
                return await anyio.to_thread.run_sync(self._store, body, abandon_on_cancel=True)
        except TimeoutError:
            # Strava repeats it; if it was written after all, both are one file.
            return self._refuse(503, "not stored in time")

    def _store(self, body: bytes) -> Response:
        try:
            message = read_message(body)
        except DamagedDocumentError:
            return self._refuse(400, "not an event")
        # One at a time, so that the bound on waiting events holds.
        with self._lock:
            try:
                subscription = self._current_subscription()
                if subscription is None or message.subscription_id != subscription.id:
                    return self._refuse(403, "unknown subscription")
                if message.event.owner_id not in subscription.athlete_ids:
                    return self._refuse(403, "unknown athlete")
                outcome = self._events.add(message.event)
            except StravaAssetsError as error:
                logger.warning("%s", error)
                return self._refuse(503, "not stored")
            self._accepted[outcome] += 1
            self._last_event_at = self._clock()
        if outcome == "stored":
            logger.info("An event arrived: %s %s.", message.event.subject, message.event.change)
        return Response(status_code=200)

    def _current_subscription(self) -> Subscription | None:
        now = time.monotonic()
        if self._subscription is None or now - self._subscription[0] > _REREAD_SUBSCRIPTION_AFTER_S:
            self._subscription = (now, self._state.subscription())
        return self._subscription[1]

    def _refuse(self, status: int, reason: str) -> Response:
        self._refused[reason] += 1
        return Response(status_code=status)

    def leave_sign_of_life(self, *, at_once: bool = False) -> None:
        """Write `receiver.json` if that is due. It must not be called from the event loop."""
        now = self._clock()
        if not at_once and now - self._seen_at < SIGN_OF_LIFE_EVERY:
            return
        self._seen_at = now
        with self._lock:
            status = ReceiverStatus(
                self._started_at, now, self._last_event_at, dict(self._accepted), dict(self._refused)
            )
        try:
            self._state.write_receiver(status)
        except StravaAssetsError as error:
            logger.warning("%s", error)

    def leave_end_of_life(self) -> None:
        """Note that no events can be expected any more, so that polling takes over at once."""
        self.leave_sign_of_life(at_once=True)
        if status := self._state.receiver():
            self._state.write_receiver(replace(status, seen_at=status.seen_at - timedelta(days=1)))


async def _read_body(request: Request) -> bytes | None:
    """The body of a request; None if it is larger than any event."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            return None
    return body
