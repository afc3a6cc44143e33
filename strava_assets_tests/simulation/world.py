"""The athletes, each on a sandbox with a token: what they do, and what goes wrong at Strava."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, Fault, RateLimits, Sandbox
from strava_assets.sandbox.push import PushEvents, PushSubscription
from strava_assets_tests.simulation.contract import Contract, start_of
from strava_assets_tests.simulation.in_process import SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from strava_assets.sandbox.history import History
    from strava_assets_tests.simulation.contract import Record
    from strava_assets_tests.strava.conversation import HandTime

FIRST_ACTIVITIES = 30
MOST_ACTIVITIES = 50
"""Above, deletions are more likely than uploads."""
SHORT_PAGE = 25
"""So that a small history has several pages."""
SUBSCRIPTION = 120_475

EDITS: dict[str, list[Any]] = {
    "name": ["Evening ride", "Fahrt 🚴", ""],
    "sport_type": ["Ride", "VirtualRide", "GravelRide", "Run", "SomethingNew"],
    "workout_type": [None, 10, 11, 12],
    "trainer": [True, False],
    "commute": [True, False],
    "flagged": [True, False],
    "manual": [True, False],
    "gear_id": [None, "b1", "b2"],
    "external_id": [None, "garmin_1"],
    "distance": [0, 12_345.6, 80_000.0],
    "moving_time": [0, 1_800, 7_200.0],
    "elapsed_time": [1_900, 7_300],
    "total_elevation_gain": [0, 812.5],
    "elev_high": [None, 1_204.2],
    "elev_low": [None, -3.1],
    "average_speed": [0.0, 7.25],
    "max_speed": [0, 16.2],
    "device_watts": [None, True, False],
    "average_watts": [None, 0.0, 203.4],
    "weighted_average_watts": [None, 221],
    "max_watts": [None, 803],
    "kilojoules": [None, 1_204.9],
    "average_heartrate": [None, 141.2],
    "max_heartrate": [None, 178.0],
    "average_cadence": [None, 83.1],
    "average_temp": [None, -4, 31],
    "suffer_score": [None, 77.0],
    "kudos_count": [0, 41],
    "achievement_count": [0, 3],
    "pr_count": [0, 2],
    "brand_new_field": [None, {"deep": [1]}],
}
PASSING = [
    *(Fault.server_error, Fault.bad_gateway, Fault.unavailable, Fault.connection_reset, Fault.timeout),
    *(Fault.invalid_access_token, Fault.rate_limit_15min, Fault.truncated_body, Fault.cut_json),
]
LASTING = [
    *(Fault.server_error, Fault.html, Fault.empty_body, Fault.truncated_body, Fault.cut_json),
    *(Fault.error_object_with_200, Fault.json_not_a_list, Fault.repeated_page, Fault.timeout),
    *(Fault.inactive_subscription, Fault.missing_scope, Fault.rate_limit_daily, Fault.clock_skew),
]
AT_THE_TOKEN = (Fault.server_error, Fault.connection_reset, Fault.html, Fault.truncated_body)
DAMAGING = (Fault.record_without_id, Fault.string_for_number, Fault.number_beyond_64_bits)
OF_EVENTS = (Fault.event_lost, Fault.event_doubled, Fault.event_out_of_order, Fault.event_forged)


class CollectedEvents(PushEvents):
    """Push events that wait for the simulation to deliver them."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.athlete["id"], sandbox.faults, sandbox.tokens.now_s)
        self.subscription = PushSubscription(SUBSCRIPTION, "", "")
        self.waiting: list[Mapping[str, Any]] = []
        self.send = self.waiting.append


@dataclass
class Athlete:
    """An athlete, and what the platform must know of the athlete.

    Attributes:
        contract: what must be in the table.
        files: the rows of imported files, as they were first.
        recorded: the recordings that were stored, with their digests.
        may_be_locked_out: whether a token may have been lost between Strava and the disk.
    """

    number: int
    sandbox: Sandbox
    adapter: SandboxAdapter
    events: CollectedEvents
    contract: Contract = field(default_factory=Contract)
    files: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
    may_be_locked_out: bool = False
    deleted: list[int] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.sandbox.athlete["id"])

    def on_strava(self) -> dict[str, Record]:
        """Strava's records by id; equal objects for records that did not change."""
        before = self.contract.records
        records = {str(record["id"]): record for record in self.sandbox.history.records()}
        return {name: before[name] if before.get(name) == each else each for name, each in records.items()}

    def new_grant(self) -> dict[str, str]:
        """What a login stores."""
        tokens = self.sandbox.tokens
        grant = tokens.exchange(tokens.consent(["read", "activity:read_all", "profile:read_all"]))
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": grant.refresh_token,
            "access_token": grant.access_token,
            "expires_at": str(grant.expires_at),
        }


