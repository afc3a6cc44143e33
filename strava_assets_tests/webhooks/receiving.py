"""A receiver that is served over HTTP, and events as Strava sends them."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests

from strava_assets.web.serving import open_listener
from strava_assets.webhooks.callback_address import callback_path, path_digest
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.receiver import Receiver
from strava_assets.webhooks.serving import create_server
from strava_assets.webhooks.state import ReceiverStatus, Subscription, WebhookState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERIFY_TOKEN = "the-verify-token-of-these-tests"
ATHLETE = 7
SUBSCRIPTION = 120_475
WAIT_LIMIT_S = 30.0


@dataclass(frozen=True)
class Served:
    """A running receiver.

    Attributes:
        port: its port.
        app: the app.
        folder: the folder of the events.
    """

    port: int
    app: Receiver
    folder: Path

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def callback_url(self) -> str:
        return self.base_url + callback_path(VERIFY_TOKEN)

    @property
    def events(self) -> EventStore:
        return EventStore(str(self.folder))

    @property
    def state(self) -> WebhookState:
        return WebhookState(str(self.folder))

    def post(self, event: object) -> int:
        """Send an event and return the status."""
        return requests.post(self.callback_url, json=event, timeout=WAIT_LIMIT_S).status_code

    def waiting(self) -> list[str]:
        return self.events.waiting(str(ATHLETE))

    def refused(self) -> dict[str, int]:
        """The counts of refusals as the receiver writes them down."""
        self.app.leave_sign_of_life(at_once=True)
        status = self.state.receiver()
        assert status is not None
        return status.refused


@contextmanager
def serving_receiver(folder: Path, *, subscribed: bool = True) -> Iterator[Served]:
    """Serve a receiver for a block."""
    if subscribed:
        note_subscription(folder)
    app = Receiver(VERIFY_TOKEN, str(folder), lambda: datetime.now(UTC))
    with open_listener(0, name="The receiver of the test") as listener:
        server = create_server(app, tick_s=0.05)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Served(listener.getsockname()[1], app, folder)
        finally:
            server.should_exit = True
            thread.join(WAIT_LIMIT_S)


def note_subscription(folder: Path, subscription_id: int = SUBSCRIPTION, athlete: int = ATHLETE) -> None:
    """Write down a subscription, as `webhook subscribe` does."""
    WebhookState(str(folder)).write_subscription(
        Subscription(subscription_id, path_digest(VERIFY_TOKEN), (str(athlete),), datetime.now(UTC))
    )


def note_receiver(folder: Path, seen_at: datetime | None = None) -> None:
    """Write down a sign of life, as a receiver does."""
    moment = seen_at or datetime.now(UTC)
    WebhookState(str(folder)).write_receiver(ReceiverStatus(moment, moment))


def event(object_id: object = 99, change: str = "create", **fields: Any) -> dict[str, Any]:
    """An event as Strava sends it."""
    return {
        "object_type": "activity",
        "object_id": object_id,
        "aspect_type": change,
        "owner_id": ATHLETE,
        "subscription_id": SUBSCRIPTION,
        "event_time": 1_790_000_000,
        "updates": {},
    } | fields


def wait_until(is_true: Callable[[], object]) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + WAIT_LIMIT_S
    while not is_true():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.02)
