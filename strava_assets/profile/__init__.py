"""The athlete's own files: dated FTP, weight and heart rates (also from Strava), and planned load by day.

Figures are read, judged and laid out by date here; what is computed from them is the marts' matter.
"""

from strava_assets.profile.dated_figures import gear_rows, hints, observation, rows
from strava_assets.profile.figure_bounds import BOUNDS, FIGURES, Bounds, Entry
from strava_assets.profile.figures_file import EXAMPLE, read
from strava_assets.profile.plan_file import PlannedDay, plan_rows, read_plan

__all__ = [
    "BOUNDS",
    "EXAMPLE",
    "FIGURES",
    "Bounds",
    "Entry",
    "PlannedDay",
    "gear_rows",
    "hints",
    "observation",
    "plan_rows",
    "read",
    "read_plan",
    "rows",
]
