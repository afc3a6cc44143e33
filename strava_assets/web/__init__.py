"""Serves the Dagster UI and the report, protected against other web sites.

`hosts` decides which host names and origins are allowed, for all servers of the project; `guard` applies it
to ASGI apps. Only `app` imports Dagster. The sandbox and the login callback have packages of their own.
"""
