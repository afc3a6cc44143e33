"""Makes what the settings describe: token store, Strava's client, landing, streams, warehouse and publisher.

The command line, the doctor and Dagster's resources all ask this module, so that each of them is opened in
the same way everywhere. How a kind of store or engine is opened stands in its own package (`secrets.KINDS`,
`warehouse.locations.KINDS`, `published.KINDS`). Heavy imports happen where they are used; nothing is read or
written yet.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import Athlete, AthleteIndex
    from strava_assets.published import Publisher
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
ATHLETES_LOCK = "athletes.lock"
"""The file in the home that is locked while the index of the athletes changes."""


def token_store(settings: Settings, athlete: Athlete | None = None) -> EnvironmentStore | SeededStore:
    """Where credentials and tokens are kept; of the first athlete, if none is given."""
    from strava_assets.secrets import open_store

    return open_store(settings, athlete.athlete_id if athlete and athlete.has_own_store else "")


def application_store(settings: Settings) -> EnvironmentStore | SeededStore:
    """A token store with the application's id and secret: that of the first athlete who is logged in."""
    return token_store(settings, next(iter(athlete_index(settings).logged_in()), None))


def athlete_index(settings: Settings) -> AthleteIndex:
    """Who the athletes are, and how the last fetch of each one ended."""
    from strava_assets.landing.athlete_index import AthleteIndex

    return AthleteIndex(settings.landing_address)


def landing(settings: Settings) -> Landing:
    """Where answers are kept as received."""
    from strava_assets.landing import Landing

    return Landing(settings.landing_address, settings.own_shard)


def has_several_athletes(settings: Settings) -> bool:
    """Whether the graph has a partition for each athlete; read when definitions load.

    Raises:
        AthleteIndexError: the index is damaged or cannot be read.
    """
    return len(athlete_index(settings).athletes()) > 1


@contextmanager
def changing_athletes(settings: Settings) -> Iterator[AthleteIndex]:
    """The index of the athletes for a block that changes it; other processes of this home wait.

    Raises:
        ConfigurationError: the home cannot be made.
    """
    from strava_assets.errors import ConfigurationError
    from strava_assets.execution.locks import exclusive

    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {settings.home.absolute()} cannot be used: {error.strerror}.",
            means="The athletes' tokens and data belong there, so nothing was changed.",
            remedy="Make it writable, or set STRAVA_ASSETS_HOME to another folder.",
        ) from None
    with exclusive(settings.home / ATHLETES_LOCK):
        yield athlete_index(settings)


def list_known_athletes(settings: Settings, index: AthleteIndex, of_token: str | None = None) -> None:
    """Add to the index whoever has data or tokens here and is not in it.

    Args:
        settings: where data and tokens are.
        index: the index, which no other process changes meanwhile.
        of_token: the athlete of the usual token store; read there if it is not given.

    Raises:
        StravaAssetsError: the index, the landing or the token store cannot be read.
    """
    from strava_assets.history.known_athletes import add_known_athletes
    from strava_assets.secrets import athletes_with_own_store

    of_token = of_token or token_store(settings).read().get("athlete_id")
    own_stores = athletes_with_own_store(settings)
    add_known_athletes(index, landing(settings), of_token, datetime.now(UTC), own_stores)


def complete_index(settings: Settings) -> None:
    """List athletes who are missing in the index, as after its loss or with tokens pasted after an import.

    With one athlete nothing is written. What cannot be read is reported by the run.
    """
    from strava_assets.errors import StravaAssetsError
    from strava_assets.history.known_athletes import is_incomplete
    from strava_assets.secrets import athletes_with_own_store

    with suppress(StravaAssetsError):
        of_token = token_store(settings).read().get("athlete_id")
        own_stores = athletes_with_own_store(settings)
        if is_incomplete(athlete_index(settings), landing(settings), of_token, own_stores):
            with changing_athletes(settings) as index:
                list_known_athletes(settings, index)


def stream_store(settings: Settings) -> StreamStore:
    """Where the seconds of every ride are kept."""
    from strava_assets.streams import StreamStore

    return StreamStore(settings.streams_address, settings.own_shard)


def webhooks(settings: Settings) -> Webhooks:
    """Where events of a push subscription wait, and what is known about the subscription."""
    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.webhooks.event_store import EventStore
    from strava_assets.webhooks.state import WebhookState

    return Webhooks(EventStore(settings.events_address), WebhookState(settings.events_address))


def expect_events(settings: Settings, index: AthleteIndex) -> None:
    """Note that the receiver takes events of those who are logged in; nothing in a home without webhooks."""
    if settings.webhooks:
        webhooks(settings).state.expect_athletes([athlete.athlete_id for athlete in index.logged_in()])


def warehouse(settings: Settings) -> WarehouseLocation:
    """Where the tables are."""
    from strava_assets.warehouse.locations import warehouse_location

    return warehouse_location(settings)


def publisher(settings: Settings) -> Publisher | None:
    """Where tables for other tools are published; None where nothing is."""
    from strava_assets.published import open_publisher

    return open_publisher(settings)


def pacer(
    settings: Settings,
    announce: Callable[[str], None],
    *,
    reserve: int | None = None,
    max_wait_s: float = LONGEST_WAIT_S,
) -> Pacer:
    """What keeps the calls of one process within the application's quota, for one client after another.

    Args:
        settings: what is left to other apps.
        announce: called with a sentence for each wait.
        reserve: calls of every limit to leave unused; by default what the settings leave to other apps.
        max_wait_s: the longest wait for a rate limit, seconds; with zero the work ends instead.
    """
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.tokens import utc_now

    def on_wait(seconds: float, until: datetime, reason: str) -> None:
        announce(f"{reason}. Waiting {seconds:.0f} s, until {until:%H:%M} UTC.")

    return Pacer(
        clock=utc_now,
        sleep=time.sleep,
        reserve_calls=settings.rate_limit_reserve if reserve is None else reserve,
        max_wait_s=max_wait_s,
        on_wait=on_wait,
    )


def waiting_client(
    settings: Settings,
    announce: Callable[[str], None],
    pacer: Pacer,
    *,
    athlete: Athlete | None = None,
) -> StravaClient:
    """A client for a run: it repeats calls and waits for the next quarter hour of the quota.

    Args:
        settings: addresses and token store.
        announce: called with a sentence for each retry and refresh; never with a secret.
        pacer: keeps to the quota; clients of several athletes share it.
        athlete: whose tokens it sends; by default those of the home's usual store.
    """
    return _client(settings, token_store(settings, athlete), pacer, on_event=announce)


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
