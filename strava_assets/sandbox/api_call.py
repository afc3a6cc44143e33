"""One call of the API as its endpoints see it: path, parameters, and what the token may read.

An endpoint that refuses a call raises `RefusalError`; api.py sends its response.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.sandbox.fault_responses import (
    documented_fault,
    fault_response,
    malformed_id,
    resource_not_found,
)
from strava_assets.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from strava_assets.sandbox.history import Entry
    from strava_assets.sandbox.state import Sandbox

DEFAULT_PER_PAGE = 30

# Python's int() also takes other scripts' digits, underscores and blanks.
_INTEGER = re.compile(r"-?[0-9]{1,5000}")
_64_BITS = 2**63
_TRUE = {"true", "t", "1"}


class RefusalError(Exception):
    """A call that is refused with a response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class ApiCall:
    """A call with a valid token and within the limits.

    Attributes:
        sandbox: The state.
        request: The HTTP request.
        path: The variable parts of the path.
        fault: The planned fault that damages the response, if any.
    """

    sandbox: Sandbox
    request: Request
    path: Mapping[str, str]
    fault: Fault | None = None

    def integer(self, name: str) -> int | None:
        """A query parameter; None if it is absent.

        Raises:
            RefusalError: It is not a decimal number of 64 bits in ASCII digits.
        """
        text = self.request.query_params.get(name)
        if text is None:
            return None
        number = as_integer(text)
        if number is None:
            raise invalid_parameter(name)
        return number

    def flag(self, name: str) -> bool:
        """Whether a query parameter is `true` in any letter case, `t` or `1`."""
        return self.request.query_params.get(name, "").lower() in _TRUE

    def window(self) -> slice:
        """The items of a list that `page` and `per_page` select.

        Raises:
            RefusalError: One of them is not a positive number.
        """
        page, per_page = self.integer("page"), self.integer("per_page")
        for name, number in (("page", page), ("per_page", per_page)):
            if number is not None and number < 1:
                raise invalid_parameter(name)
        size = min(per_page or DEFAULT_PER_PAGE, self.sandbox.page_size_limit)
        first = ((page or 1) - 1) * size
        return slice(first, first + size)

    def activity(self) -> Entry:
        """The activity in the path.

        Raises:
            RefusalError: The token may not read activities, the id is malformed, or the token's athlete has
                no such activity.
        """
        self.require_activity_scope()
        activity_id = self._id("Activity")
        entry = self.sandbox.history.find(activity_id, with_private=self.sees_private)
        if entry is None:
            raise RefusalError(resource_not_found("Activity"))
        return entry

    def require_own_athlete(self) -> None:
        """Refuse a path with the id of another athlete."""
        if self._id("Athlete") != self.sandbox.athlete["id"]:
            raise RefusalError(fault_response(403, "Forbidden", ("Athlete", "id", "invalid")))

    def require_activity_scope(self) -> None:
        """Refuse a token that may not read activities."""
        if not {"activity:read", "activity:read_all"} & set(self.sandbox.tokens.scopes):
            raise RefusalError(documented_fault(Fault.missing_scope))

    def require_profile_scope(self) -> None:
        """Refuse a token that may not read the whole profile."""
        if not self.sees_profile:
            error = ("AccessToken", "profile:read_permission", "missing")
            raise RefusalError(fault_response(401, "Authorization Error", error))

    @property
    def sees_private(self) -> bool:
        """Whether the token reads activities that only the athlete sees."""
        return "activity:read_all" in self.sandbox.tokens.scopes

    @property
    def sees_profile(self) -> bool:
        """Whether the token reads the whole profile."""
        return "profile:read_all" in self.sandbox.tokens.scopes

    def _id(self, resource: str) -> int:
        text = self.path["id"]
        number = as_integer(text)
        if number is None and not _INTEGER.fullmatch(text):
            raise RefusalError(malformed_id(resource))
        if number is None:
            raise RefusalError(resource_not_found(resource))
        return number


def as_integer(text: str) -> int | None:
    """The value of a decimal number in ASCII digits; None for other text and beyond 64 bits."""
    # Longer text is refused by length: int() raises for thousands of digits.
    if len(text) > 20 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -_64_BITS <= number < _64_BITS else None


def invalid_parameter(name: str) -> RefusalError:
    """The 400 for a parameter that cannot be used."""
    return RefusalError(fault_response(400, "Bad Request", ("Activity", name, "invalid")))
