"""The API over HTTP: finds the endpoint of a path and checks token, limits and planned faults first.

What the endpoints answer is in activity_endpoints.py and athlete_endpoints.py; error responses are in
fault_responses.py. Every path that is not OAuth's or the administration's ends here, so that an unknown one
is refused like any other call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.sandbox import activity_endpoints, athlete_endpoints
from strava_assets.sandbox.api_call import ApiCall, RefusalError
from strava_assets.sandbox.fault_responses import (
    damaged_response,
    documented_fault,
    replacement_response,
    unknown_path,
)
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.strict import refused_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from strava_assets.sandbox.state import Sandbox

    Handler = Callable[[ApiCall], Response]

PREFIX = "/api/v3"
_READING = ("GET", "HEAD")


class _Endpoint(NamedTuple):
    """An endpoint: the pattern of its path, its name in the fault plan, and what answers."""

    path: re.Pattern[str]
    name: str
    handler: Handler


def _endpoint(template: str, name: str, handler: Handler) -> _Endpoint:
    return _Endpoint(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), name, handler)


ENDPOINTS = (
    _endpoint("/athlete", "athlete", athlete_endpoints.athlete),
    _endpoint("/athlete/activities", "list", activity_endpoints.listing),
    _endpoint("/athlete/zones", "athlete_zones", athlete_endpoints.zones),
    _endpoint("/athlete/clubs", "clubs", athlete_endpoints.clubs),
    _endpoint("/athletes/{id}/stats", "stats", athlete_endpoints.stats),
    _endpoint("/gear/{id}", "gear", athlete_endpoints.gear),
    _endpoint("/activities/{id}", "detail", activity_endpoints.detail),
    _endpoint("/activities/{id}/streams", "streams", activity_endpoints.streams),
    # The older address of the same, which some clients still use.
    _endpoint("/activities/{id}/streams/{keys}", "streams", activity_endpoints.streams),
    _endpoint("/activities/{id}/laps", "laps", activity_endpoints.laps),
    _endpoint("/activities/{id}/zones", "zones", activity_endpoints.zones),
    _endpoint("/activities/{id}/comments", "comments", activity_endpoints.comments),
    _endpoint("/activities/{id}/kudos", "kudos", activity_endpoints.kudos),
)


class Api:
    """The API with and without the prefix /api/v3: answers every request that has no route of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def response(self, request: Request) -> Response:
        """Check in Strava's order: token, rate limit, then the call itself.

        Strict mode's rules come before the token: one of them says where a token has to be.
        """
        self._sandbox.log_request(request)
        sandbox = self._sandbox.of_access_token(_bearer_token(request))
        endpoint, path = _find(request)
        fault = sandbox.faults.take(endpoint.name if endpoint else "unknown")
        limits = self._sandbox.limits
        replacement = replacement_response(fault, sandbox) if fault else None
        refusal = refused_call(request) if self._sandbox.strict else None
        if replacement is None and refusal is None and not sandbox.tokens.accepts(_bearer_token(request)):
            return documented_fault(Fault.invalid_access_token)
        within = limits.count(sandbox.now(), reads=request.method in _READING) if limits else True
        if replacement is not None:
            return replacement
        headers = limits.headers() if limits else {}
        if not within:
            return documented_fault(Fault.rate_limit_15min, headers)
        response = refusal or self._answer(endpoint, ApiCall(sandbox, request, path, fault))
        response.headers.update(headers)
        return damaged_response(fault, response, sandbox.now()) if fault else response

    @staticmethod
    def _answer(endpoint: _Endpoint | None, call: ApiCall) -> Response:
        # This API only reads: other methods have no more of a route than an unknown path.
        if endpoint is None or call.request.method not in _READING:
            return unknown_path()
        try:
            return endpoint.handler(call)
        except RefusalError as refused:
            return refused.response
        except (AttributeError, KeyError, TypeError, ValueError):
            # A record of a replayed file may lack anything.
            return documented_fault(Fault.server_error)


def _find(request: Request) -> tuple[_Endpoint | None, dict[str, str]]:
    """The endpoint of a request, or None, and the variable parts of its path."""
    # Not `request.url`, which leaves out line breaks.
    path: str = request.scope["path"].removeprefix(PREFIX).rstrip("/")
    for endpoint in ENDPOINTS:
        if match := endpoint.path.fullmatch(path):
            return endpoint, match.groupdict()
    return None, {}


def _bearer_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
