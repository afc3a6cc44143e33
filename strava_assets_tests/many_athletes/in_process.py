"""A sandbox without sockets whose requests take simulated time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from typing_extensions import override

from strava_assets_tests.simulation.in_process import SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from strava_assets.sandbox import Sandbox


class InProcessAdapter(SandboxAdapter):
    """Calls a function before it hands a request to the sandbox.

    Args:
        sandbox: the local Strava.
        before_answer: called before each request, with its path.
    """

    def __init__(self, sandbox: Sandbox, before_answer: Callable[[str], None]) -> None:
        super().__init__(sandbox)
        self._before_answer = before_answer

    @override
    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        self._before_answer(urlsplit(request.url or "").path)
        return super().send(request, *arguments, **options)
