"""One event of a push subscription: what is read of Strava's message, and the file it becomes.

Of the message only ids, the kind of change and its time are kept. Titles are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter

from strava_assets.documents import STRICT, read_document

NAME = re.compile(r"[0-9]{12}-[0-9a-f]{16}\.json")
"""The form of the name of an event's file."""
OWNER = re.compile(r"[1-9][0-9]{0,18}")
"""The form of an athlete's id."""

Subject = Literal["activity", "athlete"]
Change = Literal["create", "update", "delete"]
_Id = Annotated[int, Field(gt=0, lt=2**63)]
_EpochSeconds = Annotated[int, Field(ge=0, lt=10**11)]


@dataclass(frozen=True)
class Event:
    """What an event says; none of it is believed until Strava confirms it.

    Args:
        owner_id: the athlete.
        subject: what changed.
        object_id: the activity's id, or the athlete's.
        change: how it changed.
        event_time: when, epoch seconds.
        deauthorized: whether the athlete took the access back.
        tries: how many runs looked for the activity in vain.
    """

    __pydantic_config__ = STRICT

    owner_id: str
    subject: Subject
    object_id: str
    change: Change
    event_time: int
    deauthorized: bool = False
    tries: int = 0

    @property
    def name(self) -> str:
        """The name of its file; an event that is delivered twice has one name."""
        return f"{self.event_time:012d}-{hashlib.sha256(self.to_json()).hexdigest()[:16]}.json"

    def to_json(self) -> bytes:
        """The event in its stored form."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Event:
        """Read a stored event.

        Raises:
            DamagedDocumentError: it is not an event.
        """
        return read_document(_stored(), text)


class Message(NamedTuple):
    """A message of Strava's: the subscription that it names, and its event."""

    subscription_id: int
    event: Event


def read_message(body: bytes) -> Message:
    """Read what was sent to the callback address.

    Raises:
        DamagedDocumentError: it is not an event as Strava documents it.
    """
    sent = read_document(_sent(), body)
    deauthorized = (
        sent.object_type == "athlete" and str(sent.updates.get("authorized", "")).lower() == "false"
    )
    event = Event(
        owner_id=str(sent.owner_id),
        subject=sent.object_type,
        object_id=str(sent.object_id),
        change=sent.aspect_type,
        event_time=sent.event_time,
        deauthorized=deauthorized,
    )
    return Message(sent.subscription_id, event)


def event_time_of(name: str) -> int:
    """The event time in the name of an event's file, epoch seconds."""
    return int(name.partition("-")[0])


@dataclass(frozen=True)
class _Sent:
    """The fields of Strava's message that are read; others may come."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    object_type: Subject
    object_id: _Id
    aspect_type: Change
    owner_id: _Id
    subscription_id: _Id
    event_time: _EpochSeconds
    # An empty one may come as null or as a list.
    updates: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = field(
        default_factory=dict
    )


@cache
def _sent() -> TypeAdapter[_Sent]:
    return TypeAdapter(_Sent)


@cache
def _stored() -> TypeAdapter[Event]:
    return TypeAdapter(Event)
