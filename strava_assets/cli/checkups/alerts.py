"""Checks who receives alerts of failed runs, and whether the addresses can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.alerts import Message, check_addresses, deliver
from strava_assets.cli.checkups.finding import broken, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.cli.checkups.finding import Finding
    from strava_assets.settings import Settings

NEW = "STRAVA_ASSETS_ALERT_URLS"
_TEST = Message("test", "strava_assets: test", "This is a test message. Alerts of failed runs arrive here.")


def look(settings: Settings) -> Iterator[Finding]:
    """Check every address; nothing is sent."""
    yield from _findings(settings, send=False)


def look_and_send(settings: Settings) -> Iterator[Finding]:
    """Send every receiver a test message."""
    yield from _findings(settings, send=True)


def _findings(settings: Settings, *, send: bool) -> Iterator[Finding]:
    if not settings.alerts_wanted:
        remedy = f"Set {NEW}, e.g. to an address that begins with slack://, mailtos:// or ntfys://."
        # Alerts are optional, but a test message needs a receiver.
        finding = broken if send else ok
        yield finding("alerts", "Nobody is told of a failed run.", remedy)
        return
    results = deliver(settings, _TEST) if send else check_addresses(settings)
    done = "took the test message" if send else "can be told"
    for result in results:
        if result.problem:
            yield broken("alerts", f"{result.name}: {result.problem}", f"Correct {NEW}.")
        else:
            yield ok("alerts", f"{result.name} {done}.")
    for variable in settings.old_alert_variables:
        message = f"{variable} still works in this release and will be refused in the next one."
        yield warning("alerts", message, f"Use {NEW} instead; docs/alerts.md shows what to write.")
