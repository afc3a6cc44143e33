"""Finds activities that a full listing skipped between two pages.

A deletion on Strava during the listing moves every older activity one place forward, and one of them to a
page that was already read. Its absence would look like a deletion, so it is requested by id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.strava.errors import ActivityNotFoundError, QuotaExhaustedError
from strava_assets.strava.sync import SyncMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.landing import Manifest
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.sync import Listing

# More missing activities are not caused by shifted pages; the deletion guard handles them.
MAX_REQUESTS = 20


def find_skipped(client: StravaClient, listing: Listing, own: Sequence[Manifest]) -> str | None:
    """The id of an activity that the listing lacks and Strava still has; None if there is none.

    Needs one call for each activity that is missing for the first time. `own` are the athlete's earlier
    batches in order.
    """
    if not listing.complete or listing.kind is not SyncMode.FULL or listing.pages < 2:
        return None
    missing = sorted(_expected(own) - set(listing.ids))
    for activity_id in missing if len(missing) <= MAX_REQUESTS else ():
        try:
            client.activity(activity_id)
        except ActivityNotFoundError:
            continue
        except QuotaExhaustedError:
            return activity_id  # unknown, so it must not be considered deleted
        return activity_id
    return None


def _expected(own: Sequence[Manifest]) -> set[str]:
    """The ids of the last complete full listing and of the batches since."""
    ids: set[str] = set()
    for manifest in own:
        if manifest.kind == "full" and manifest.complete and manifest.before is None:
            ids = set()
        ids.update(manifest.activity_ids)
    return ids
