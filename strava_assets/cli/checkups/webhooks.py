"""Checks webhooks: the subscription, the receiver's sign of life, waiting events, and taken back access."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.checkups.finding import Finding, broken, ok, spoken, warning
from strava_assets.plurals import counted
from strava_assets.webhooks.events import NAME, event_time_of
from strava_assets.webhooks.state import ALIVE_WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.settings import Settings
    from strava_assets.strava.subscriptions import PushSubscription
    from strava_assets.webhooks.state import ReceiverStatus

SERVE = "Run strava-assets webhook serve."
SUBSCRIBE = "Run strava-assets webhook subscribe --url https://your.host."
_LONG_WAIT = timedelta(hours=1)
_HANDSHAKE_LIMIT_S = 2


def look(settings: Settings) -> Iterator[Finding]:
    """Check what is known here; Strava is not asked."""
    if not settings.webhooks:
        return
    webhooks, now = wiring.webhooks(settings), datetime.now(UTC)
    subscription = webhooks.state.subscription()
    if subscription is None:
        yield warning("webhooks", "There is no subscription, so Strava is polled.", SUBSCRIBE)
    else:
        yield ok("webhooks", f"Subscribed since {subscription.since:%Y-%m-%d}, id {subscription.id}.")
    yield _receiver(webhooks.state.receiver(), now)
    for owner_id in webhooks.events.owners():
        yield from _owner(webhooks, owner_id, now)


def compare(settings: Settings, existing: Sequence[PushSubscription]) -> Finding:
    """Compare what is noted here with the subscriptions that Strava has."""
    noted = wiring.webhooks(settings).state.subscription()
    ids = [subscription.id for subscription in existing]
    if noted and noted.id in ids:
        return ok("strava", f"It has the subscription {noted.id}.")
    if noted:
        remedy = f"Run strava-assets webhook unsubscribe. {SUBSCRIBE}"
        return broken("strava", f"It does not have the subscription {noted.id}, so no events come.", remedy)
    if ids:
        remedy = "Run strava-assets webhook unsubscribe if no other program uses it."
        return warning("strava", f"It has the subscription {ids[0]}, which was not made here.", remedy)
    return ok("strava", "It has no subscription of this application.")


def try_handshake(base: str, verify_token: str) -> Finding:
    """Ask the public address for a handshake, as Strava does."""
    import requests

    from strava_assets.webhooks.callback_address import callback_path

    challenge = secrets.token_hex(8)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    try:
        answer = requests.get(
            base + callback_path(verify_token),
            params=query,
            timeout=_HANDSHAKE_LIMIT_S,
            allow_redirects=False,
        )
        is_right = answer.status_code == 200 and answer.json() == {"hub.challenge": challenge}
        message = f"The handshake at {base} was answered with status {answer.status_code}."
    except (requests.RequestException, ValueError) as error:
        # The text of the error holds the address with the token.
        is_right, message = False, f"The handshake at {base} failed ({type(error).__name__})."
    if is_right:
        return ok("callback", f"{base} answers the handshake.")
    return broken("callback", message, f"{SERVE} Let the proxy forward /strava/ to it; docs/webhooks.md.")


def _receiver(status: ReceiverStatus | None, now: datetime) -> Finding:
    if status is None:
        return warning("receiver", "It has never run, so Strava is polled.", SERVE)
    age = now - status.seen_at
    accepted, refused = (_counts(counts) for counts in (status.accepted, status.refused))
    counts = f"Accepted: {accepted}. Refused: {refused}."
    if age >= ALIVE_WITHIN:
        since = status.last_event_at or status.started_at
        message = f"It does not run, so Strava is polled; its last event came on {since:%Y-%m-%d}. {counts}"
        return warning("receiver", message, SERVE)
    return ok("receiver", f"Its last sign of life was {spoken(age)} ago. {counts}")


def _owner(webhooks: Webhooks, owner_id: str, now: datetime) -> Iterator[Finding]:
    if logged_out := webhooks.state.logged_out(owner_id):
        yield broken(
            "access",
            f"Athlete {owner_id} took the access back; Strava refused a call on "
            f"{logged_out.confirmed_at:%Y-%m-%d %H:%M} UTC. The stored data is as it was.",
            "Run strava-assets login, then strava-assets sync. To remove the data, run strava-assets forget.",
        )
    waiting = webhooks.events.waiting(owner_id)
    times = [event_time_of(name) for name in waiting if NAME.fullmatch(name)]
    if not waiting:
        return
    message = f"{counted(len(waiting), 'event')} of athlete {owner_id}."
    if times and now.timestamp() - min(times) > _LONG_WAIT.total_seconds():
        remedy = "Run strava-assets up, or see the sensor webhook_events and the last sync in the UI."
        yield warning("waiting", f"{message} The first waits for more than an hour.", remedy)
    else:
        yield ok("waiting", message)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"
