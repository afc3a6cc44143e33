"""What is known about the subscription, its receiver and athletes who took their access back.

Three small documents beside the events: `subscription.json`, which `webhook subscribe` writes;
`receiver.json`, a sign of life with counts; and `<athlete>/logged-out.json`. None of them holds a secret.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from strava_assets.documents import STRICT, DamagedDocumentError, UtcTime, read_document
from strava_assets.webhooks.event_store import EventStore, is_event_file, open_folder
from strava_assets.webhooks.events import OWNER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SUBSCRIPTION = "subscription.json"
RECEIVER = "receiver.json"
LOGGED_OUT = "logged-out.json"
SIGN_OF_LIFE_EVERY = timedelta(minutes=10)
ALIVE_WITHIN = timedelta(hours=1)
"""A receiver without a sign of life for so long is down, and polling takes over."""

T = TypeVar("T")


@dataclass(frozen=True)
class Subscription:
    """The application's one subscription, and the athletes whose events are expected here.

    Args:
        id: Strava's id of the subscription.
        path_digest: digest of the secret path of the callback address.
        athlete_ids: the athletes.
        since: when it was made, UTC.
    """

    __pydantic_config__ = STRICT

    id: int
    path_digest: str
    athlete_ids: tuple[str, ...]
    since: UtcTime


@dataclass(frozen=True)
class ReceiverStatus:
    """A sign of life of the receiver.

    Args:
        started_at: when the process began, UTC.
        seen_at: when this was written, UTC.
        last_event_at: when it last accepted an event, UTC.
        accepted: number of accepted events by outcome: stored, doubled, more.
        refused: number of refused requests by reason.
    """

    __pydantic_config__ = STRICT

    started_at: UtcTime
    seen_at: UtcTime
    last_event_at: UtcTime | None = None
    accepted: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LoggedOut:
    """An athlete took the access back, and a call to Strava was refused.

    Args:
        confirmed_at: when the call was refused, UTC.
    """

    __pydantic_config__ = STRICT

    confirmed_at: UtcTime


class WebhookState:
    """The three documents.

    A document that is damaged counts as absent: then Strava is polled as without webhooks.

    Args:
        address: the folder of the events.
    """

    def __init__(self, address: str) -> None:
        self._folder = open_folder(address)
        self._events = EventStore(address)

    def subscription(self) -> Subscription | None:
        """The subscription; None if there is none."""
        return self._read(Subscription, SUBSCRIPTION)

    def write_subscription(self, subscription: Subscription) -> None:
        """Note that the subscription was made."""
        self._write(SUBSCRIPTION, subscription)

    def expect_athletes(self, athlete_ids: Sequence[str]) -> None:
        """Note whose events are expected, if there is a subscription."""
        subscription = self.subscription()
        if subscription and subscription.athlete_ids != tuple(athlete_ids):
            self.write_subscription(replace(subscription, athlete_ids=tuple(athlete_ids)))

    def remove_subscription(self) -> None:
        """Note that there is no subscription any more."""
        self._folder.remove([SUBSCRIPTION])

    def receiver(self) -> ReceiverStatus | None:
        """The receiver's last sign of life."""
        return self._read(ReceiverStatus, RECEIVER)

    def write_receiver(self, status: ReceiverStatus) -> None:
        """Leave a sign of life."""
        self._write(RECEIVER, status)

    def logged_out(self, owner_id: str) -> LoggedOut | None:
        """Whether the athlete took the access back, as far as a call confirmed it."""
        return self._read(LoggedOut, f"{owner_id}/{LOGGED_OUT}") if OWNER.fullmatch(owner_id) else None

    def write_logged_out(self, owner_id: str, now: datetime) -> None:
        """Note that a call was refused after the athlete took the access back."""
        self._write(f"{owner_id}/{LOGGED_OUT}", LoggedOut(now))

    def clear_logged_out(self, owner_id: str) -> None:
        """Note that calls for the athlete succeed."""
        self._folder.remove([f"{owner_id}/{LOGGED_OUT}"])

    def is_listening(self, now: datetime) -> bool:
        """Whether events can be expected: there is a subscription, and the receiver lives."""
        receiver = self.receiver()
        return bool(self.subscription() and receiver and now - receiver.seen_at < ALIVE_WITHIN)

    def erase(self, owner_id: str, *, alone: bool) -> bool:
        """Remove the events of one athlete; returns whether there was anything.

        Args:
            owner_id: the athlete.
            alone: nobody else's events are here, so that subscription and sign of life go too.
        """
        had_any = bool(self._folder.entries(owner_id)) or (alone and bool(self._folder.entries()))
        self._events.remove(owner_id, self._events.waiting(owner_id))
        self.clear_logged_out(owner_id)
        self._folder.remove_if_empty(owner_id)
        if alone:
            self._folder.remove([SUBSCRIPTION, RECEIVER])
            self._folder.remove_if_empty()
        return had_any

    def foreign_files(self) -> list[str]:
        """The paths below the address that this project did not write."""
        return [path for path in self._folder.files(links=True) if not is_own_path(path)]

    def _read(self, form: type[T], path: str) -> T | None:
        try:
            return read_document(TypeAdapter(form), self._folder.read(path))
        except (FileNotFoundError, DamagedDocumentError):
            return None

    def _write(self, path: str, document: Any) -> None:
        text = json.dumps(asdict(document), default=lambda value: value.isoformat(), indent=1)
        self._folder.put(path, text.encode())


def is_own_path(path: str) -> bool:
    """Whether a path below the address is a file of events, or one of the three documents."""
    owner, _, name = path.rpartition("/")
    if not owner:
        return name in (SUBSCRIPTION, RECEIVER)
    return bool(OWNER.fullmatch(owner)) and (name == LOGGED_OUT or is_event_file(name))
