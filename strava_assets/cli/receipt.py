"""What is left of removed data, and until when: old versions of objects, soft delete, time travel.

`removal.py` removes what is current. This module removes the versions behind it where a bucket keeps them,
and says for every place after which date nothing is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets import wiring
from strava_assets.buckets import Retention, open_bucket
from strava_assets.errors import StravaAssetsError
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.settings import Settings

_NOTHING = Retention(timedelta(0), "")


@dataclass(frozen=True)
class PlaceReceipt:
    """What became of one place.

    Args:
        place: what it held, e.g. `landing`.
        address: where it is.
        old_versions: versions of objects that were removed behind the current ones.
        keeps: what can still be restored there, and for how long.
        at: when this was found, aware UTC.
    """

    place: str
    address: str
    old_versions: int
    keeps: Retention
    at: datetime

    @property
    def nothing_left_after(self) -> datetime | None:
        """The date after which nothing is left; None where the place does not tell."""
        return None if self.keeps.keeps_for is None else self.at + self.keeps.keeps_for

    def __str__(self) -> str:
        versions = f", with {counted(self.old_versions, 'old version')}" if self.old_versions else ""
        text = f"{self.place} in {self.address}: removed{versions}"
        if not self.keeps.reason:
            return f"{text}; nothing is left."
        until = self.nothing_left_after
        when = f"nothing is left after {until:%Y-%m-%d}" if until else "ask who runs it how long that is"
        return f"{text}; {self.keeps.reason}: {when}."

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        until = self.nothing_left_after
        return {
            "place": self.place,
            "address": self.address,
            "old_versions_removed": self.old_versions,
            "kept_by": self.keeps.reason,
            "nothing_left_after": until.isoformat() if until else None,
        }


def receipts(settings: Settings) -> Iterator[PlaceReceipt]:
    """Remove old versions in every place, and say what is left; the current objects are removed already.

    A place whose versions cannot be looked for is named, and the others are gone through all the same.
    """
    for place, address, is_ours in _files(settings):
        yield _of_files(place, address, is_ours)
    location = wiring.warehouse(settings)
    try:
        keeps = location.retention()
    except StravaAssetsError as error:
        keeps = Retention(None, error.happened)
    yield PlaceReceipt("tables", location.address, 0, keeps, datetime.now(UTC))


def last_sentence(of: list[PlaceReceipt]) -> str:
    """When nothing is left anywhere."""
    unknown = [receipt.place for receipt in of if receipt.nothing_left_after is None]
    if unknown:
        return f"When nothing is left cannot be told for: {', '.join(unknown)}."
    until = max((receipt.nothing_left_after or receipt.at for receipt in of), default=datetime.now(UTC))
    if all(not receipt.keeps.keeps_for for receipt in of):
        return "Nothing is left in any of these places."
    return f"Nothing is left in any of these places after {until:%Y-%m-%d %H:%M} UTC."


def _of_files(place: str, address: str, is_ours: Callable[[str], bool]) -> PlaceReceipt:
    opened = open_bucket(address)
    if opened is None:
        return PlaceReceipt(place, address, 0, _NOTHING, datetime.now(UTC))
    bucket, prefix = opened
    try:
        removed = bucket.purge(prefix, lambda key: is_ours(key.removeprefix(prefix).lstrip("/")))
        keeps = bucket.retention()
    except StravaAssetsError as error:
        removed = 0
        keeps = Retention(None, f"old versions could not be looked for ({error.happened})")
    return PlaceReceipt(place, address, removed, keeps, datetime.now(UTC))


def _files(settings: Settings) -> Iterator[tuple[str, str, Callable[[str], bool]]]:
    """Every place of files with the form of our own names there."""
    from strava_assets.landing.names import is_landed
    from strava_assets.report import page_files
    from strava_assets.streams.folder import is_own_path
    from strava_assets.webhooks.state import is_own_path as is_event_path

    yield "landing", settings.landing_address, is_landed
    yield "recordings", settings.streams_address, is_own_path
    yield "report", settings.report_target, page_files.is_own_path
    if publisher := wiring.publisher(settings):
        yield "published tables", publisher.url, publisher.is_own_path
    if settings.duckdb_url:
        yield "warehouse file", settings.duckdb_url, lambda below: not below
    if settings.events_url:
        yield "events", settings.events_url, is_event_path
