"""The errors of the landing."""

from __future__ import annotations

from strava_assets.errors import StravaAssetsError


class LandingError(StravaAssetsError):
    """The landing cannot be read or written."""


class DamagedFileError(LandingError):
    """A file of the landing is missing or differs from what was written."""


class LandingChangesError(LandingError):
    """Batches were moved or replaced faster than they could be listed."""

    transient = True

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The landing {address} changed each time it was listed.",
            means="Another process moves or merges batches. Nothing was lost, and nothing was loaded.",
            remedy="Run the command again.",
        )
