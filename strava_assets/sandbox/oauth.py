"""OAuth over HTTP: the consent page, the token endpoint, and revocation.

tokens.py decides which tokens are valid; the page itself is in consent.py.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from strava_assets.sandbox.client_fields import client_fields
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
from strava_assets.sandbox.strict import refused_oauth_call
from strava_assets.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, SCOPES, InvalidGrantError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from strava_assets.sandbox.client_fields import ClientFields
    from strava_assets.sandbox.state import Sandbox

_LOOPBACK = {"localhost", "127.0.0.1"}
_BAD_REQUEST = "Bad Request"


def oauth_routes(sandbox: Sandbox) -> list[Route]:
    """The consent page and the three client endpoints, with and without the prefix /api/v3."""
    handlers = {"/oauth/token": _token, "/oauth/revoke": _revoke, "/oauth/deauthorize": _deauthorize}
    return [
        Route("/oauth/authorize", partial(_show_consent, sandbox), methods=["GET"]),
        # The address that the API's own description gives.
        Route("/api/v3/oauth/authorize", partial(_show_consent, sandbox), methods=["GET"]),
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
    refusal = refused_oauth_call(request.url.path, ()) if sandbox.strict else None
    rejection = refusal or _rejection(query)
    if rejection is not None:
        return rejection
    requested = _requested_scopes(query)
    granted_before = sandbox.tokens.consented and requested <= set(sandbox.tokens.scopes)
    is_one = len(sandbox.athletes) == 1
    if is_one and granted_before and query.get("approval_prompt", "auto") == "auto":
        return _grant(sandbox, query, requested)
    scopes = [scope for scope in SCOPES if scope in requested]
    return HTMLResponse(consent_page([each.athlete for each in sandbox.athletes], query, scopes))


async def _decide(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    form = (await client_fields(request)).form
    rejection = _rejection(form)
    if rejection is not None:
        return rejection
    if form.get("decision") != "authorize":
        return _redirect(form, {"error": "access_denied"})
    selected = {name.removeprefix("scope:") for name in form if name.startswith("scope:")}
    signed_in = sandbox.of_athlete(form.get("athlete"))
    return _grant(signed_in, form, {"read", *(selected & _requested_scopes(form))})


async def _token(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    fault = sandbox.faults.take("token")
    replacement = replacement_response(fault, sandbox) if fault else None
    if replacement is not None:
        return replacement
    fields = await client_fields(request)
    refusal = _strict_refusal(sandbox, request, fields)
    response = refusal or _token_response(sandbox, fields.all)
    return damaged_response(fault, response, sandbox.now()) if fault else response


async def _revoke(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    if _basic_credentials(request) != (CLIENT_ID, CLIENT_SECRET):
        return documented_fault(Fault.invalid_client_secret)
    fields = await client_fields(request)
    if refusal := _strict_refusal(sandbox, request, fields):
        return refusal
    if "token" not in fields.all:
        return fault_response(400, _BAD_REQUEST, ("Application", "token", "missing"))
    for athlete in sandbox.athletes:
        athlete.tokens.revoke(fields.all["token"])
    return json_response({})


async def _deauthorize(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    fields = await client_fields(request)
    if refusal := _strict_refusal(sandbox, request, fields):
        return refusal
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    access_token = fields.all.get("access_token") or bearer
    owner = sandbox.of_access_token(access_token)
    if not owner.tokens.accepts(access_token):
        return documented_fault(Fault.invalid_access_token)
    owner.tokens.revoke(access_token)
    return json_response({"access_token": access_token})


def _strict_refusal(sandbox: Sandbox, request: Request, fields: ClientFields) -> Response | None:
    return refused_oauth_call(request.url.path, fields.outside_form) if sandbox.strict else None


def _token_response(sandbox: Sandbox, form: Mapping[str, str]) -> Response:
    if form.get("client_id") != CLIENT_ID:
        return documented_fault(Fault.invalid_client_id)
    if form.get("client_secret") != CLIENT_SECRET:
        return documented_fault(Fault.invalid_client_secret)
    grant_type = form.get("grant_type")
    owner = _owner(sandbox, form)
    try:
        if grant_type == "refresh_token":
            grant = owner.tokens.refresh(form.get("refresh_token", ""))
        elif grant_type == "authorization_code":
            grant = owner.tokens.exchange(form.get("code", ""))
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
        document["athlete"] = summary_of(owner.athlete)
    return json_response(document)


def _owner(sandbox: Sandbox, form: Mapping[str, str]) -> Sandbox:
    """The athlete whose refresh token or code it is; the first one if it is nobody's."""
    token, code = form.get("refresh_token", ""), form.get("code", "")
    for athlete in sandbox.athletes:
        if token and token == athlete.tokens.valid_refresh_token:
            return athlete
        if code and athlete.tokens.issued(code):
            return athlete
    return sandbox


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
    if _host_name(request.get("redirect_uri", "")) not in _LOOPBACK:
        return fault_response(400, _BAD_REQUEST, ("Application", "redirect_uri", "invalid"))
    if request.get("response_type") != "code":
        return fault_response(400, _BAD_REQUEST, ("Application", "response_type", "invalid"))
    if not _requested_scopes(request):
        return fault_response(400, _BAD_REQUEST, ("Application", "scope", "invalid"))
    return None


def _host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _requested_scopes(request: Mapping[str, str]) -> set[str]:
    # Strava documents commas; OAuth libraries send blanks.
    return set(request.get("scope", "").replace(" ", ",").split(",")) & set(SCOPES)


def _basic_credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # Neither base64 nor ASCII, or not UTF-8 inside.
        return None
    return user, password
