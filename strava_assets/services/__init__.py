"""The processes of `strava-assets up`, and Dagster's configuration.

Each module is the main program of one process; `cli/processes.py` starts and watches them.
"""