class World:
    """The athletes of one application on one clock."""

    def __init__(self, time: HandTime, athletes: int, chance: Random) -> None:
        self.time = time
        self.athletes = [self._new_athlete(number, chance) for number in range(athletes)]

    def limit(self, limits: RateLimits | None) -> None:
        """Give the application these limits, which its athletes share."""
        for athlete in self.athletes:
            athlete.sandbox.limits = limits

    def edit(self, athlete: Athlete, chance: Random) -> str:
        """Let the athlete change something; returns what."""
        history = athlete.sandbox.history
        ids = history.ids()
        many = len(ids) > MOST_ACTIVITIES
        names = ["new", "late", "edit", "crop", "delete", "restore", "privacy", "move"]
        what = chance.choices(names, [2, 1, 10, 2, 6, 1, 2, 1] if many else [5, 2, 10, 2, 2, 2, 2, 1])[0]
        if chance.random() < 0.05:
            athlete.sandbox.faults.add(chance.choice(OF_EVENTS), on="event")
        if what == "new" or len(ids) < 10:
            self._upload(history, timedelta(minutes=chance.randrange(60, 600)), chance)
            return "new"
        chosen = chance.choice(ids)
        if what == "late":
            ago = timedelta(days=chance.randrange(1, 400), minutes=chance.randrange(600))
            self._upload(history, ago, chance)
        elif what == "delete":
            history.delete(chosen)
            athlete.deleted.append(chosen)
        elif what == "restore":
            if athlete.deleted:
                history.restore(athlete.deleted.pop(chance.randrange(len(athlete.deleted))))
        else:
            self._change(history, chosen, what, chance)
        return what

    def _upload(self, history: History, ago: timedelta, chance: Random) -> None:
        history.add(start_date=self.time.now - ago, moving_time=chance.choice([300, 600, 1_200]))

    def _change(self, history: History, chosen: int, what: str, chance: Random) -> None:
        """Change an activity that stays."""
        if what == "edit":
            fields = chance.sample(list(EDITS), chance.randrange(1, 4))
            history.edit(chosen, **{name: chance.choice(EDITS[name]) for name in fields})
        elif what == "crop":
            if history.get(chosen).get("average_watts") is not None:
                history.crop(chosen, chance.randrange(120), chance.randrange(120))
        elif what == "privacy":
            history.edit(chosen, visibility=chance.choice(["only_me", "everyone"]))
        else:
            moved = start_of(history.get(chosen)) + timedelta(days=chance.randrange(-60, 60))
            history.edit(chosen, start_date=min(moved, self.time.now))

    def trouble(self, athlete: Athlete, chance: Random) -> str:
        """Plan what goes wrong at Strava during the next sync; returns what."""
        sandbox = athlete.sandbox
        names = ["fair", "passing", "lasting", "token", "limited", "uploads", "expired", "damaged"]
        what = chance.choices(names, [20, 4, 2, 2, 3, 2, 2, 2])[0]
        after = chance.randrange(4)
        if what == "passing":
            sandbox.faults.add(chance.choice(PASSING), on="list", after=after)
        elif what == "lasting":
            sandbox.faults.add(chance.choice(LASTING), on="list", times=None, after=after)
        elif what == "token":
            sandbox.tokens.expire_access_tokens()
            sandbox.faults.add(chance.choice(AT_THE_TOKEN), on="token", times=chance.choice([1, 1, None]))
        elif what == "limited":
            left = chance.randrange(1, 8)
            limits = [
                RateLimits(read=(left, 1_000)),
                RateLimits(read=(100, left)),
                RateLimits(overall=(200, left)),
            ]
            self.limit(chance.choice(limits))
        elif what == "expired":
            sandbox.tokens.expire_access_tokens()
        elif what == "damaged":
            sandbox.faults.add(chance.choice(DAMAGING), on="list", after=after)
        return what

    def calm(self) -> None:
        """End all trouble; the events' faults stay."""
        self.limit(RateLimits())
        for athlete in self.athletes:
            planned = [fault for fault in athlete.sandbox.faults.pending() if fault.on == "event"]
            athlete.sandbox.faults.clear()
            for fault in planned:
                athlete.sandbox.faults.add(fault.fault, on="event", times=fault.times, after=fault.after)

    def _new_athlete(self, number: int, chance: Random) -> Athlete:
        sandbox = Sandbox(
            clock=self.time.clock, page_size_limit=SHORT_PAGE, athlete={"id": 1_001 + number, "ftp": 250}
        )
        for count in range(FIRST_ACTIVITIES):
            start = self.time.now - timedelta(minutes=chance.randrange(300 * 1_440))
            # Strava's ids are unique among all athletes.
            named = {} if count else {"id": (20 + number) * 10**9}
            sandbox.history.add(start_date=start, moving_time=chance.choice([300, 600, 1_200]), **named)
        events = CollectedEvents(sandbox)
        sandbox.push = events
        sandbox.history.on_change = events.activity_changed
        sandbox.tokens.on_revoke = events.access_revoked
        return Athlete(number, sandbox, SandboxAdapter(sandbox), events)
