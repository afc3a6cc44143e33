"""The client: GET requests within the rate limits, with bounded retries, and the listing as pages.

`sync` decides what to request and what may be concluded from the responses.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import requests

from strava_assets.strava import errors, responses
from strava_assets.strava.tokens import CLOCK_TOLERANCE, TIMEOUT_S, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from strava_assets.strava.limits import Pacer, Quota

logger = logging.getLogger("strava_assets.strava")

API_BASE_URL = "https://www.strava.com/api/v3"
# Strava's maximum: the fewest calls for a listing.
PER_PAGE = 200
# Three retries after 1, 2 and 4 seconds (plus up to half as much jitter) outlast the restart of a server.
# A longer outage is left to the next run.
MAX_RETRIES = 3
FIRST_BACKOFF_S = 1.0


class TokenSource(Protocol):
    """The part of `Authenticator` that the client uses."""

    calls: int

    def access_token(self, api_base_url: str) -> str:
        """Return a valid token that may be sent to this address."""

    def refresh(self, reject: str | None = None) -> None:
        """Replace the token that was refused."""


@dataclass(frozen=True)
class Answer:
    """A complete 200 response: the body exactly as received, and its JSON."""

    body: bytes
    document: Any
    fetched_at: datetime


@dataclass(frozen=True)
class Page:
    """One non-empty page of the listing.

    Attributes:
        number: the page number, starting at 1.
        body: the response body exactly as received.
        records: the activities, malformed ones included.
        new_ids: ids that no earlier page of this listing had, as text, in the order received.
        fetched_at: aware UTC time of the response.
        quota: the rate limits as of this response.
    """

    number: int
    body: bytes
    records: list[Any]
    new_ids: list[str]
    fetched_at: datetime
    quota: Quota | None


class StravaClient:
    """Reads from the API with the Bearer header.

    Transient failures are retried a bounded number of times, a refused access token is refreshed once, and
    the pacer keeps calls within the rate limits. Not thread-safe.

    Args:
        auth: hands out access tokens.
        api_base_url: with or without `/api/v3`, as the host expects it; a trailing slash is ignored.
        pacer: keeps the rate limits.
        session: a `requests` session; a new one by default.
        timeout: connect and read timeouts, in seconds.
        clock: returns the current aware UTC time.
        sleep: waits the given number of seconds before a retry.
        max_retries: retries of one call after transient failures.
        on_event: called with a sentence on each retry and refresh.
    """

    def __init__(  # noqa: PLR0913 - every collaborator is injected
        self,
        auth: TokenSource,
        api_base_url: str = API_BASE_URL,
        *,
        pacer: Pacer,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = TIMEOUT_S,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        max_retries: int = MAX_RETRIES,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        self._auth = auth
        self._base_url = api_base_url.rstrip("/")
        self._pacer = pacer
        self._session = session or requests.Session()
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep
        self._max_retries = max_retries
        self._on_event = on_event
        self._calls: Counter[str] = Counter()

    @property
    def calls(self) -> dict[str, int]:
        """Number of HTTP requests sent so far, by kind: list, athlete, activity, streams, token."""
        return dict(self._calls) | {"token": self._auth.calls}

    @property
    def quota(self) -> Quota | None:
        """The rate limits of the latest response."""
        return self._pacer.quota

    def pages(
        self, after: int | None = None, before: int | None = None, per_page: int = PER_PAGE
    ) -> Iterator[Page]:
        """Yield pages of the athlete's activities until an empty page; a short page does not end the listing.

        Memory holds one page and the ids seen.

        Args:
            after: only activities that start after this time (epoch seconds).
            before: only activities that start before this time (epoch seconds).
            per_page: activities per page, at most 200.

        Raises:
            RepeatedPageError: the pages repeat and would never end.
            QuotaExhaustedError: the rate limit is reached.
            StravaError: any other failure.
        """
        window = {name: value for name, value in (("after", after), ("before", before)) if value is not None}
        listed: set[str] = set()
        previous: list[str] = []
        was_stale = False
        number = 0
        while True:
            number += 1
            query = urlencode(window | {"page": number, "per_page": per_page})
            answer = self._get("list", "/athlete/activities", query)
            records: list[Any] = answer.document
            if not records:
                return
            keys = [_key(record) for record in records]
            fresh = [key for key in dict.fromkeys(keys) if key not in listed]
            # An upload during the listing can push listed activities onto an additional last page, so one
            # page without new ids is possible. The same page again, or a second such page, is an error.
            if not fresh and (was_stale or keys == previous):
                raise errors.RepeatedPageError(f"Page {number} of the listing contains no new activity.")
            was_stale = not fresh
            previous = keys
            listed.update(fresh)
            new_ids = [key for key in fresh if not key.startswith(_NO_ID)]
            yield Page(number, answer.body, records, new_ids, answer.fetched_at, self.quota)

    def athlete(self) -> tuple[bytes, dict[str, Any]]:
        """Return the athlete who owns the token: the body as received, and its JSON object."""
        answer = self._get("athlete", "/athlete")
        return answer.body, answer.document

    def activity(self, activity_id: str) -> tuple[bytes, dict[str, Any]]:
        """Return one activity in detail: the body as received, and its JSON object.

        Raises:
            ActivityNotFoundError: no activity has this id, or it is hidden from this token.
        """
        path = f"/activities/{_checked_id(activity_id)}"
        try:
            answer = self._get("activity", path)
        except _NotFoundError:
            raise errors.ActivityNotFoundError(f"Strava has no activity {activity_id}.") from None
        return answer.body, answer.document

    def streams(self, activity_id: str, keys: Sequence[str]) -> tuple[bytes, dict[str, Any]] | None:
        """Return one activity's streams by type; `None` if it has none (manual entries)."""
        path = f"/activities/{_checked_id(activity_id)}/streams"
        try:
            answer = self._get("streams", path, urlencode({"keys": ",".join(keys), "key_by_type": "true"}))
        except _NotFoundError:
            return None
        return answer.body, answer.document

    def _get(self, kind: str, path: str, query: str = "") -> Answer:
        retries = 0
        refreshed = False
        while True:
            self._pacer.before_call()
            token = ""
            try:
                token = self._auth.access_token(self._base_url)
                answer = self._send(kind, path, query, token)
            except errors.TransientStravaError as error:
                if retries >= self._max_retries:
                    raise
                retries += 1
                seconds = FIRST_BACKOFF_S * 2 ** (retries - 1) * random.uniform(1, 1.5)  # noqa: S311 - jitter
                self._report(f"{error.happened} Retry {retries} of {self._max_retries} in {seconds:.1f} s.")
                self._sleep(seconds)
            except errors.InvalidAccessTokenError:
                if refreshed:
                    raise
                refreshed = True
                self._report("Strava refused the access token. It is refreshed once.")
                self._auth.refresh(reject=token)
            else:
                if answer is not None:
                    return answer

    def _send(self, kind: str, path: str, query: str, token: str) -> Answer | None:
        """Send one request; return `None` after a 429, which the pacer has recorded."""
        request = f"GET {path}"
        self._calls[kind] += 1
        try:
            response = self._session.get(
                f"{self._base_url}{path}" + (f"?{query}" if query else ""),
                # With an auth callable, `requests` does not replace the header by a .netrc entry.
                auth=_Bearer(token),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # `from None`: the library's exception contains the request, and the request contains the token.
            raise responses.transport_failure(error, request) from None
        now = self._clock()
        self._pacer.after_answer(response.status_code, response.headers)
        if response.status_code == 429:
            self._report(f"Strava answered {request} with 429.")
            return None
        if response.status_code == 404:
            raise _NotFoundError(f"Strava answered {request} with status 404.")
        if response.status_code != 200:
            raise responses.api_failure(response.status_code, response.content, request)
        responses.check_clock(response.headers, now, CLOCK_TOLERANCE)
        body = response.content
        document = responses.read_json(body, response.headers.get("Content-Type", ""), request)
        if isinstance(document, dict) and "errors" in document and "message" in document:
            raise errors.UnexpectedResponseError(
                f"The response to {request} is an error object with status 200."
            )
        if not isinstance(document, list if kind == "list" else dict):
            raise errors.UnexpectedResponseError(
                f"The response to {request} is not a JSON {'list' if kind == 'list' else 'object'}."
            )
        return Answer(body, document, now)

    def _report(self, event: str) -> None:
        logger.info(event)
        if self._on_event:
            self._on_event(event)


class _NotFoundError(errors.RequestRefusedError):
    """A 404, which the caller interprets: no streams, no activity, or a wrong address."""

    REMEDY = "Check the API address (STRAVA_API_BASE_URL)."


class _Bearer(requests.auth.AuthBase):
    """Adds the Authorization header with the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


_NO_ID = "without id: "


def _key(record: Any) -> str:
    """The id that identifies a record, or a digest of its content if it has no id."""
    identity = record.get("id") if isinstance(record, dict) else None
    if isinstance(identity, int | str) and not isinstance(identity, bool) and str(identity):
        return str(identity)
    content = json.dumps(record, sort_keys=True).encode()
    return _NO_ID + hashlib.sha256(content).hexdigest()


def _checked_id(activity_id: str) -> str:
    if not activity_id.isascii() or not activity_id.isdigit():
        raise errors.ActivityNotFoundError("An activity id is a whole number.")
    return activity_id
