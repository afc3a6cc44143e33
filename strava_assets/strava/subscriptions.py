"""The application's push subscription at Strava: make, view and delete it.

There is one per application. The calls carry client id and secret instead of a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from strava_assets.strava import errors, responses
from strava_assets.strava.tokens import TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/push_subscriptions"


@dataclass(frozen=True)
class PushSubscription:
    """A subscription: Strava's id, and the address that receives the events."""

    id: int
    callback_url: str


class SubscriptionExistsError(errors.PermanentStravaError):
    """The application has a subscription already."""

    MEANS = "An application has one at most. It may belong to another program with the same client id."
    REMEDY = (
        "See it with `strava-assets webhook status`. `strava-assets webhook unsubscribe` deletes it; then "
        "subscribe again."
    )


class CallbackNotVerifiedError(errors.PermanentStravaError):
    """Strava did not get the right answer from the callback address."""

    MEANS = (
        "Strava asked that address for a handshake. No subscription was made, and polling goes on as before."
    )
    REMEDY = (
        "Run `strava-assets webhook serve`, let the proxy forward /strava/ to it over public HTTPS with a "
        "valid certificate, and check it with `strava-assets webhook status --url URL`."
    )


class SubscriptionCalls:
    """The calls, for one application.

    Args:
        credentials: `client_id` and `client_secret`.
        api_base_url: the API; the caller has checked that the client secret may be sent to it.
        session: sends the requests.
    """

    def __init__(self, credentials: Mapping[str, str], api_base_url: str, session: requests.Session) -> None:
        self._client = {name: credentials[name] for name in ("client_id", "client_secret")}
        self._address = api_base_url.rstrip("/") + PATH
        self._session = session

    def create(self, callback_url: str, verify_token: str) -> int:
        """Make the subscription and return its id. Strava asks the address for a handshake meanwhile.

        Raises:
            SubscriptionExistsError: there is one already.
            CallbackNotVerifiedError: the handshake failed.
            StravaError: any other failure.
        """
        request = f"POST {PATH}"
        form = self._client | {"callback_url": callback_url, "verify_token": verify_token}
        document = self._send("POST", "", request, data=form)
        identity = document.get("id") if isinstance(document, dict) else None
        if not isinstance(identity, int) or isinstance(identity, bool):
            raise errors.UnexpectedResponseError(f"The response to {request} has no id.")
        return identity

    def existing(self) -> list[PushSubscription]:
        """The application's subscriptions, one at most.

        Raises:
            StravaError: the request failed.
        """
        request = f"GET {PATH}"
        # Strava documents client id and secret in the address here; the connection is encrypted.
        document = self._send("GET", "", request, params=self._client)
        try:
            return [PushSubscription(int(each["id"]), str(each["callback_url"])) for each in document]
        except (KeyError, TypeError, ValueError):
            raise errors.UnexpectedResponseError(
                f"The response to {request} is not a list of subscriptions."
            ) from None

    def delete(self, subscription_id: int) -> None:
        """Delete a subscription; one that does not exist is not an error.

        Raises:
            StravaError: the request failed.
        """
        self._send("DELETE", f"/{subscription_id}", f"DELETE {PATH}", params=self._client)

    def _send(self, method: str, path: str, request: str, **fields: Any) -> Any:
        try:
            answer = self._session.request(
                method, self._address + path, timeout=TIMEOUT_S, allow_redirects=False, **fields
            )
        except requests.RequestException as error:
            # `from None`: the library's exception contains the request, and the request contains the secret.
            raise responses.transport_failure(error, request) from None
        if answer.status_code == 404 and method == "DELETE":
            return None
        if answer.status_code >= 300:
            raise _failure(answer.status_code, answer.content, request)
        if method == "DELETE":
            return None
        return responses.read_json(answer.content, answer.headers.get("Content-Type", ""), request)


def _failure(status: int, body: bytes, request: str) -> errors.StravaError:
    for item in responses.fault_items(body):
        if item.resource == "pushsubscription" and item.code == "already exists":
            return SubscriptionExistsError("Strava has a push subscription of this application already.")
        if item.resource == "pushsubscription" and item.field.startswith("callback"):
            return CallbackNotVerifiedError("Strava could not verify the callback address.")
    return responses.token_failure(status, body, request)
