"""The Strava API without Dagster: client, authorization, rate limits, errors, and the contract of a sync.

Add here what concerns requests to Strava and their responses. This package stores nothing and does not know
the tables.
"""
