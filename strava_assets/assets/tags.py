"""Tags by which assets are found and chosen in the UI, as in `tag:asks=strava`."""

PERSONAL = {"holds": "personal-data"}
"""What must be looked after, and goes with `strava-assets forget`."""
ASKS_STRAVA = {"asks": "strava"}
"""What spends calls of the quota when it is materialized."""
