"""The athlete's history: from Strava into the landing, from the landing into `bq_activities`.

What is fetched stands in the landing before anything interprets it; what is loaded can always be rebuilt
from there. Dagster, HTTP and engines' dialects are elsewhere.
"""
