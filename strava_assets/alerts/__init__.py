"""Messages to the owner: what they say, the addresses they go to, and handing them over.

apprise does the sending, in a process of its own (`sender.py`). When a message is due is decided in
`resources/alerts.py`, which knows Dagster's runs; keep that out of here.
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
