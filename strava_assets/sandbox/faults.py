"""The faults that a sandbox can simulate, and the plan of which requests they affect.

The responses are in fault_responses.py.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDPOINTS = (
    *("any", "list", "token", "athlete", "detail", "streams", "laps", "zones", "comments", "kudos"),
    *("gear", "stats", "athlete_zones", "clubs", "push_subscriptions", "event"),
)


class Fault(StrEnum):
    """A failure between a client and Strava."""

    missing_scope = "missing_scope"
    inactive_subscription = "inactive_subscription"
    revoked_token = "revoked_token"  # noqa: S105 - the name of a fault, not a secret
    invalid_access_token = "invalid_access_token"  # noqa: S105 - the same
    invalid_client_id = "invalid_client_id"
    invalid_client_secret = "invalid_client_secret"  # noqa: S105 - the same
    rate_limit_15min = "rate_limit_15min"
    rate_limit_daily = "rate_limit_daily"
    server_error = "server_error"
    bad_gateway = "bad_gateway"
    unavailable = "unavailable"
    timeout = "timeout"
    connection_reset = "connection_reset"
    html = "html"
    empty_body = "empty_body"
    truncated_body = "truncated_body"
    cut_json = "cut_json"
    error_object_with_200 = "error_object_with_200"
    json_not_a_list = "json_not_a_list"
    repeated_page = "repeated_page"
    clock_skew = "clock_skew"
    record_without_id = "record_without_id"
    string_for_number = "string_for_number"
    number_beyond_64_bits = "number_beyond_64_bits"
    event_lost = "event_lost"
    event_doubled = "event_doubled"
    event_late = "event_late"
    event_out_of_order = "event_out_of_order"
    event_forged = "event_forged"

    @property
    def natural_endpoint(self) -> str:
        """The endpoint that the fault affects by default."""
        return _NATURAL_ENDPOINT.get(self, "any")


_NATURAL_ENDPOINT = {
    Fault.revoked_token: "token",
    Fault.invalid_client_id: "token",
    Fault.invalid_client_secret: "token",
    Fault.missing_scope: "list",
    Fault.json_not_a_list: "list",
    Fault.repeated_page: "list",
    Fault.record_without_id: "list",
    Fault.string_for_number: "list",
    Fault.number_beyond_64_bits: "list",
    Fault.event_lost: "event",
    Fault.event_doubled: "event",
    Fault.event_late: "event",
    Fault.event_out_of_order: "event",
    Fault.event_forged: "event",
}


@dataclass
class PlannedFault:
    """One entry of the plan; `times` is None for a permanent fault."""

    fault: Fault
    on: str
    times: int | None
    after: int

    def matches(self, endpoint: str) -> bool:
        """Whether the fault affects a request to this endpoint; `any` leaves out events, which are sent."""
        return self.on == endpoint or (self.on == "any" and endpoint != "event")


class FaultPlan:
    """Which future requests fail, and how. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[PlannedFault] = []

    def add(
        self, fault: Fault | str, on: str | None = None, times: int | None = 1, after: int = 0
    ) -> PlannedFault:
        """Let the next matching requests fail.

        Args:
            fault: A `Fault` or its name.
            on: One of `ENDPOINTS`; by default the fault's own endpoint.
            times: How many requests fail, or None for all until `clear`.
            after: How many matching requests succeed first.

        Raises:
            StravaAssetsError: The fault or the endpoint is unknown, or a number is not one.
        """
        try:
            planned_fault = Fault(fault)
        except ValueError:
            raise _unknown("fault", str(fault), [str(name) for name in Fault]) from None
        endpoint = on or planned_fault.natural_endpoint
        if endpoint not in ENDPOINTS:
            raise _unknown("endpoint for a fault", endpoint, ENDPOINTS)
        if not _is_count(after) or not (times is None or _is_count(times)):
            raise StravaAssetsError(
                f"{times!r} times after {after!r} requests is not a plan.",
                means="No fault was added.",
                remedy="Use whole numbers that are not negative; no number of times means always.",
            )
        planned = PlannedFault(planned_fault, endpoint, times, after)
        with self._lock:
            self._planned.append(planned)
        return planned

    def clear(self) -> None:
        """Remove all planned faults."""
        with self._lock:
            self._planned.clear()

    def pending(self) -> list[PlannedFault]:
        """The faults that are still planned."""
        with self._lock:
            return list(self._planned)

    def take(self, endpoint: str) -> Fault | None:
        """The fault of the current request, if any."""
        with self._lock:
            matching = [planned for planned in self._planned if planned.matches(endpoint)]
            for planned in matching:
                if planned.after == 0:
                    return self._use(planned)
            for planned in matching:
                planned.after -= 1
            return None

    def _use(self, planned: PlannedFault) -> Fault:
        if planned.times is not None:
            planned.times -= 1
            if planned.times <= 0:
                self._planned.remove(planned)
        return planned.fault


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 0


def _unknown(kind: str, value: str, names: Sequence[str]) -> StravaAssetsError:
    return StravaAssetsError(
        f"{value!r} is not a known {kind}.",
        means="No fault was added.",
        remedy=f"Use one of: {', '.join(names)}.",
    )
