"""The tags that this package puts on runs."""

# Which folder of lock files the run's lock is in: only who sees that folder may judge whether the run lives.
LOCKS_TAG = "strava_assets/locks"
# Where the run is executed, for people.
PROCESS_TAG = "strava_assets/process"
STARTED_BY_TAG = "strava_assets/started_by"
