"""Every failure that the sandbox can produce has its own class, a remedy, and the right number of tries."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import (
    CLIENT_SECRET,
    REFRESH_TOKEN,
    Fault,
    RateLimits,
    RunningSandbox,
    Sandbox,
    serve,
)
from strava_assets.sandbox.tokens import OAuthState
from strava_assets.strava import errors
from strava_assets_tests.strava.conversation import HandTime, converse

if TYPE_CHECKING:
    from collections.abc import Iterator

PERMANENT = [
    (Fault.missing_scope, "list", errors.MissingScopeError, "strava-assets login"),
    (Fault.inactive_subscription, "any", errors.InactiveSubscriptionError, "strava.com/settings/api"),
    (Fault.revoked_token, "token", errors.InvalidRefreshTokenError, "strava-assets login"),
    (Fault.invalid_client_id, "token", errors.InvalidClientError, "STRAVA_CLIENT_ID"),
    (Fault.invalid_client_secret, "token", errors.InvalidClientError, "STRAVA_CLIENT_SECRET"),
    (Fault.invalid_access_token, "list", errors.InvalidAccessTokenError, "strava-assets login"),
    (Fault.repeated_page, "list", errors.RepeatedPageError, "proxy"),
    (Fault.clock_skew, "token", errors.ClockSkewError, "NTP"),
]
TRANSIENT = [
    (Fault.server_error, "list", errors.ServerError),
    (Fault.bad_gateway, "list", errors.ServerError),
    (Fault.unavailable, "list", errors.ServerError),
    (Fault.timeout, "list", errors.RequestTimeoutError),
    (Fault.connection_reset, "list", errors.ConnectionLostError),
    (Fault.html, "list", errors.NotJsonError),
    (Fault.empty_body, "list", errors.TruncatedBodyError),
    (Fault.truncated_body, "list", errors.TruncatedBodyError),
    (Fault.cut_json, "list", errors.TruncatedBodyError),
    (Fault.error_object_with_200, "list", errors.UnexpectedResponseError),
    (Fault.json_not_a_list, "list", errors.UnexpectedResponseError),
    (Fault.server_error, "token", errors.ServerError),
    (Fault.timeout, "token", errors.RequestTimeoutError),
    (Fault.connection_reset, "token", errors.ConnectionLostError),
    (Fault.html, "token", errors.NotJsonError),
    (Fault.empty_body, "token", errors.TruncatedBodyError),
]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    """One server for all: starting and stopping it takes longer than any of these tests."""
    with serve(Sandbox.many(3)) as running:
        yield running


def fresh_time(server: RunningSandbox) -> HandTime:
    """Make the sandbox forget the test before, and let it live in the time that is returned."""
    time = HandTime()
    sandbox = server.sandbox
    sandbox.clock = time.clock
    sandbox.faults.clear()
    sandbox.requests.clear()
    sandbox.limits = RateLimits()
    sandbox.tokens = OAuthState(sandbox.now)
    return time


@pytest.mark.parametrize(("fault", "on", "kind", "remedy"), PERMANENT)
def test_a_permanent_failure_is_raised_at_once_with_its_remedy(
    server: RunningSandbox, fault: Fault, on: str, kind: type[errors.StravaError], remedy: str
) -> None:
    sandbox, time = server.sandbox, fresh_time(server)
    sandbox.faults.add(fault, on=on, times=None)
    with pytest.raises(kind) as raised:
        list(converse(server.base_url, time).client.pages())
    assert isinstance(raised.value, errors.PermanentStravaError)
    assert remedy in raised.value.remedy
    assert time.slept_s == []


@pytest.mark.parametrize(("fault", "on", "kind"), TRANSIENT)
def test_a_lasting_transient_failure_is_tried_four_times_and_then_named(
    server: RunningSandbox, fault: Fault, on: str, kind: type[errors.StravaError]
) -> None:
    sandbox, time = server.sandbox, fresh_time(server)
    sandbox.faults.add(fault, on=on, times=None)
    with pytest.raises(kind) as raised:
        list(converse(server.base_url, time, timeout=(2, 0.1)).client.pages())
    assert isinstance(raised.value, errors.TransientStravaError)
    assert sandbox.calls("/oauth/token" if on == "token" else "/athlete/activities") == 4
    first, second, third = time.slept_s
    assert 1 <= first <= 1.5
    assert 2 <= second <= 3
    assert 4 <= third <= 6


@pytest.mark.parametrize(("fault", "on", "kind"), TRANSIENT)
def test_a_passing_transient_failure_leaves_no_trace_in_the_listing(
    server: RunningSandbox, fault: Fault, on: str, kind: type[errors.StravaError]
) -> None:
    del kind
    sandbox, time = server.sandbox, fresh_time(server)
    sandbox.faults.add(fault, on=on, times=2)
    conversation = converse(server.base_url, time, timeout=(2, 0.1))
    pages = list(conversation.client.pages())
    assert [len(page.new_ids) for page in pages] == [3]
    assert len([event for event in conversation.events if "Retry" in event]) == 2


def test_a_502_is_not_reported_as_a_rate_limit(server: RunningSandbox) -> None:
    sandbox, time = server.sandbox, fresh_time(server)
    sandbox.faults.add(Fault.bad_gateway, on="list", times=None)
    with pytest.raises(errors.ServerError, match="status 502"):
        list(converse(server.base_url, time).client.pages())


def test_an_expired_access_token_is_refreshed_once_and_the_listing_goes_on(server: RunningSandbox) -> None:
    client = converse(server.base_url, fresh_time(server)).client
    pages = client.pages(per_page=2)
    next(pages)
    server.sandbox.tokens.expire_access_tokens()
    assert [page.number for page in pages] == [2]
    assert client.calls == {"list": 4, "token": 2}


def test_the_missing_scope_is_named_and_the_settings_page_token_explained(server: RunningSandbox) -> None:
    time = fresh_time(server)
    server.sandbox.tokens.scopes = {"read"}
    with pytest.raises(errors.MissingScopeError) as raised:
        list(converse(server.base_url, time).client.pages())
    assert raised.value.scopes == ("activity:read_all",)
    assert "settings page" in raised.value.means


@pytest.mark.parametrize("fault", list(Fault))
def test_no_failure_tells_a_secret(
    server: RunningSandbox, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox, time = server.sandbox, fresh_time(server)
    sandbox.faults.add(fault, times=None, after=1 if fault.natural_endpoint == "any" else 0)
    with caplog.at_level("DEBUG"):
        conversation = converse(server.base_url, time, timeout=(2, 0.1), max_waits=1)
        output = repr(vars(conversation.client.quota or object)) + repr(conversation.auth)
        try:
            list(conversation.client.pages())
        except errors.StravaError as error:
            output += "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    output += caplog.text + "".join(conversation.events)
    grown = (*sandbox.tokens._access_tokens, sandbox.tokens.valid_refresh_token)
    for secret in (CLIENT_SECRET, REFRESH_TOKEN, *grown):
        assert secret is None or secret not in output
