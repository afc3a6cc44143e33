"""The marts: one SQL file each, in BigQuery's dialect, and the catalog that reads them.

Running them is the warehouse's matter; what an activity's columns mean is the schema's.
"""

from strava_assets.marts.catalog import Mart, load

__all__ = ["Mart", "load"]
