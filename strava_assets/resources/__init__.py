"""Thin Dagster wrappers: they hold configuration and open what the domain rooms offer; logic stays there."""

from strava_assets.resources.alerts import RunAlerts
from strava_assets.resources.landing import LandingResource
from strava_assets.resources.strava import StravaResource
from strava_assets.resources.streams import StreamsResource
from strava_assets.resources.warehouse import WarehouseResource

__all__ = ["LandingResource", "RunAlerts", "StravaResource", "StreamsResource", "WarehouseResource"]
