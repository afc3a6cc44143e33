"""Makes what the settings describe: token store, Strava's client, landing, streams and warehouse.

The command line, the doctor and Dagster's resources all ask this module, so that each of them is opened in
the same way everywhere. How a kind of store or engine is opened stands in its own package (`secrets.KINDS`,
`warehouse.locations.KINDS`). Heavy imports happen where they are used; nothing is read or written yet.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.secrets.environment import EnvironmentStore
    from strava_assets.secrets.seeded import SeededStore
    from strava_assets.settings import Settings
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.token_store import TokenStore
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.locations import WarehouseLocation

# A quarter hour and a little: the next window of the short limit is worth waiting for, a day is not.
LONGEST_WAIT_S = 960.0


def token_store(settings: Settings) -> EnvironmentStore | SeededStore:
    """Where credentials and tokens are kept."""
    from strava_assets.secrets import open_store

    return open_store(settings)


def landing(settings: Settings) -> Landing:
    """Where answers are kept as received."""
    from strava_assets.landing import Landing

    return Landing(settings.landing_address)


def stream_store(settings: Settings) -> StreamStore:
    """Where the seconds of every ride are kept."""
    from strava_assets.streams import StreamStore

    return StreamStore(settings.streams_address)


def warehouse(settings: Settings) -> WarehouseLocation:
    """Where the tables are."""
    from strava_assets.warehouse.locations import warehouse_location

    return warehouse_location(settings)


def waiting_client(
    settings: Settings,
    announce: Callable[[str], None],
    *,
    reserve: int | None = None,
    max_wait_s: float = LONGEST_WAIT_S,
) -> StravaClient:
    """A client for a run: it repeats calls and waits for the next quarter hour of the quota.

    Args:
        settings: addresses and token store.
        announce: called with a sentence for each wait, retry and refresh; never with a secret.
        reserve: calls of every limit to leave unused; by default what the settings leave to other apps.
        max_wait_s: the longest wait for a rate limit, seconds; with zero the work ends instead.
    """
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.tokens import utc_now

    def on_wait(seconds: float, until: datetime, reason: str) -> None:
        announce(f"{reason}. Waiting {seconds:.0f} s, until {until:%H:%M} UTC.")

    pacer = Pacer(
        clock=utc_now,
        sleep=time.sleep,
        reserve_calls=settings.rate_limit_reserve if reserve is None else reserve,
        max_wait_s=max_wait_s,
        on_wait=on_wait,
    )
    return _client(settings, token_store(settings), pacer, on_event=announce)


def fail_fast_client(settings: Settings, tokens: TokenStore) -> StravaClient:
    """A client for a person who watches: one retry, and an error instead of a wait for the quota."""
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.tokens import utc_now

    pacer = Pacer(clock=utc_now, sleep=time.sleep, reserve_calls=0, max_waits=0)
    return _client(settings, tokens, pacer, max_retries=1)


def _client(settings: Settings, tokens: TokenStore, pacer: Pacer, **options: Any) -> StravaClient:
    from strava_assets.strava.auth import Authenticator
    from strava_assets.strava.client import StravaClient

    auth = Authenticator(tokens, settings.oauth_base_url)
    return StravaClient(auth, settings.api_base_url, pacer=pacer, **options)
