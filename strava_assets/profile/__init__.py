"""The athlete's own figures: dated FTP, weight and heart rates, from their own file and from Strava.

Figures are read, judged and laid out by date here; what is computed from them is the marts' matter.
"""

from strava_assets.profile.dated_figures import hints, observation, rows
from strava_assets.profile.figure_bounds import BOUNDS, Bounds, Entry
from strava_assets.profile.figures_file import EXAMPLE, read

__all__ = ["BOUNDS", "EXAMPLE", "Bounds", "Entry", "hints", "observation", "read", "rows"]
