"""Dagster resources: thin wrappers that show where things are and open them through `wiring`.

Add one when assets need something from outside; its logic belongs in a package that does not know Dagster.
"""

from strava_assets.resources.alerts import RunAlerts
from strava_assets.resources.landing import LandingResource
from strava_assets.resources.strava import StravaResource
from strava_assets.resources.streams import StreamsResource
from strava_assets.resources.warehouse import WarehouseResource

__all__ = ["LandingResource", "RunAlerts", "StravaResource", "StreamsResource", "WarehouseResource"]
