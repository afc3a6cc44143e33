"""The API's read endpoints: athlete, list, detail and streams, with scopes, rate limits and planned faults.

`Sandbox` holds the state; error responses are in fault_responses.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from strava_assets.sandbox.detail import detail_of
from strava_assets.sandbox.fault_responses import (
    damaged_response,
    documented_fault,
    fault_response,
    json_response,
    not_found,
    replacement_response,
)
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.history import json_list
from strava_assets.sandbox.sample_profile import summary_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from strava_assets.sandbox.state import Sandbox

    Handler = Callable[[Sandbox, Request, Fault | None], Response]

_DEFAULT_PER_PAGE = 30


def api_routes(sandbox: Sandbox) -> list[Route]:
    """The API's routes, with and without the prefix /api/v3."""
    endpoints: list[tuple[str, str, Handler]] = [
        ("/athlete", "athlete", _athlete),
        ("/athlete/activities", "list", _list),
        ("/activities/{id:int}", "detail", _detail),
        ("/activities/{id:int}/streams", "streams", _streams),
    ]
    return [
        Route(prefix + path, _guarded(sandbox, endpoint, handler), methods=["GET"])
        for prefix in ("/api/v3", "")
        for path, endpoint, handler in endpoints
    ]


def _guarded(sandbox: Sandbox, endpoint: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Check in Strava's order: token, rate limit, then the request itself."""

    async def answer(request: Request) -> Response:
        sandbox.log_request(request)
        fault = sandbox.faults.take(endpoint)
        limits = sandbox.limits
        replacement = replacement_response(fault, sandbox) if fault else None
        if replacement is None and not sandbox.tokens.accepts(_bearer_token(request)):
            return documented_fault(Fault.invalid_access_token)
        within = limits.count(sandbox.now()) if limits else True
        if replacement is not None:
            return replacement
        headers = limits.headers() if limits else {}
        if not within:
            return documented_fault(Fault.rate_limit_15min, headers)
        response = handler(sandbox, request, fault)
        response.headers.update(headers)
        return damaged_response(fault, response, sandbox.now()) if fault else response

    return answer


def _bearer_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _athlete(sandbox: Sandbox, _request: Request, _fault: Fault | None) -> Response:
    if "profile:read_all" in sandbox.tokens.scopes:
        return json_response(sandbox.athlete)
    return json_response(summary_of(sandbox.athlete))


def _list(sandbox: Sandbox, request: Request, fault: Fault | None) -> Response:
    if not _may_read_activities(sandbox):
        return documented_fault(Fault.missing_scope)
    try:
        after, before, page, per_page = (
            _number(request, name) for name in ("after", "before", "page", "per_page")
        )
    except ValueError as error:
        return fault_response(400, "Bad Request", ("Activity", str(error), "invalid"))
    page = 1 if page is None or fault is Fault.repeated_page else page
    per_page = _DEFAULT_PER_PAGE if per_page is None else per_page
    if page < 1 or per_page < 1:
        return fault_response(400, "Bad Request", ("Activity", "page", "invalid"))
    size = min(per_page, sandbox.page_size_limit)
    offset = (page - 1) * size
    entries = sandbox.history.page(after, before, offset, size, with_private=_sees_private(sandbox))
    return json_response(json_list(entries))


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    try:
        return None if text is None else int(text)
    except ValueError:
        raise ValueError(name) from None


def _detail(sandbox: Sandbox, request: Request, _fault: Fault | None) -> Response:
    record = _visible_record(sandbox, request)
    return record if isinstance(record, Response) else json_response(detail_of(record))


def _streams(sandbox: Sandbox, request: Request, _fault: Fault | None) -> Response:
    from strava_assets.sandbox.invented_streams import streams_of

    record = _visible_record(sandbox, request)
    if isinstance(record, Response):
        return record
    keys = [key for key in request.query_params.get("keys", "").split(",") if key]
    if not keys:
        return fault_response(400, "Bad Request", ("Activity", "keys", "missing"))
    streams = streams_of(record, keys)
    if streams is None:
        return not_found("Activity")
    documents = {
        key: {"data": data, "series_type": "distance", "original_size": len(data), "resolution": "high"}
        for key, data in streams.items()
    }
    if request.query_params.get("key_by_type") == "true":
        return json_response(documents)
    return json_response([{"type": key} | stream for key, stream in documents.items()])


def _visible_record(sandbox: Sandbox, request: Request) -> dict[str, Any] | Response:
    if not _may_read_activities(sandbox):
        return documented_fault(Fault.missing_scope)
    entry = sandbox.history.find(request.path_params["id"], with_private=_sees_private(sandbox))
    return entry.record() if entry else not_found("Activity")


def _may_read_activities(sandbox: Sandbox) -> bool:
    return bool({"activity:read", "activity:read_all"} & set(sandbox.tokens.scopes))


def _sees_private(sandbox: Sandbox) -> bool:
    return "activity:read_all" in sandbox.tokens.scopes
