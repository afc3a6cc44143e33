"""What answers HTTP to a browser: the Dagster UI and the report, behind a guard.

What a browser may send to one of our servers is decided here: `hosts` knows which names and which pages are
allowed, and every server of the project asks it; `guard` applies it to ASGI apps. Only `app` knows Dagster.
What the other servers answer (the sandbox, the login) stays in their own packages.
"""
