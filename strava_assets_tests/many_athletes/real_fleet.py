"""Athletes on sandboxes that share the application's limits, synced by the real client and the real fetch."""

from __future__ import annotations

import hashlib
import heapq
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from strava_assets.history.fetch import SyncRequest, fetch
from strava_assets.history.landed_records import landed_records
from strava_assets.history.webhook_sync import EventRequest, Webhooks
from strava_assets.landing import Landing
from strava_assets.sandbox import REFRESH_TOKEN, Sandbox
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.many import many_entries
from strava_assets.sandbox.push import PushSubscription
from strava_assets.sandbox.sample_profile import profile
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.errors import StravaError
from strava_assets.strava.turns import AthleteState
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.events import read_message
from strava_assets.webhooks.state import ReceiverStatus, Subscription, WebhookState
from strava_assets_tests.many_athletes.acting_fleet import CALL_TAKES, ActingFleet
from strava_assets_tests.many_athletes.athletes_life import Act, history_sizes
from strava_assets_tests.many_athletes.in_process import InProcessAdapter
from strava_assets_tests.many_athletes.strategies import Figures, TurnResult
from strava_assets_tests.simulation.in_process import BASE_URL
from strava_assets_tests.stores import values_of
from strava_assets_tests.strava.conversation import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.sync import Listing, SyncMode
    from strava_assets_tests.many_athletes.athletes_life import Deed, Delivery

FIRST_ID = 500_001


class AthleteIdMemory:
    """Stores the athlete's id in this process."""

    writable = True

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        return dict(self._values)

    def write(self, values: Mapping[str, str]) -> None:
        self._values.update(values)


class Athlete:
    """One athlete: a sandbox, an access to it, and a landing of its own."""

    def __init__(
        self, sandbox: Sandbox, session: requests.Session, landing: Landing, fleet: RealFleet
    ) -> None:
        self.sandbox = sandbox
        self.landing = landing
        self.memory = AthleteIdMemory()
        self.session = session
        self._fleet = fleet
        self.athlete_id = str(sandbox.athlete["id"])
        self.log_in()

    def log_in(self) -> None:
        """Give the platform a token."""
        self.sandbox.tokens.valid_refresh_token = REFRESH_TOKEN
        self.auth = Authenticator(
            EnvironmentStore(values_of(ENVIRON)),
            f"{BASE_URL}/oauth",
            self.session,
            self._fleet.clock,
            on_warning=lambda _: None,
        )

    @property
    def has_revoked(self) -> bool:
        return self.sandbox.tokens.valid_refresh_token is None

    def client(self, pacer: Pacer) -> StravaClient:
        return StravaClient(
            self.auth,
            BASE_URL,
            pacer=pacer,
            session=self.session,
            clock=self._fleet.clock,
            sleep=self._fleet.sleep,
        )


