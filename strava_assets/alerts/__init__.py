"""Alert messages: text, addresses and delivery.

apprise sends them in a separate process (`sender.py`). `resources/alerts.py` decides when to send an alert;
nothing in this package knows Dagster's runs.
"""

from strava_assets.alerts.delivery import (
    AlertNotDeliveredError,
    Delivery,
    check_addresses,
    deliver,
    not_delivered,
)
from strava_assets.alerts.message import Message

__all__ = ["AlertNotDeliveredError", "Delivery", "Message", "check_addresses", "deliver", "not_delivered"]
