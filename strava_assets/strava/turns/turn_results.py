"""What a turn's result says about the athlete, and whether the others can still be fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strava_assets.strava import errors
from strava_assets.strava.sync import SyncMode
from strava_assets.strava.turns.athlete_state import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.errors import StravaAssetsError
    from strava_assets.strava.sync import Listing
    from strava_assets.strava.turns.athlete_state import AthleteState, Turn

# The athlete has to log in again.
_REFUSALS = (
    errors.InvalidRefreshTokenError,
    errors.InvalidAccessTokenError,
    errors.MissingScopeError,
    errors.MissingCredentialsError,
)
_OF_ALL = (
    errors.QuotaExhaustedError,
    errors.InactiveSubscriptionError,
    errors.ClockSkewError,
    errors.TlsError,
)
# Each store has a client id, a client secret and a host of its own, so one of them can be outdated.
_OF_ALL_OR_ONE = (errors.InvalidClientError, errors.ForeignHostError)


def stops_everyone(error: StravaAssetsError) -> bool:
    """Whether a failure is the application's or this machine's, so that no other athlete need be tried."""
    return isinstance(error, _OF_ALL) and not isinstance(error, errors.TurnOverError)


def may_stop_everyone(error: StravaAssetsError) -> bool:
    """Whether a failure is the application's if several athletes in a row have it, and else one athlete's."""
    return isinstance(error, _OF_ALL_OR_ONE)


def after_turn(
    state: AthleteState,
    turn: Turn,
    now: datetime,
    *,
    listing: Listing | None = None,
    error: StravaAssetsError | None = None,
) -> AthleteState:
    """The athlete's state after a turn. The caller sets the events that still wait.

    Args:
        state: the state before.
        turn: the turn.
        now: its end, aware UTC.
        listing: its last listing, if it made one.
        error: the failure that ended it, if any.
    """
    state = replace(state, last_turn_at=now)
    failure = error or (listing.stopped if listing else None)
    if listing and listing.stopped and turn.purpose is Purpose.FIRST:
        state = replace(
            state,
            last_listing_at=now if listing.pages else state.last_listing_at,
            loaded_pages=state.loaded_pages + listing.pages,
        )
    if isinstance(failure, errors.TurnOverError):
        is_short = turn.purpose is not Purpose.FIRST
        return replace(state, failures=0, refused_since=None, cut_short=state.cut_short + is_short)
    if failure is not None:
        return _after_failure(state, failure, now)
    state = replace(state, failures=0, cut_short=0, refused_since=None)
    return _after_listing(state, listing, now) if listing else state


def _after_failure(state: AthleteState, failure: StravaAssetsError, now: datetime) -> AthleteState:
    if stops_everyone(failure):
        return state
    if isinstance(failure, _REFUSALS):
        return replace(state, refused_since=state.refused_since or now)
    return replace(state, failures=state.failures + 1)


def _after_listing(state: AthleteState, listing: Listing, now: datetime) -> AthleteState:
    if not listing.complete:
        # Activities moved between its pages, so it has to be made again.
        return replace(state, failures=1)
    state = replace(state, last_listing_at=now)
    if listing.kind is not SyncMode.FULL:
        return state
    is_in_one = listing.window.before is None
    return replace(
        state,
        history_complete=True,
        last_full_listing_at=now if is_in_one else state.last_full_listing_at,
        expected_pages=listing.pages + (0 if is_in_one else state.loaded_pages),
        loaded_pages=0,
    )
