"""The events that wait for a run, one file each: `<events>/<athlete>/<event time>-<digest>.json`.

The receiver adds, runs read, and the sensor removes what a successful run covered. At most `MOST_WAITING`
events of an athlete wait; any further one becomes `more.json`, which asks for a full listing.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from strava_assets.documents import DamagedDocumentError
from strava_assets.errors import StravaAssetsError
from strava_assets.storage_folder import Problem, StorageFolder
from strava_assets.webhooks.events import NAME, OWNER, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WAITING = 200
"""Their names fit into the configuration of one run; nobody makes so many changes in the minutes between."""
MORE = "more.json"
"""The file that stands for all events beyond the limit."""

Outcome = Literal["stored", "doubled", "more"]


class EventStoreError(StravaAssetsError):
    """The folder of the events cannot be used."""


class EventStore:
    """Waiting events by athlete.

    Args:
        address: a folder path or any fsspec address.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = open_folder(address)

    def owners(self) -> list[str]:
        """The athletes who have a folder here."""
        return [
            name
            for name, kind in self._folder.entries()
            # Object stores list folders without a difference to files of that prefix.
            if kind == "folder" and OWNER.fullmatch(name)
        ]

    def waiting(self, owner_id: str) -> list[str]:
        """The names of an athlete's waiting events, oldest first, and `more.json` last."""
        return [
            name for name, kind in self._folder.entries(owner_id) if kind == "file" and is_event_file(name)
        ]

    def add(self, event: Event) -> Outcome:
        """Write an event, unless it waits already or too many do."""
        waiting = self.waiting(event.owner_id)
        if event.name in waiting:
            return "doubled"
        if len(waiting) < MOST_WAITING:
            self._folder.put(f"{event.owner_id}/{event.name}", event.to_json())
            return "stored"
        # Written anew each time, so that `more_at` is the time of the last one.
        self._folder.put(f"{event.owner_id}/{MORE}", b"{}")
        return "more"

    def more_at(self, owner_id: str) -> datetime | None:
        """When the last event beyond the limit came, UTC; None if none did, or the place does not tell."""
        modified = self._folder.modified(f"{owner_id}/{MORE}")
        return datetime.fromtimestamp(modified, UTC) if math.isfinite(modified) else None

    def read(self, owner_id: str, names: Iterable[str]) -> list[Event]:
        """Read waiting events; those that are gone or damaged, and `more.json`, are left out."""
        events = []
        for name in names:
            if NAME.fullmatch(name):
                try:
                    events.append(Event.from_json(self._folder.read(f"{owner_id}/{name}")))
                except (FileNotFoundError, DamagedDocumentError):
                    continue
        return events

    def remove(self, owner_id: str, names: Iterable[str]) -> None:
        """Remove events; those that are gone are ignored."""
        if OWNER.fullmatch(owner_id):
            self._folder.remove([f"{owner_id}/{name}" for name in names if is_event_file(name)])


def is_event_file(name: str) -> bool:
    """Whether a file's name is that of an event, or `more.json`."""
    return name == MORE or bool(NAME.fullmatch(name))


def open_folder(address: str) -> StorageFolder:
    """The folder of events and of what is known about the subscription."""

    def unusable(problem: Problem) -> StravaAssetsError:
        return EventStoreError(
            f"The events in {address} cannot be read or written: {problem.reason}.",
            means="Events that wait there stay, and Strava repeats an event that could not be written. "
            "Stored activities are not affected.",
            remedy=problem.remedy
            or "Make the folder or bucket writable (permissions, free space, bucket name and role), or "
            "set STRAVA_ASSETS_EVENTS_URL to another one.",
        )

    return StorageFolder(address, unusable)
