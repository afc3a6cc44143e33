"""The marts: a SQL file each, in BigQuery's dialect, and beside it `<name>.py` with the mart's own checks.

Add a mart, a column or a mart's own check here. The catalog reads the files; `assets` and `checks` run them,
and `report` draws them.
"""

from strava_assets.marts.catalog import FOLDER, Mart, load

__all__ = ["FOLDER", "Mart", "load"]
