"""Delivers a message to all receivers in a separate process that imports apprise."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.alerts.message import Message
from strava_assets.alerts.receivers import receivers_of
from strava_assets.child_environment import child_environment
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from strava_assets.alerts.receivers import Receiver
    from strava_assets.settings import Settings

# Start-up, all attempts at one receiver (sender.SERVICE_LIMIT_S), and a margin; a sensor tick has 60 s.
SENDER_LIMIT_S = 50.0
_TYPES = {"failed": "failure", "recovered": "success", "test": "info"}


class AlertNotDeliveredError(StravaAssetsError):
    """A receiver did not accept a message."""


@dataclass(frozen=True)
class Delivery:
    """The result for one receiver.

    Args:
        name: The receiver's name, without secrets.
        problem: Why it did not accept the message; empty on success.
    """

    name: str
    problem: str


def deliver(settings: Settings, message: Message) -> list[Delivery]:
    """Send a message to all configured receivers, with retries and a time limit for each."""
    return _run_sender(receivers_of(settings, message), message, send=True)


def check_addresses(settings: Settings) -> list[Delivery]:
    """Check the address of each receiver without sending anything."""
    message = Message("test", "", "")
    return _run_sender(receivers_of(settings, message), message, send=False)


def not_delivered(deliveries: list[Delivery]) -> AlertNotDeliveredError | None:
    """The error for all receivers that did not accept a message, or None."""
    problems = [f"{delivery.name}: {delivery.problem}" for delivery in deliveries if delivery.problem]
    if not problems:
        return None
    return AlertNotDeliveredError(
        f"The alert was not delivered to all receivers. {' '.join(problems)}",
        means="The result of the run is not affected.",
        remedy="Check the alert settings with strava-assets doctor --test-alert.",
    )


def _run_sender(receivers: list[Receiver], message: Message, *, send: bool) -> list[Delivery]:
    if not receivers:
        return []
    requests = [
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
            # Not as arguments, because other users of the machine can see them.
            input=json.dumps({"send": send, "receivers": requests}).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            timeout=SENDER_LIMIT_S,
            check=False,
        )
        problems = [result["problem"] for result in json.loads(child.stdout)]
    except subprocess.TimeoutExpired:
        problems = ["It did not respond in time."] * len(receivers)
    except (OSError, ValueError):
        problems = ["The sending process ended too early."] * len(receivers)
    return [Delivery(receiver.name, problem) for receiver, problem in zip(receivers, problems, strict=True)]
