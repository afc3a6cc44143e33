"""The Strava API without Dagster: client, authorisation, limits, failures, and the contract of a sync.

Nothing is stored here, and nothing is known of tables.
"""
