"""Where credentials and tokens live: one file a kind of store, and one function that opens the chosen kind.

Stores have the same shape (`read`, `write`, `lock`, `clear`, `name`, `writable`) and know nothing of Strava.
"""

from strava_assets.secrets.opening import open_store

__all__ = ["open_store"]
