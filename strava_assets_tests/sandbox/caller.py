"""A clock that stands still, and a person's way through OAuth and the API of a served sandbox."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN

if TYPE_CHECKING:
    import requests

    from strava_assets.sandbox import Sandbox

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class HandClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Caller:
    """One client of a served sandbox, on one connection."""

    def __init__(self, sandbox: Sandbox, base_url: str, session: requests.Session) -> None:
        self.sandbox = sandbox
        self.base_url = base_url
        self.session = session
        self.access_token = ""

    def token(self, **changed: str) -> requests.Response:
        form = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": REFRESH_TOKEN,
        }
        answer = self.post("/oauth/token", form | changed)
        if answer.ok:
            self.access_token = answer.json()["access_token"]
        return answer

    def post(self, path: str, form: dict[str, str], **more: Any) -> requests.Response:
        return self.session.post(self.base_url + path, data=form, timeout=120, allow_redirects=False, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}
        return self.session.get(
            self.base_url + path, params=query, headers=headers, timeout=120, allow_redirects=False
        )

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get("/athlete/activities", **query)
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()
        return records

    def everything(self, per_page: int = 200, **query: Any) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        number = 1
        while page := self.listed(per_page=per_page, page=number, **query):
            records += page
            number += 1
        return records


Calling = Callable[..., AbstractContextManager[Caller]]
"""The fixture `call`: serves a sandbox and gives a caller, authorized unless `authorized=False`."""
