"""`Sandbox`: everything one local Strava knows, and the ways to make one.

The HTTP side (api.py, oauth.py, admin.py) reads and changes this state; serving.py puts it on a port.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, Unpack

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.clock import Clock, real_time
from strava_assets.sandbox.faults import FaultPlan
from strava_assets.sandbox.history import Entry, History
from strava_assets.sandbox.limits import RateLimits
from strava_assets.sandbox.sample_profile import ATHLETE_ID, profile
from strava_assets.sandbox.tokens import TokenBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from starlette.requests import Request

STRAVA_PAGE_SIZE_LIMIT = 200


class SandboxOptions(TypedDict, total=False):
    """What every way to make a sandbox takes besides its history."""

    athlete: Mapping[str, Any] | None
    clock: Clock | None
    limits: RateLimits | Literal["standard"] | None
    page_size_limit: int


class Call(NamedTuple):
    """One request as it was received; `query` holds the last value of each name."""

    method: str
    path: str
    query: dict[str, str]


class Sandbox:
    """A local Strava with one athlete and one application.

    Args:
        activities: summaries as the list endpoint serves them, or prepared entries.
        athlete: the athlete's own detailed record; by default the sample athlete's, with the activities' id.
        clock: returns an aware UTC datetime; by default the real time.
        limits: rate limits; Strava's standard ones if left out, none at all (and no headers) if None.
        page_size_limit: the most activities on a page, however many are asked for.

    Attributes:
        history: the activities, and every edit of them.
        faults: what goes wrong, and when.
        tokens: the OAuth state.
        limits: a `RateLimits`, or None for none.
        clock: the sandbox's time; may be set, and counts at once.
        requests: every request received, in order, the administration's apart.
        closing: set while the server stops.
    """

    def __init__(
        self,
        activities: Iterable[Mapping[str, Any] | Entry] = (),
        athlete: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        limits: RateLimits | Literal["standard"] | None = "standard",
        page_size_limit: int = STRAVA_PAGE_SIZE_LIMIT,
    ) -> None:
        self.clock: Clock = clock or real_time
        entries = [item if isinstance(item, Entry) else Entry.of(dict(item)) for item in activities]
        self.athlete: dict[str, Any] = dict(athlete) if athlete else profile(_athlete_id(entries))
        self.history = History(entries, self.athlete["id"], self.now)
        self.faults = FaultPlan()
        self.tokens = TokenBook(self.now)
        self.limits: RateLimits | None = RateLimits() if limits == "standard" else limits
        self.page_size_limit = page_size_limit
        self.requests: list[Call] = []
        self.closing = threading.Event()

    def now(self) -> datetime:
        """The time, by whichever clock is set."""
        return self.clock()

    @classmethod
    def sample(cls, seed: int = 1, today: date | None = None, **options: Unpack[SandboxOptions]) -> Sandbox:
        """The sample athlete: about four years and 1,200 activities, ending at `today` (by default now)."""
        from strava_assets.sandbox.sample_history import sample_history

        now = (options.get("clock") or real_time)()
        return cls(sample_history(seed, today, now), **options)

    @classmethod
    def replay(
        cls, recorded: Path | str | list[dict[str, Any]], **options: Unpack[SandboxOptions]
    ) -> Sandbox:
        """Serve recorded summaries exactly as they are.

        Args:
            recorded: a list of summaries, or a JSON file with such a list or with one under `body`.
            options: as for `Sandbox`.

        Raises:
            StravaAssetsError: the file can't be read as such a list.
        """
        return cls(recorded if isinstance(recorded, list) else _read_recorded(Path(recorded)), **options)

    @classmethod
    def many(cls, count: int, seed: int = 1, **options: Unpack[SandboxOptions]) -> Sandbox:
        """An athlete with `count` plain activities, made fast: for benchmarks and long listings."""
        from strava_assets.sandbox.many import many_entries

        now = (options.get("clock") or real_time)()
        return cls(many_entries(count, seed, now), **options)

    def note(self, request: Request) -> None:
        """Put a request down, before anything is answered."""
        self.requests.append(Call(request.method, request.url.path, dict(request.query_params)))

    def calls(self, path_suffix: str) -> int:
        """How many requests were received whose path ends so."""
        return sum(call.path.endswith(path_suffix) for call in self.requests)


def _athlete_id(entries: list[Entry]) -> int:
    if not entries:
        return ATHLETE_ID
    return int((entries[0].record().get("athlete") or {}).get("id") or ATHLETE_ID)


def _read_recorded(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _not_a_listing(path, str(error)) from error
    records = document.get("body") if isinstance(document, dict) else document
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _not_a_listing(path, "it holds no list of activities")
    return records


def _not_a_listing(path: Path, reason: str) -> StravaAssetsError:
    return StravaAssetsError(
        f"{path} can't be replayed: {reason}.",
        means="The sandbox was not started.",
        remedy="Give a JSON file with a list of summary activities, as GET /athlete/activities returns them.",
    )
