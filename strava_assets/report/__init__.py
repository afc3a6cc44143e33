"""The page and the previews on assets' pages: figures read from the marts, findings in words, charts, tables.

The page is one HTML file. Its sections are in `sections/`, one file each; a chart is defined there once,
for the page and for the page of its asset. Add here what is shown of the marts. Keep out computation, which
belongs into the marts, and engines, Dagster and Strava's API.
"""

from strava_assets.report.asset_previews import chart_svg, markdown_image, preview_table, sparkline_image
from strava_assets.report.athlete_overview import AthleteOverview, build_athlete_overview, read_shared_numbers
from strava_assets.report.drawing_process import DrawingError
from strava_assets.report.letter import letter_markdown
from strava_assets.report.page import build_page
from strava_assets.report.page_files import (
    ReportError,
    arrange_pages,
    athlete_folder,
    athletes_with_page,
    remove_pages,
    write_page,
)
from strava_assets.report.power_trace import read_trace
from strava_assets.report.report_figures import INPUT_TABLES, MARTS, Figures, Row, athletes_by_activities
from strava_assets.report.route_shape import read_shape

__all__ = [
    "INPUT_TABLES",
    "MARTS",
    "AthleteOverview",
    "DrawingError",
    "Figures",
    "ReportError",
    "Row",
    "arrange_pages",
    "athlete_folder",
    "athletes_by_activities",
    "athletes_with_page",
    "build_athlete_overview",
    "build_page",
    "chart_svg",
    "letter_markdown",
    "markdown_image",
    "preview_table",
    "read_shape",
    "read_shared_numbers",
    "read_trace",
    "remove_pages",
    "sparkline_image",
    "write_page",
]
