"""The streams' store as a Dagster resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from strava_assets.streams import StreamStore


class StreamsResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """Where the seconds of every ride are kept, as Parquet."""

    address: str = Field(description="A folder or any fsspec address, e.g. gs://bucket/streams.")
    shard: str = Field(default="", description="The share of the athletes to read, e.g. 2/4; empty for all.")

    def open(self) -> StreamStore:
        """The store; nothing is read or written yet."""
        from strava_assets.shards import Shard
        from strava_assets.streams import StreamStore

        return StreamStore(self.address, Shard.from_setting(self.shard))
