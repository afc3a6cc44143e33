"""API responses exactly as received: append-only, one committed batch per sync, at any fsspec address.

Add here what concerns storing and reading batches. The meaning of their content belongs in `history`.
"""

from strava_assets.landing.batches import Landing
from strava_assets.landing.errors import DamagedFileError, LandingError
from strava_assets.landing.manifest import NOTHING_CONCLUDED, Conclusion, Manifest, PageEntry
from strava_assets.landing.open_batch import OpenBatch

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
