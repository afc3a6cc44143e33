"""The page and the previews on assets' pages: figures read from the marts, findings in words, charts, tables.

The page is one HTML file. Its sections are in `sections/`, one file each; a chart is defined there once,
for the page and for the page of its asset. Add here what is shown of the marts. Keep out computation, which
belongs into the marts, and engines, Dagster and Strava's API.
"""

from strava_assets.report.asset_previews import chart_svg, markdown_image, preview_table, sparkline_image
from strava_assets.report.drawing_process import DrawingError
from strava_assets.report.page import build_page
from strava_assets.report.page_files import ReportError, write_page
from strava_assets.report.report_figures import INPUT_TABLES, MARTS, Figures, Row

__all__ = [
    "INPUT_TABLES",
    "MARTS",
    "DrawingError",
    "Figures",
    "ReportError",
    "Row",
    "build_page",
    "chart_svg",
    "markdown_image",
    "preview_table",
    "sparkline_image",
    "write_page",
]
