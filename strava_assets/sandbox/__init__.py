"""A local Strava API over HTTP: OAuth, endpoints, rate limits, faults, and a sample athlete.

`Sandbox` holds the state, and `serve` listens on a port. Only the command line and tests import this package.
"""

from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.limits import RateLimits
from strava_assets.sandbox.sample_figures import figures_file
from strava_assets.sandbox.sample_gear import gear_entries
from strava_assets.sandbox.serving import RunningSandbox, run_sandbox, serve
from strava_assets.sandbox.state import Call, Sandbox
from strava_assets.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "REFRESH_TOKEN",
    "Call",
    "Fault",
    "RateLimits",
    "RunningSandbox",
    "Sandbox",
    "figures_file",
    "gear_entries",
    "run_sandbox",
    "serve",
]
