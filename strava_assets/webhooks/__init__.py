"""Strava's push subscriptions: a receiver that writes one small file per event, and the files it writes.

Events are not signed, so they are hints: they say that an athlete's history may have changed. What changed is
asked of Strava by a run (`history/event_listing.py`). Nothing here knows Dagster or asks Strava.
"""
