"""What Strava has announced that it will refuse; a sandbox in strict mode refuses it now.

From 2027-06-01 the API has a host of its own without the prefix /api/v3, credentials are read from the form
body and the Authorization header only, and /oauth/revoke replaces /oauth/deauthorize. A page of more than 200
is refused instead of cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.sandbox.api_call import as_integer
from strava_assets.sandbox.fault_responses import fault_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

_BAD_REQUEST = 400
_LARGEST_PAGE = 200
_SECRETS = ("client_secret", "refresh_token", "code", "access_token", "token")


def refused_call(request: Request) -> Response | None:
    """The refusal of an API call by the announced rules, or None."""
    if _has_prefix(request.url.path):
        return _prefix()
    if "access_token" in request.query_params:
        return _refusal(
            "Send the access token in the Authorization header only, not in the address.",
            ("AccessToken", "access_token", "not in header"),
        )
    if (as_integer(request.query_params.get("per_page", "")) or 0) > _LARGEST_PAGE:
        return _refusal(
            f"A page has {_LARGEST_PAGE} items at most; ask for no more.",
            ("Activity", "per_page", "limit exceeded"),
        )
    return None


def refused_oauth_call(path: str, outside_form: Iterable[str]) -> Response | None:
    """The refusal of a call of OAuth by the announced rules, or None.

    Args:
        path: The path of the request.
        outside_form: The names of the fields that came in the address or as JSON.
    """
    if _has_prefix(path):
        return _prefix()
    if path.endswith("/deauthorize"):
        return _refusal(
            "POST /oauth/revoke replaces /oauth/deauthorize.", ("Application", "path", "replaced")
        )
    names = set(outside_form)
    if secret := next((name for name in _SECRETS if name in names), None):
        return _refusal(
            "Send the fields in the form body, not in the address or as JSON.",
            ("Application", secret, "not in form"),
        )
    return None


def _has_prefix(path: str) -> bool:
    return path == "/api/v3" or path.startswith("/api/v3/")


def _prefix() -> Response:
    return _refusal(
        "From 2027-06-01 the API is at its own host, without the prefix /api/v3; OAuth is at /oauth.",
        ("resource", "path", "invalid"),
        404,
    )


def _refusal(message: str, error: tuple[str, str, str], status: int = _BAD_REQUEST) -> Response:
    return fault_response(status, f"Strict mode: {message}", error)
