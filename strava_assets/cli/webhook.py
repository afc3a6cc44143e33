"""`strava-assets webhook`: the receiver of Strava's events, and the subscription that sends them."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import Port
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.cli.checkups.finding import Finding
    from strava_assets.settings import Settings


@click.group("webhook")
def command() -> None:
    """Let Strava announce changes.

    It needs an address that Strava reaches over public HTTPS. Without one, leave it: the schedule asks Strava
    every six hours.
    """


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address it listens on.")
@click.option(
    "--port",
    default=8422,
    show_default=True,
    type=Port(zero_is_any=True),
    help="The port; 0 is any free one.",
)
def serve(host: str, port: int) -> None:
    """Receive events, behind a proxy with HTTPS.

    It writes one small file per event and does nothing else. It shows nothing and starts nothing.
    """
    from datetime import UTC, datetime

    from strava_assets.cli.console import console, say
    from strava_assets.cli.webhook_credentials import verify_token
    from strava_assets.web.serving import is_loopback, open_listener
    from strava_assets.webhooks.callback_address import PREFIX, path_digest
    from strava_assets.webhooks.receiver import Receiver
    from strava_assets.webhooks.serving import serve as serve_receiver
    from strava_assets.webhooks.state import WebhookState

    settings = _load()
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("strava_assets.webhooks").setLevel(logging.INFO)
    token = verify_token(settings, make=True)
    subscription = WebhookState(settings.events_address).subscription()
    if subscription and subscription.path_digest != path_digest(token):
        say(
            "warning",
            "The subscription was made with another verify token, so its events are refused. What to do: "
            "Run strava-assets webhook unsubscribe, then subscribe again.",
        )
    if not is_loopback(host):
        say("warning", f"Other machines can reach the receiver on {host}. Strava needs HTTPS in front of it.")
    with open_listener(port, host, name="The webhook receiver") as listener:
        place = f"{host}:{listener.getsockname()[1]}"
        console.print(f"The receiver listens on {place}; forward {PREFIX} to it.", soft_wrap=True)
        serve_receiver(Receiver(token, settings.events_address, lambda: datetime.now(UTC)), listener)


@command.command("subscribe")
@click.option("--url", required=True, help="Your public address, e.g. https://rides.example.com.")
def subscribe(url: str) -> None:
    """Ask Strava to send events to this home.

    The receiver has to run: Strava asks it for a handshake. An application has one subscription.
    """
    from datetime import UTC, datetime

    from strava_assets.cli.console import say
    from strava_assets.cli.webhook_credentials import (
        athletes_of_home,
        public_address,
        subscription_calls,
        verify_token,
    )
    from strava_assets.webhooks.callback_address import callback_path, path_digest
    from strava_assets.webhooks.state import Subscription, WebhookState

    settings = _load()
    base = public_address(url)
    token = verify_token(settings, make=False)
    athlete_ids = athletes_of_home(settings)
    with subscription_calls(settings) as calls:
        subscription_id = calls.create(base + callback_path(token), token)
        subscription = Subscription(subscription_id, path_digest(token), athlete_ids, datetime.now(UTC))
        try:
            WebhookState(settings.events_address).write_subscription(subscription)
        except BaseException:
            # The receiver would refuse the events of a subscription that is not noted.
            calls.delete(subscription_id)
            raise
    say("ok", f"Strava sends events to {base}; the subscription has the id {subscription_id}.")
    say("step", "While the receiver runs, the schedule asks Strava once a week.")


@command.command("unsubscribe")
def unsubscribe() -> None:
    """Delete the subscription at Strava.

    Polling goes on as without webhooks.
    """
    from strava_assets.settings_reader import load_settings

    delete_subscriptions(load_settings())


def delete_subscriptions(settings: Settings) -> None:
    """Delete the application's subscription at Strava and what is noted of it here; prints the result.

    Raises:
        StravaAssetsError: Strava refused it.
    """
    from strava_assets.cli.console import say
    from strava_assets.cli.webhook_credentials import subscription_calls
    from strava_assets.webhooks.state import WebhookState

    with subscription_calls(settings) as calls:
        existing = calls.existing()
        for subscription in existing:
            calls.delete(subscription.id)
            say("ok", f"The subscription {subscription.id} is deleted at Strava.")
    if not existing:
        say("ok", "Strava has no subscription of this application.")
    WebhookState(settings.events_address).remove_subscription()


@command.command("status")
@click.option("--url", help="Also try the handshake at this public address, as Strava does.")
@click.option("--offline", is_flag=True, help="Ask Strava nothing.")
def status(url: str | None, *, offline: bool) -> None:
    """Show subscription, receiver and waiting events.

    The exit status is 0 when nothing is broken, else 1.
    """
    from strava_assets.cli.checkups.finding import State
    from strava_assets.cli.console import say

    is_healthy = True
    for finding in _findings(_load(), url, offline=offline):
        is_healthy = is_healthy and finding.state is not State.BROKEN
        remedy = f" → {finding.remedy}" if finding.remedy else ""
        say(finding.state.value, f"{finding.about:<12} {finding.message}{remedy}")
    sys.exit(0 if is_healthy else 1)


def _findings(settings: Settings, url: str | None, *, offline: bool) -> Iterator[Finding]:
    from strava_assets.cli.checkups import webhooks
    from strava_assets.cli.webhook_credentials import public_address, subscription_calls, verify_token

    yield from webhooks.look(settings)
    if url:
        yield webhooks.try_handshake(public_address(url), verify_token(settings, make=False))
    if not offline:
        with subscription_calls(settings) as calls:
            yield webhooks.compare(settings, calls.existing())


def _load() -> Settings:
    """The settings of a home with webhooks.

    Raises:
        ConfigurationError: webhooks are off.
    """
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    if not settings.webhooks:
        raise ConfigurationError(
            "STRAVA_ASSETS_WEBHOOKS is not set.",
            means="Without it no run is started for an event, so nothing was done.",
            remedy="Set STRAVA_ASSETS_WEBHOOKS=true in .env and restart strava-assets up.",
        )
    return settings
