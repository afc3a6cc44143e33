"""Where credentials and tokens live: one file a kind of store, all registered in `kinds.py`.

Stores have the same shape (`read`, `write`, `lock`, `clear`, `name`, `location`, `writable`). Add a module
here for a new place to keep tokens; what is done with them, and anything about Strava, stays out.
"""

from strava_assets.secrets.kinds import KINDS, athletes_with_own_store, open_store

__all__ = ["KINDS", "athletes_with_own_store", "open_store"]
