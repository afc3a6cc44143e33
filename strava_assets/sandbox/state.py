"""`Sandbox`: the state of one local Strava, and its constructors.

api.py, oauth.py and admin.py read and change this state over HTTP; serving.py serves it.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, Unpack

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.athlete_figures import AthleteFigures, DayFigures
from strava_assets.sandbox.clock import Clock, real_time
from strava_assets.sandbox.faults import FaultPlan
from strava_assets.sandbox.history import Entry, History
from strava_assets.sandbox.limits import RateLimits
from strava_assets.sandbox.push import PushEvents
from strava_assets.sandbox.sample_profile import ATHLETE_ID, profile
from strava_assets.sandbox.tokens import REFRESH_TOKEN, OAuthState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from starlette.requests import Request

STRAVA_PAGE_SIZE_LIMIT = 200


class SandboxOptions(TypedDict, total=False):
    """The options that all constructors of a sandbox share."""

    athlete: Mapping[str, Any] | None
    clock: Clock | None
    limits: RateLimits | Literal["standard"] | None
    page_size_limit: int
    strict: bool


class Call(NamedTuple):
    """One received request; `query` has the last value of each name."""

    method: str
    path: str
    query: dict[str, str]


class Sandbox:
    """A local Strava with one application, and one athlete or several (`add_athlete`).

    Args:
        activities: Summaries as the list endpoint serves them, or prepared entries.
        athlete: The detailed athlete; by default the sample athlete with the activities' athlete id.
        clock: Returns an aware UTC datetime; by default the real time.
        limits: Rate limits; by default Strava's standard ones. None means no limits and no headers.
        page_size_limit: The maximum number of activities on a page.
        strict: Whether to refuse what Strava has announced that it will refuse (strict.py).

    Attributes:
        history: The activities.
        faults: The planned faults.
        tokens: The OAuth state.
        push: The push subscription, and the events that it sends.
        limits: The `RateLimits`, or None.
        clock: The sandbox's time; can be set at any time.
        strict: Whether announced rules apply already; can be set at any time.
        figures: The athlete's FTP and maximum heart rate by date.
        requests: All requests received, in order, except those of the admin API.
        athletes: This sandbox and those of the other athletes, which share its limits, faults, clock and
            push subscription.
        closing: Set while the server stops.
    """

    def __init__(
        self,
        activities: Iterable[Mapping[str, Any] | Entry] = (),
        athlete: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        limits: RateLimits | Literal["standard"] | None = "standard",
        page_size_limit: int = STRAVA_PAGE_SIZE_LIMIT,
        *,
        strict: bool = False,
    ) -> None:
        self.clock: Clock = clock or real_time
        entries = [item if isinstance(item, Entry) else Entry.of(dict(item)) for item in activities]
        self.athlete: dict[str, Any] = dict(athlete) if athlete else profile(_athlete_id(entries))
        self.history = History(entries, self.athlete["id"], self.now)
        self.faults = FaultPlan()
        self.tokens = OAuthState(self.now)
        self.push = PushEvents(self.athlete["id"], self.faults, self.tokens.now_s)
        self.history.on_change = self.push.activity_changed
        self.tokens.on_revoke = self.push.access_revoked
        self.limits: RateLimits | None = RateLimits() if limits == "standard" else limits
        self.page_size_limit = page_size_limit
        self.strict = strict
        self.figures = AthleteFigures(self._constant_figures)
        self.requests: list[Call] = []
        self.athletes: list[Sandbox] = [self]
        self.closing = threading.Event()

    def now(self) -> datetime:
        """The current time of the sandbox's clock."""
        return self.clock()

    def add_athlete(self, other: Sandbox) -> None:
        """Let another sandbox's athlete use the same application; it is served through this one.

        Its first refresh token is this one's with `-` and the athlete's id.
        """
        other.limits, other.faults, other.clock = self.limits, self.faults, self.clock
        other.push.share(self.push)
        other.tokens.valid_refresh_token = f"{REFRESH_TOKEN}-{other.athlete['id']}"
        self.athletes.append(other)

    def of_access_token(self, access_token: str) -> Sandbox:
        """The athlete whose access token it is; this one if it is nobody's."""
        others = self.athletes[1:]
        return next((each for each in others if each.tokens.accepts(access_token)), self)

    def of_athlete(self, athlete_id: str | None) -> Sandbox:
        """The athlete with this id; this one by default."""
        return next((each for each in self.athletes if str(each.athlete["id"]) == athlete_id), self)

    def _constant_figures(self, _day: date) -> DayFigures:
        """The profile's FTP, and the highest heart rate of all activities."""
        return DayFigures(self.athlete.get("ftp"), self.history.derive(_highest_heartrate))

    @classmethod
    def sample(cls, seed: int = 1, today: date | None = None, **options: Unpack[SandboxOptions]) -> Sandbox:
        """The sample athlete: about four years and 1,200 activities, ending at `today` (by default now).

        Each seed is another athlete.
        """
        from strava_assets.sandbox.sample_clubs import SAMPLE_CLUBS
        from strava_assets.sandbox.sample_figures import figures_file, last_test
        from strava_assets.sandbox.sample_history import sample_history

        now = (options.get("clock") or real_time)()
        last_day = today or now.date()
        measured = last_test(last_day, seed)
        athlete = profile(ATHLETE_ID + seed - 1) | {
            "ftp": measured.ftp_w,
            "weight": measured.weight_kg,
            "clubs": list(SAMPLE_CLUBS),
        }
        sandbox = cls(sample_history(seed, today, now), **({"athlete": athlete} | options))
        sandbox.figures = AthleteFigures.of_file(figures_file(last_day, seed))
        return sandbox

    @classmethod
    def replay(
        cls, summaries: Path | str | list[dict[str, Any]], **options: Unpack[SandboxOptions]
    ) -> Sandbox:
        """Serve recorded summaries unchanged.

        Args:
            summaries: A list of summaries, or a JSON file with such a list, possibly under `body`.
            options: As for `Sandbox`.

        Raises:
            StravaAssetsError: The file does not contain such a list.
        """
        return cls(summaries if isinstance(summaries, list) else _read_summaries(Path(summaries)), **options)

    @classmethod
    def many(cls, count: int, seed: int = 1, **options: Unpack[SandboxOptions]) -> Sandbox:
        """An athlete with `count` plain activities, for benchmarks and long listings."""
        from strava_assets.sandbox.many import many_entries

        now = (options.get("clock") or real_time)()
        return cls(many_entries(count, seed, now), **options)

    def log_request(self, request: Request) -> None:
        """Add a request to `requests`."""
        self.requests.append(Call(request.method, request.url.path, dict(request.query_params)))

    def calls(self, path_suffix: str) -> int:
        """The number of received requests whose path has this suffix."""
        return sum(call.path.endswith(path_suffix) for call in self.requests)


def _athlete_id(entries: list[Entry]) -> int:
    if not entries:
        return ATHLETE_ID
    return int((entries[0].record().get("athlete") or {}).get("id") or ATHLETE_ID)


def _highest_heartrate(entries: list[Entry]) -> float | None:
    rates = (entry.record().get("max_heartrate") for entry in entries)
    return max((rate for rate in rates if isinstance(rate, int | float)), default=None)


def _read_summaries(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _not_a_listing(path, str(error)) from error
    records = document.get("body") if isinstance(document, dict) else document
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _not_a_listing(path, "it contains no list of activities")
    return records


def _not_a_listing(path: Path, reason: str) -> StravaAssetsError:
    return StravaAssetsError(
        f"{path} cannot be replayed: {reason}.",
        means="The sandbox was not started.",
        remedy="Pass a JSON file with a list of summary activities, as GET /athlete/activities returns them.",
    )
