"""x"""

from __future__ import annotations
from strava_assets.sandbox.many import many_entries


def sample_history(seed, today, now):
    return many_entries(1200, seed, now)
