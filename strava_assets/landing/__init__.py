"""Answers exactly as received, append-only, one committed batch a sync, on any fsspec address.

Nothing here knows what an activity is beyond its id; what a batch means is the history room's matter.
"""

from strava_assets.landing.batches import DamagedFileError, Landing, LandingError, OpenBatch
from strava_assets.landing.manifest import NOTHING_CONCLUDED, Conclusion, Manifest, PageEntry

__all__ = [
    "NOTHING_CONCLUDED",
    "Conclusion",
    "DamagedFileError",
    "Landing",
    "LandingError",
    "Manifest",
    "OpenBatch",
    "PageEntry",
]
