"""The tags of runs."""

# The id of the folder with the run's lock. Only processes with this folder can check the lock.
LOCKS_TAG = "strava_assets/locks"
# The process that executes the run, for people.
PROCESS_TAG = "strava_assets/process"
STARTED_BY_TAG = "strava_assets/started_by"
