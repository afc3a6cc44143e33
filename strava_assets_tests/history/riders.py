"""An athlete on a sandbox with the platform's stores, for the tests of streams."""

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
    """A token store in memory that can also store the athlete's id."""

    writable = True

    def read(self) -> dict[str, str]:
        return self

    def write(self, values: dict[str, str]) -> None:
        self.update(values)


@dataclass
class Rider:
    """An athlete on the sandbox, with a landing, streams and a warehouse."""

    running: RunningSandbox
    story: Story
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
        """Make and load a full listing, one minute later."""
        self.time.now += timedelta(minutes=1)
        limits, self.sandbox.limits = self.sandbox.limits, None
        fetch(
            converse(self.running.base_url, self.time).client,
            self.memory,
            self.story.landing,
            SyncRequest(SyncMode.FULL),
            clock=self.time.clock,
        )
        Loader(self.story.landing, self.story.warehouse).load(self.time.now)
        self.sandbox.limits = limits

    def wanted(self) -> list[Wanted]:
        return wanted(self.story.warehouse, self.story.streams.entries(), self.which, self.time.now)

    def wants(self) -> list[str]:
        return [activity.activity_id for activity in self.wanted()]

    def fetch(self, reserve_calls: int = 0) -> StreamsReport:
        """One run, as the asset makes it."""
        talk = converse(self.running.base_url, self.time, reserve_calls=reserve_calls, max_wait_s=0)
        return fetch_streams(
            talk.client, self.memory, self.story.streams, self.wanted(), clock=self.time.clock
        )

    def requested_ids(self) -> list[str]:
        """The ids of the activities whose streams were requested, in order, with repeats."""
        return [call.path.split("/")[-2] for call in self.sandbox.requests if call.path.endswith("/streams")]

    def has_what_strava_has(self, *activities: str) -> None:
        """Check that the stored recordings of these activities equal Strava's in every sample."""
        entries = self.story.streams.entries()
        own = [entries[str(self.sandbox.athlete["id"]), activity] for activity in activities]
        samples_by_id = {entry.activity_id: samples for entry, samples in self.story.streams.read(own)}
        assert samples_by_id.keys() == set(activities)
        for activity, samples in samples_by_id.items():
            streams = streams_of(self.sandbox.history.get(int(activity)), list(STRAVA_KEYS)) or {}
            assert samples.column("t_s").to_pylist() == streams["time"]
            assert samples.column("watts").to_pylist() == streams.get("watts", [None] * len(samples))
