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

    def open(self) -> Landing:
        """The landing; nothing is read or written yet."""
        from strava_assets.landing import Landing

        return Landing(self.address)
