"""The tags of runs."""

# The id of the folder with the run's lock. Only processes with this folder can check the lock.
LOCKS_TAG = "strava_assets/locks"
# The process that executes the run, for people.
PROCESS_TAG = "strava_assets/process"
STARTED_BY_TAG = "strava_assets/started_by"
# The athlete whose events of a push subscription a run settles.
EVENTS_OF_TAG = "strava_assets/events_of"
# Why the events of a successful run are kept for another one.
EVENTS_KEPT_TAG = "strava_assets/events_kept"
