"""The landing as a Dagster resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from strava_assets.landing import Landing


class LandingResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """Where answers are kept exactly as received."""

    address: str = Field(description="A folder or any fsspec address, e.g. gs://bucket/landing.")
    shard: str = Field(default="", description="The share of the athletes to read, e.g. 2/4; empty for all.")

    def open(self) -> Landing:
        """The landing; nothing is read or written yet."""
        from strava_assets.landing import Landing
        from strava_assets.shards import Shard

        return Landing(self.address, Shard.from_setting(self.shard))
