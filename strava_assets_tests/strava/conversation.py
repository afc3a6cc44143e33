"""Shared by the tests of this package: a clock that the test moves, and a client with its collaborators."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import requests

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
from strava_assets_tests.stores import values_of

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {
    "STRAVA_CLIENT_ID": CLIENT_ID,
    "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
    "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
}


@dataclass
class HandTime:
    """A clock that only sleeping moves."""

    now: datetime = datetime(2026, 11, 23, 10, 7, tzinfo=UTC)
    slept_s: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class Conversation:
    """A client of one server, with the time it lives in and what it told."""

    client: StravaClient
    auth: Authenticator
    pacer: Pacer
    time: HandTime
    events: list[str]
    warnings: list[str]
    waits: list[tuple[float, datetime, str]]


def converse(
    base_url: str,
    time: HandTime,
    *,
    timeout: tuple[float, float] = (2, 2),
    reserve_calls: int = 0,
    max_wait_s: float = 960,
    max_waits: int = 4,
    prefix: str = "/api/v3",
) -> Conversation:
    """Put a client together as the platform does, on credentials from an environment."""
    events: list[str] = []
    warnings: list[str] = []
    waits: list[tuple[float, datetime, str]] = []
    session = requests.Session()
    auth = Authenticator(
        EnvironmentStore(values_of(ENVIRON)),
        f"{base_url}/oauth",
        session,
        time.clock,
        timeout=timeout,
        on_warning=warnings.append,
    )
    pacer = Pacer(
        clock=time.clock,
        sleep=time.sleep,
        reserve_calls=reserve_calls,
        max_wait_s=max_wait_s,
        max_waits=max_waits,
        on_wait=lambda *wait: waits.append(wait),
    )
    client = StravaClient(
        auth,
        base_url + prefix,
        pacer=pacer,
        session=session,
        timeout=timeout,
        clock=time.clock,
        sleep=time.sleep,
        on_event=events.append,
    )
    return Conversation(client, auth, pacer, time, events, warnings, waits)


class FolderSink:
    """Keeps pages as files, as the landing does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        del fetched_at, records
        (self.folder / f"{number:05d}.json").write_bytes(body)

    def bodies(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]
