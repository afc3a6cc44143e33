"""The long-running processes of `strava-assets up`, and Dagster's configuration.

Each module here is the main program of one process. What starts and watches them is in `cli`.
"""
