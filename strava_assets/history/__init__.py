"""The athlete's history: from Strava into the landing, from the landing into `bq_activities`.

Add here what combines Strava or an export with landing, streams and warehouse. Responses are landed before
they are interpreted, so tables can be rebuilt. Dagster, HTTP and SQL dialects belong elsewhere.
"""
