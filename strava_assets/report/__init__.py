"""The page and the small pictures: figures read from the marts, findings in words, charts, one HTML file.

It knows the marts' columns and nothing of engines, Dagster or Strava's API.
"""

from strava_assets.report.apart import draw_apart
from strava_assets.report.figures import BOOKS, MARTS, Figures, Row
from strava_assets.report.mart_charts import chart_svg
from strava_assets.report.page import build_page
from strava_assets.report.pictures import markdown_image, preview_table, sparkline_svg
from strava_assets.report.publish import ReportError, write_page

__all__ = [
    "BOOKS",
    "MARTS",
    "Figures",
    "ReportError",
    "Row",
    "build_page",
    "chart_svg",
    "draw_apart",
    "markdown_image",
    "preview_table",
    "sparkline_svg",
    "write_page",
]
