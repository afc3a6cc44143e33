"""An athlete on a sandbox's Strava with the platform beside them, for the tests of streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.history.fetch import SyncRequest, fetch
from strava_assets.history.loader import Loader
from strava_assets.history.stream_fetching import StreamsReport, fetch_streams, wanted
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.strava.sync import SyncMode
from strava_assets.streams.recording_table import STRAVA_KEYS
from strava_assets_tests.strava.conversation import ENVIRON, HandTime, converse

if TYPE_CHECKING:
    from strava_assets.history.stream_fetching import Wanted
    from strava_assets.sandbox import RunningSandbox, Sandbox
    from strava_assets_tests.history.stories import Story


class Noted(dict[str, str]):
    """The token's place, which knows whose it is once it was told."""

    writable = True

    def read(self) -> dict[str, str]:
        return self

    def write(self, values: dict[str, str]) -> None:
        self.update(values)


@dataclass
class Rider:
    """An athlete on Strava, with the platform beside them."""

    running: RunningSandbox
    told: Story
    time: HandTime
    memory: Noted = field(default_factory=lambda: Noted(ENVIRON))
    which: str = "power"

    @property
    def sandbox(self) -> Sandbox:
        return self.running.sandbox

    def rides(self, *days_ago: int, **fields: Any) -> list[str]:
        """Rides with a meter, a short hour each."""
        return [
            str(
                self.sandbox.history.add(
                    **{"start_date": self.time.now - timedelta(days=ago), "moving_time": 600} | fields
                )
            )
            for ago in days_ago
        ]

    def list_all(self) -> None:
        """A full listing, loaded, a minute after whatever was before."""
        self.time.now += timedelta(minutes=1)
        limits, self.sandbox.limits = self.sandbox.limits, None
        fetch(
            converse(self.running.base_url, self.time).client,
            self.memory,
            self.told.landing,
            SyncRequest(SyncMode.FULL),
            clock=self.time.clock,
        )
        Loader(self.told.landing, self.told.warehouse).load(self.time.now)
        self.sandbox.limits = limits

    def wanted(self) -> list[Wanted]:
        return wanted(self.told.warehouse, self.told.streams.entries(), self.which, self.time.now)

    def wants(self) -> list[str]:
        return [activity.activity_id for activity in self.wanted()]

    def fetch(self, reserve_calls: int = 0) -> StreamsReport:
        """One run, as the asset makes it."""
        talk = converse(self.running.base_url, self.time, reserve_calls=reserve_calls, max_wait_s=0)
        return fetch_streams(
            talk.client, self.memory, self.told.streams, self.wanted(), clock=self.time.clock
        )

    def asked(self) -> list[str]:
        """The activities whose streams were asked for, in order, repeats included."""
        return [call.path.split("/")[-2] for call in self.sandbox.requests if call.path.endswith("/streams")]

    def has_what_strava_has(self, *activities: str) -> None:
        """The kept recordings of these are Strava's, sample by sample."""
        entries = self.told.streams.entries()
        own = [entries[str(self.sandbox.athlete["id"]), activity] for activity in activities]
        kept = {found.activity_id: samples for found, samples in self.told.streams.read(own)}
        assert kept.keys() == set(activities)
        for activity, samples in kept.items():
            streams = streams_of(self.sandbox.history.get(int(activity)), list(STRAVA_KEYS)) or {}
            assert samples.column("t_s").to_pylist() == streams["time"]
            assert samples.column("watts").to_pylist() == streams.get("watts", [None] * len(samples))
