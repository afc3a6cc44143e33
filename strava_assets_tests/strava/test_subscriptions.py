"""What a push subscription's client makes of statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.strava.errors import StravaError
from strava_assets.strava.subscriptions import SubscriptionCalls
from strava_assets_tests.strava.scripted import Response, ScriptedServer

if TYPE_CHECKING:
    from strava_assets_tests.strava.scripted import Request

CREDENTIALS = {"client_id": "7", "client_secret": "c4n4ry"}


@pytest.mark.parametrize(("status", "is_taken"), [(200, True), (201, True), (299, True), (300, False)])
def test_only_a_status_below_300_is_an_answer(status: int, *, is_taken: bool) -> None:
    def answer(_request: Request) -> Response:
        return Response(status, [])

    with ScriptedServer(answer) as server:
        client = SubscriptionCalls(CREDENTIALS, server.url, requests.Session())
        if is_taken:
            assert client.existing() == []
        else:
            with pytest.raises(StravaError) as refused:
                client.existing()
            assert "c4n4ry" not in str(refused.value)
