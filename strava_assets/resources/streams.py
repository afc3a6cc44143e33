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

    def open(self) -> StreamStore:
        """The store; nothing is read or written yet."""
        from strava_assets.streams import StreamStore

        return StreamStore(self.address)