class RealFleet(ActingFleet[bytes]):
    """The athletes, and the time they live in.

    Args:
        folder: where listings land.
        sizes: activities per athlete at the beginning.

    The other arguments are those of `ActingFleet`.
    """

    def __init__(
        self,
        count: int,
        limits: tuple[int, int],
        folder: Path,
        start: datetime,
        days: int,
        seed: int,
        *,
        webhooks: bool,
        sizes: Sequence[int] | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        super().__init__(count, limits, start, days, seed, webhooks=webhooks, delivery=delivery)
        self._pending: dict[str, dict[str, datetime]] = {}
        self._events = EventStore(str(folder / "events"))
        self._state = WebhookState(str(folder / "events"))
        self.figures = Figures(count)
        self.refused_calls = 0
        self._announced: set[tuple[str, str]] = set()
        self.athletes: dict[str, Athlete] = {}
        sizes = sizes or history_sizes(count, seed)
        self.figures.pages = sum(-(-size // 200) for size in sizes) / count
        for number, size in enumerate(sizes):
            athlete = self._athlete(FIRST_ID + number, size, folder)
            self.athletes[athlete.athlete_id] = athlete
        self._ids = list(self.athletes)
        self.states = {athlete_id: AthleteState(athlete_id) for athlete_id in self.athletes}
        self._state.write_subscription(Subscription(1, "", tuple(self._ids), start))

    def due_states(self) -> list[AthleteState]:
        return [
            replace(
                state,
                events_waiting=len(self._events.waiting(athlete_id)) if athlete_id in self._arrived else 0,
                events_since=self._arrived.get(athlete_id),
            )
            for athlete_id, state in self.states.items()
        ]

    def end_measuring(self) -> None:
        self._measures = False
        self.figures.not_landed = sum(map(len, self._pending.values()))

    def was_announced(self, athlete_id: str, activity_id: int) -> bool:
        """Whether an event about an activity has arrived."""
        return (athlete_id, str(activity_id)) in self._announced

    def finish(self) -> Figures:
        figures = self.figures
        for athlete in self.athletes.values():
            if not athlete.has_revoked:
                landed, actual = self._landed(athlete), _actual(athlete.sandbox)
                figures.lost += sum(landed.get(activity) != digest for activity, digest in actual.items())
                figures.undeleted += len(landed.keys() - actual.keys())
        return figures

    def _athlete(self, athlete_id: int, size: int, folder: Path) -> Athlete:
        entries = many_entries(size, athlete_id, self.now, athlete_id)
        sandbox = Sandbox(entries, profile(athlete_id), self.clock, self._limits)
        sandbox.tokens.rotate_refresh_token = False
        if self._webhooks:
            sandbox.push.subscription = PushSubscription(1, BASE_URL, "")
        sandbox.push.send = self._send
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", InProcessAdapter(sandbox, self._before_answer))
        return Athlete(sandbox, session, Landing(str(folder / f"athlete={athlete_id}")), self)

    def _before_answer(self, path: str) -> None:
        self.advance(self.now + CALL_TAKES)
        if self._measures and not path.endswith("/token"):
            self.figures.calls += 1
        used, limit = self._limits.read_usage, self._limits.read
        self.refused_calls += used[0] > limit[0] or used[1] > limit[1]

    def _fetch(self, athlete_id: str, mode: SyncMode) -> TurnResult:
        request = SyncRequest(mode=mode)
        athlete = self.athletes[athlete_id]
        client = athlete.client(self._pacer)
        listings: list[Listing] = []
        try:
            if self._webhooks:
                self._state.write_receiver(ReceiverStatus(self.now, self.now))
                names = tuple(self._events.waiting(athlete_id))
                result = Webhooks(self._events, self._state).sync(
                    client,
                    athlete.memory,
                    athlete.landing,
                    request,
                    EventRequest(names),
                    clock=self.clock,
                    announce=lambda _: None,
                )
                listings = [fetched.listing for fetched in result.fetched]
                if not result.is_stopped:
                    self._settle(athlete_id, names)
            else:
                fetched = fetch(client, athlete.memory, athlete.landing, request, clock=self.clock)
                listings = [fetched.listing]
        except StravaError as error:
            return TurnResult(error=error)
        finally:
            self._note(athlete_id, listings)
        return TurnResult(listings[-1])

    def _settle(self, athlete_id: str, names: Sequence[str]) -> None:
        self._events.remove(athlete_id, names)
        if not self._events.waiting(athlete_id):
            self._arrived.pop(athlete_id, None)

    def _note(self, athlete_id: str, listings: Sequence[Listing]) -> None:
        pending = self._pending.get(athlete_id, {})
        for activity_id in {activity for listing in listings for activity in listing.ids} & pending.keys():
            minutes = (self.now - pending.pop(activity_id)).total_seconds() / 60
            self.figures.delays.setdefault(athlete_id, []).append(minutes)
        state = self.states[athlete_id]
        ended = [listing for listing in listings if listing.kind == "full" and listing.complete]
        if ended and not state.history_complete:
            # Also where nothing is planned, and the state is not used.
            self.states[athlete_id] = replace(state, history_complete=True)
            self._note_if_all_are_loaded()

    def _note_if_all_are_loaded(self) -> None:
        """Note when all histories are complete, except of those who took their access back."""
        if self.figures.loaded_at is None and all(
            state.history_complete or self.athletes[athlete_id].has_revoked
            for athlete_id, state in self.states.items()
        ):
            self.figures.loaded_at = (self.now - self._start) / timedelta(days=1)

    def _act(self, deed: Deed) -> None:
        athlete = self.athletes[self._ids[deed.athlete]]
        history = athlete.sandbox.history
        for fault, often in (
            (Fault.event_lost, self._delivery.lost),
            (Fault.event_doubled, self._delivery.doubled),
        ):
            athlete.sandbox.faults.clear()
            if self._rng.random() < often:
                athlete.sandbox.faults.add(fault, on="event")
                break
        if deed.act is Act.REVOKE:
            athlete.sandbox.tokens.revoke()
            self._note_if_all_are_loaded()
            self._pending.pop(athlete.athlete_id, None)
        elif deed.act is Act.LOGIN:
            athlete.log_in()
            # As `login` does.
            self.states[athlete.athlete_id] = replace(self.states[athlete.athlete_id], refused_since=None)
        elif deed.act in (Act.UPLOAD, Act.LATE_UPLOAD):
            activity_id = str(history.add(start_date=self.now - deed.age))
            if self._measures and not athlete.has_revoked:
                self._pending.setdefault(athlete.athlete_id, {})[activity_id] = self.now
        else:
            self._change(athlete, deed)
        athlete.sandbox.faults.clear()

    def _change(self, athlete: Athlete, deed: Deed) -> None:
        history = athlete.sandbox.history
        ids = history.ids()
        activity_id = ids[int(deed.choice * len(ids))]
        if deed.act is Act.DELETE:
            self._pending.get(athlete.athlete_id, {}).pop(str(activity_id), None)
            history.delete(activity_id)
        elif deed.act is Act.RENAME:
            history.edit(activity_id, name=f"Renamed {self.now:%d %H:%M}")
        else:
            history.edit(activity_id, gear_id=f"b{self._rng.randrange(10**6)}")

    def _send(self, event: Mapping[str, Any]) -> None:
        arrives_at = self.now + self._delivery.delay(self._rng)
        heapq.heappush(self._arriving, (arrives_at, self._rng.randrange(10**9), json.dumps(event).encode()))

    def _arrive(self, arrival: bytes) -> None:
        event = read_message(arrival).event
        self._events.add(event)
        self._announced.add((event.owner_id, event.object_id))
        self._arrived.setdefault(event.owner_id, self.now)

    @staticmethod
    def _landed(athlete: Athlete) -> dict[str, str]:
        """Digests of the latest landed records, without those that the last complete full listing lacks."""
        manifests = athlete.landing.manifests()
        full = [m for m in manifests if m.kind == "full" and m.complete and m.before is None]
        last = full[-1].batch_id if full else ""
        landed: dict[str, str] = {}
        for manifest in manifests:
            if manifest.batch_id >= last:
                for page in landed_records(athlete.landing, manifest):
                    landed |= {str(each.record["id"]): _digest(each.record) for each in page}
        return landed


def _actual(sandbox: Sandbox) -> dict[str, str]:
    return {str(record["id"]): _digest(record) for record in sandbox.history.records()}


def _digest(record: Any) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
