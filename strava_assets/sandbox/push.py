"""The push subscription of the sandbox's application, and the events that it sends.

As at Strava: one subscription, a handshake with the callback address, events for uploads, deletions, a new
title, sport or privacy, and for access that was taken back. An edit of anything else and a crop send none. An
event is tried three times. The faults on the endpoint `event` lose, double, delay, reorder or forge events.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from strava_assets.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strava_assets.sandbox.faults import FaultPlan

ANSWER_LIMIT_S = 2.0
TRIES = 3
# Strava waits minutes; a test cannot.
RETRY_AFTER_S = 0.5
LATE_S = 3.0
_FIRST_ID = 120_475
# The fields of an edit that an event announces, by their names in the event.
_ANNOUNCED = {"name": "title", "sport_type": "type", "private": "private", "visibility": "private"}


@dataclass(frozen=True)
class PushSubscription:
    """The subscription as Strava keeps it."""

    id: int
    callback_url: str
    created_at: str

    def record(self, application_id: int) -> dict[str, Any]:
        """Its JSON."""
        return {
            "id": self.id,
            "application_id": application_id,
            "callback_url": self.callback_url,
            "created_at": self.created_at,
            "updated_at": self.created_at,
        }


@dataclass(frozen=True)
class Delivery:
    """One try to deliver an event; `status` is None without an answer."""

    event: Mapping[str, Any]
    status: int | None


class PushEvents:
    """Sends events to the subscription's callback address from a thread of its own.

    Args:
        athlete_id: The owner of all activities.
        faults: The planned faults.
        now_s: Returns the sandbox's time, epoch seconds.

    Attributes:
        subscription: The subscription, or None.
        deliveries: Every try so far, in order.
        send: Sends one event; by default from the thread. A simulation sends at its own time.
    """

    def __init__(self, athlete_id: int, faults: FaultPlan, now_s: Callable[[], int]) -> None:
        self._athlete_id = athlete_id
        self._faults = faults
        self._now_s = now_s
        self._queue: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._held: list[Mapping[str, Any]] = []
        self._worker: threading.Thread | None = None
        self._next_id = _FIRST_ID
        # Whose subscription it is: the application has one for all athletes.
        self._application = self
        self.subscription: PushSubscription | None = None
        self.deliveries: list[Delivery] = []
        self.send: Callable[[Mapping[str, Any]], None] = self._post_in_thread

    def share(self, application: PushEvents) -> None:
        """Announce this athlete's changes to the subscription of another athlete's sandbox."""
        self._application = application
        self._faults = application._faults

    def subscribe(self, callback_url: str, verify_token: str, created_at: str) -> PushSubscription | None:
        """Shake hands with the callback address and keep the subscription; None if that fails."""
        challenge = secrets.token_hex(8)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        try:
            answer = requests.get(callback_url, params=query, timeout=ANSWER_LIMIT_S, allow_redirects=False)
            if answer.status_code != 200 or answer.json() != {"hub.challenge": challenge}:
                return None
        except (requests.RequestException, ValueError):
            return None
        self._next_id += 1
        self.subscription = PushSubscription(self._next_id, callback_url, created_at)
        return self.subscription

    def activity_changed(self, activity_id: int, change: str, fields: Mapping[str, Any]) -> None:
        """Announce an upload, an edit with its fields, or a deletion, if Strava announces such a change."""
        updates = {
            _ANNOUNCED[name]: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in fields.items()
            if name in _ANNOUNCED
        }
        if change != "update" or updates:
            self._announce("activity", activity_id, change, updates)

    def access_revoked(self) -> None:
        """Announce that the athlete took the access back."""
        self._announce("athlete", self._athlete_id, "update", {"authorized": "false"})

    def _announce(self, subject: str, object_id: int, change: str, updates: Mapping[str, str]) -> None:
        subscription = self._application.subscription
        if subscription is None:
            return
        event = {
            "aspect_type": change,
            "event_time": self._now_s(),
            "object_id": object_id,
            "object_type": subject,
            "owner_id": self._athlete_id,
            "subscription_id": subscription.id,
            "updates": dict(updates),
        }
        self._application._send(event, self._faults.take("event"))  # noqa: SLF001 - the same class

    def _send(self, event: Mapping[str, Any], fault: Fault | None) -> None:
        if fault is Fault.event_lost:
            return
        if fault is Fault.event_late:
            timer = threading.Timer(LATE_S, self.send, [event])
            timer.daemon = True
            timer.start()
            return
        if fault is Fault.event_out_of_order:
            self._held.append(event)
            return
        for each in (event, *self._held):
            self.send(each)
        self._held.clear()
        if fault is Fault.event_doubled:
            self.send(event)
        if fault is Fault.event_forged:
            # As somebody else sends it, about an activity that does not exist.
            self.send({**event, "aspect_type": "create", "object_id": secrets.randbelow(10**9) + 1})

    def _post_in_thread(self, event: Mapping[str, Any]) -> None:
        self._queue.put(event)
        if self._worker is None:
            self._worker = threading.Thread(target=self._deliver, name="push-events", daemon=True)
            self._worker.start()

    def _deliver(self) -> None:
        while True:
            event = self._queue.get()
            for attempt in range(TRIES):
                if attempt:
                    time.sleep(RETRY_AFTER_S)
                status = self._post(event)
                self.deliveries.append(Delivery(event, status))
                if status == 200:
                    break

    def _post(self, event: Mapping[str, Any]) -> int | None:
        subscription = self.subscription
        if subscription is None:
            return None
        try:
            return requests.post(
                subscription.callback_url, json=event, timeout=ANSWER_LIMIT_S, allow_redirects=False
            ).status_code
        except requests.RequestException:
            return None
