"""The admin API of a sandbox: faults, edits of the history, limits and tokens over HTTP.

Tests use the attributes of `Sandbox` instead.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.api_call import as_integer
from strava_assets.sandbox.fault_responses import json_response
from strava_assets.sandbox.limits import RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from strava_assets.sandbox.state import Sandbox

    Action = Callable[[Sandbox, int | None, dict[str, Any]], Any]


def admin_routes(sandbox: Sandbox) -> list[Route]:
    """The routes under /admin. Invalid requests get a 400 with the reason."""
    actions: list[tuple[str, str, Action]] = [
        ("GET", "/admin/state", _state),
        ("POST", "/admin/faults", _add_fault),
        ("DELETE", "/admin/faults", _clear_faults),
        ("POST", "/admin/activities", _add_activity),
        ("PATCH", "/admin/activities/{id}", _edit_activity),
        ("DELETE", "/admin/activities/{id}", _delete_activity),
        ("POST", "/admin/activities/{id}/restore", _restore_activity),
        ("POST", "/admin/activities/{id}/crop", _crop_activity),
        ("POST", "/admin/limits", _set_limits),
        ("POST", "/admin/tokens", _set_tokens),
    ]
    routes = [Route(path, _endpoint(sandbox, action), methods=[method]) for method, path, action in actions]
    return [*routes, Route("/admin/{rest:path}", _Unknown())]


class _Unknown:
    """The ASGI app for all other calls under /admin."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The administration has no {scope['method']} {scope['path'][:200]}."
        await json_response({"message": message}, 404)(scope, receive, send)


def _endpoint(sandbox: Sandbox, action: Action) -> Any:
    async def answer(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            return json_response(action(sandbox, as_integer(request.path_params.get("id", "")), body))
        except StravaAssetsError as error:
            return json_response({"message": str(error)}, 400)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            return json_response({"message": f"The request is invalid: {error!r}"}, 400)

    return answer


def _state(sandbox: Sandbox, _id: int | None, _body: dict[str, Any]) -> Any:
    tokens, limits = sandbox.tokens, sandbox.limits
    return {
        "athlete_id": sandbox.athlete["id"],
        "activities": len(sandbox.history),
        "requests": len(sandbox.requests),
        "strict": sandbox.strict,
        "faults": [asdict(planned) for planned in sandbox.faults.pending()],
        "push_subscription": sandbox.push.subscription and asdict(sandbox.push.subscription),
        "deliveries": [asdict(delivery) for delivery in sandbox.push.deliveries],
        "limits": limits and limits.headers(),
        "tokens": {
            "scopes": sorted(tokens.scopes),
            "rotate_refresh_token": tokens.rotate_refresh_token,
            "valid_refresh_token": tokens.valid_refresh_token,
        },
    }


def _add_fault(sandbox: Sandbox, _id: int | None, body: dict[str, Any]) -> Any:
    planned = sandbox.faults.add(
        body["fault"], on=body.get("on"), times=body.get("times", 1), after=body.get("after", 0)
    )
    return asdict(planned)


def _clear_faults(sandbox: Sandbox, _id: int | None, _body: dict[str, Any]) -> Any:
    sandbox.faults.clear()
    return {}


def _add_activity(sandbox: Sandbox, _id: int | None, body: dict[str, Any]) -> Any:
    return sandbox.history.get(sandbox.history.add(**body))


def _edit_activity(sandbox: Sandbox, activity_id: int | None, body: dict[str, Any]) -> Any:
    return sandbox.history.edit(activity_id or 0, **body)


def _delete_activity(sandbox: Sandbox, activity_id: int | None, _body: dict[str, Any]) -> Any:
    sandbox.history.delete(activity_id or 0)
    return {}


def _restore_activity(sandbox: Sandbox, activity_id: int | None, _body: dict[str, Any]) -> Any:
    sandbox.history.restore(activity_id or 0)
    return sandbox.history.get(activity_id or 0)


def _crop_activity(sandbox: Sandbox, activity_id: int | None, body: dict[str, Any]) -> Any:
    return sandbox.history.crop(activity_id or 0, **body)


def _set_limits(sandbox: Sandbox, _id: int | None, body: dict[str, Any]) -> Any:
    """`{"overall": [200, 2000], "read_usage": [99, 120]}`, any of them; `{"off": true}` removes them."""
    if body.get("off"):
        sandbox.limits = None
        return None
    limits = sandbox.limits or RateLimits()
    names = ("overall", "read", "overall_usage", "read_usage")
    for name, (quarter, day) in body.items():
        if name not in names:
            raise StravaAssetsError(f"{name!r} is not a limit.", remedy=f"Use one of: {', '.join(names)}.")
        setattr(limits, name, (int(quarter), int(day)))
    sandbox.limits = limits
    return limits.headers()


def _set_tokens(sandbox: Sandbox, _id: int | None, body: dict[str, Any]) -> Any:
    """`{"rotate_refresh_token": true, "scopes": ["read"], "expire": true, "revoke": true}`, any of them."""
    tokens = sandbox.tokens
    if "rotate_refresh_token" in body:
        tokens.rotate_refresh_token = bool(body["rotate_refresh_token"])
    if "scopes" in body:
        tokens.scopes = frozenset(body["scopes"])
    if body.get("expire"):
        tokens.expire_access_tokens()
    if body.get("revoke"):
        tokens.revoke()
    return _state(sandbox, None, {})["tokens"]
