"""OAuth over HTTP: the consent page, the token endpoint, and revocation.

tokens.py decides which tokens are valid; the page itself is in consent.py.
"""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from strava_assets.sandbox.consent import consent_page
from strava_assets.sandbox.fault_responses import (
    damaged_response,
    documented_fault,
    fault_response,
    json_response,
    replacement_response,
)
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.sample_profile import summary_of
from strava_assets.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, SCOPES, InvalidGrantError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from strava_assets.sandbox.state import Sandbox

_LOOPBACK = {"localhost", "127.0.0.1"}
_BAD_REQUEST = "Bad Request"


def oauth_routes(sandbox: Sandbox) -> list[Route]:
    """The consent page, and the three client endpoints with and without the prefix /api/v3."""
    handlers = {"/oauth/token": _token, "/oauth/revoke": _revoke, "/oauth/deauthorize": _deauthorize}
    return [
        Route("/oauth/authorize", partial(_show_consent, sandbox), methods=["GET"]),
        Route("/oauth/authorize", partial(_decide, sandbox), methods=["POST"]),
        *(
            Route(prefix + path, partial(handler, sandbox), methods=["POST"])
            for prefix in ("", "/api/v3")
            for path, handler in handlers.items()
        ),
    ]


async def _show_consent(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    query = dict(request.query_params)
    rejection = _rejection(query)
    if rejection is not None:
        return rejection
    requested = _requested_scopes(query)
    granted_before = sandbox.tokens.consented and requested <= set(sandbox.tokens.scopes)
    if granted_before and query.get("approval_prompt", "auto") == "auto":
        return _grant(sandbox, query, requested)
    scopes = [scope for scope in SCOPES if scope in requested]
    return HTMLResponse(consent_page(sandbox.athlete, query, scopes))


async def _decide(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    form = await _form(request)
    rejection = _rejection(form)
    if rejection is not None:
        return rejection
    if form.get("decision") != "authorize":
        return _redirect(form, {"error": "access_denied"})
    selected = {name.removeprefix("scope:") for name in form if name.startswith("scope:")}
    return _grant(sandbox, form, {"read", *(selected & _requested_scopes(form))})


async def _token(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    fault = sandbox.faults.take("token")
    replacement = replacement_response(fault, sandbox) if fault else None
    if replacement is not None:
        return replacement
    response = _token_response(sandbox, await _form(request))
    return damaged_response(fault, response, sandbox.now()) if fault else response


async def _revoke(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    if _basic_credentials(request) != (CLIENT_ID, CLIENT_SECRET):
        return documented_fault(Fault.invalid_client_secret)
    form = await _form(request)
    if "token" not in form:
        return fault_response(400, _BAD_REQUEST, ("Application", "token", "missing"))
    sandbox.tokens.revoke(form["token"])
    return json_response({})


async def _deauthorize(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    form = await _form(request)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    access_token = form.get("access_token") or bearer
    if not sandbox.tokens.accepts(access_token):
        return documented_fault(Fault.invalid_access_token)
    sandbox.tokens.revoke(access_token)
    return json_response({"access_token": access_token})


def _token_response(sandbox: Sandbox, form: Mapping[str, str]) -> Response:
    if form.get("client_id") != CLIENT_ID:
        return documented_fault(Fault.invalid_client_id)
    if form.get("client_secret") != CLIENT_SECRET:
        return documented_fault(Fault.invalid_client_secret)
    grant_type = form.get("grant_type")
    try:
        if grant_type == "refresh_token":
            grant = sandbox.tokens.refresh(form.get("refresh_token", ""))
        elif grant_type == "authorization_code":
            grant = sandbox.tokens.exchange(form.get("code", ""))
        else:
            return fault_response(400, _BAD_REQUEST, ("Application", "grant_type", "invalid"))
    except InvalidGrantError:
        if grant_type == "refresh_token":
            return documented_fault(Fault.revoked_token)
        return fault_response(400, _BAD_REQUEST, ("AuthorizationCode", "code", "invalid"))
    document = {
        "token_type": "Bearer",
        "access_token": grant.access_token,
        "expires_at": grant.expires_at,
        "expires_in": grant.expires_at - sandbox.tokens.now_s(),
        "refresh_token": grant.refresh_token,
    }
    if grant_type == "authorization_code":
        document["athlete"] = summary_of(sandbox.athlete)
    return json_response(document)


def _grant(sandbox: Sandbox, request: Mapping[str, str], scopes: set[str]) -> Response:
    in_order = [scope for scope in SCOPES if scope in scopes]
    return _redirect(request, {"code": sandbox.tokens.consent(in_order), "scope": ",".join(in_order)})


def _redirect(request: Mapping[str, str], result: dict[str, str]) -> Response:
    """The redirect to the client with its `state`."""
    query = urlencode({"state": request.get("state", "")} | result)
    redirect_uri = request["redirect_uri"]
    return RedirectResponse(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}", 302)


def _rejection(request: Mapping[str, str]) -> Response | None:
    if request.get("client_id") != CLIENT_ID:
        return documented_fault(Fault.invalid_client_id)
    if urlsplit(request.get("redirect_uri", "")).hostname not in _LOOPBACK:
        return fault_response(400, _BAD_REQUEST, ("Application", "redirect_uri", "invalid"))
    if request.get("response_type") != "code":
        return fault_response(400, _BAD_REQUEST, ("Application", "response_type", "invalid"))
    if not _requested_scopes(request):
        return fault_response(400, _BAD_REQUEST, ("Application", "scope", "invalid"))
    return None


def _requested_scopes(request: Mapping[str, str]) -> set[str]:
    return set(request.get("scope", "").split(",")) & set(SCOPES)


async def _form(request: Request) -> dict[str, str]:
    """The form fields; query parameters and JSON bodies are ignored."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _basic_credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
