"""What a full listing may have missed: an activity that slipped past between two of its pages.

A deletion on Strava during the listing pulls every older activity one place forward, and one of them past a
page's edge. Its absence would look like a deletion, so it is asked for by its id before it is believed.
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

# More missing than this is no slip of a page; whether to believe it is the deletion guard's to say.
MOST_ASKED = 20


def find_skipped(client: StravaClient, listing: Listing, own: Sequence[Manifest]) -> str | None:
    """The id of an activity the listing lacks and Strava still has; None where its silence can be believed.

    Costs a call for each activity that is missing for the first time, and none otherwise.

    Args:
        client: asks Strava.
        listing: a listing that has ended.
        own: the athlete's earlier batches in order.
    """
    if not listing.complete or listing.kind is not SyncMode.FULL or listing.pages < 2:
        return None
    missing = sorted(_expected(own) - set(listing.ids))
    for activity_id in missing if len(missing) <= MOST_ASKED else ():
        try:
            client.activity(activity_id)
        except ActivityNotFoundError:
            continue
        except QuotaExhaustedError:
            return activity_id  # not known to be gone, and so not to be taken for it
        return activity_id
    return None


def _expected(own: Sequence[Manifest]) -> set[str]:
    """What the last complete full listing held, and what came since."""
    ids: set[str] = set()
    for manifest in own:
        if manifest.kind == "full" and manifest.complete and manifest.before is None:
            ids = set()
        ids.update(manifest.activity_ids)
    return ids
