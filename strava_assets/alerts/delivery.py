"""Hands a message to every receiver and tells how each took it; apprise is not imported in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.alerts.message import Message
from strava_assets.alerts.receivers import receivers_of
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from strava_assets.alerts.receivers import Receiver
    from strava_assets.settings import Settings

# The start, every try at the slowest receiver (sender.SERVICE_LIMIT_S), and room; a sensor's tick has 60 s.
SENDER_LIMIT_S = 50.0
_TYPES = {"failed": "failure", "recovered": "success", "test": "info"}


class AlertNotDeliveredError(StravaAssetsError):
    """A receiver did not take a message."""


@dataclass(frozen=True)
class Delivery:
    """How one receiver took it.

    Args:
        name: the receiver, without secrets.
        problem: why it did not take it; empty where it did.
    """

    name: str
    problem: str


def deliver(settings: Settings, message: Message) -> list[Delivery]:
    """Hand the message to every receiver that the settings name, each within a limit and with new tries."""
    return _run_sender(receivers_of(settings, message), message, send=True)


def check_addresses(settings: Settings) -> list[Delivery]:
    """Whether each receiver's address can be used; nothing is sent."""
    message = Message("test", "", "")
    return _run_sender(receivers_of(settings, message), message, send=False)


def not_delivered(deliveries: list[Delivery]) -> AlertNotDeliveredError | None:
    """The error that names every receiver that did not take a message; None where all did."""
    refusals = [f"{delivery.name}: {delivery.problem}" for delivery in deliveries if delivery.problem]
    if not refusals:
        return None
    return AlertNotDeliveredError(
        f"The alert was not delivered everywhere. {' '.join(refusals)}",
        means="The run's own outcome is not affected.",
        remedy="Check the alert settings with strava-assets doctor --test-alert.",
    )


def _run_sender(receivers: list[Receiver], message: Message, *, send: bool) -> list[Delivery]:
    if not receivers:
        return []
    orders = [
        {
            "service": receiver.service,
            "title": receiver.title,
            "body": receiver.body,
            "type": _TYPES[message.status],
        }
        for receiver in receivers
    ]
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "strava_assets.alerts.sender"],
            # Not as arguments, which every user of the machine can see.
            input=json.dumps({"send": send, "receivers": orders}).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            timeout=SENDER_LIMIT_S,
            check=False,
        )
        problems = [result["problem"] for result in json.loads(child.stdout)]
    except subprocess.TimeoutExpired:
        problems = ["It did not answer in time."] * len(receivers)
    except (OSError, ValueError):
        problems = ["The process that sends messages ended before it was done."] * len(receivers)
    return [Delivery(receiver.name, problem) for receiver, problem in zip(receivers, problems, strict=True)]
