"""When rides without measured power are a dead battery: on both sides of each limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from strava_assets.checks.activities import the_power_meter_still_reports

if TYPE_CHECKING:
    from strava_assets.data_checks import Finding, Subject


@dataclass
class FixedAnswer:
    """A subject whose query has this answer."""

    answer: dict[str, Any]

    def rows(self, *_query: Any, **_params: Any) -> list[dict[str, Any]]:
        return [self.answer]


def look(recent_share: float | None, usual_share: float | None, recent: int) -> Finding:
    answer = {"recent_share": recent_share, "usual_share": usual_share, "recent": recent}
    return the_power_meter_still_reports(None)(cast("Subject", FixedAnswer(answer)))


@pytest.mark.parametrize(
    ("recent_share", "usual_share", "recent", "passed"),
    [
        (0.6, 0.1, 5, True),  # half more than usual
        (0.61, 0.1, 5, False),
        (1.0, 0.1, 4, True),  # too few rides to say
        (1.0, 0.1, 5, False),
        (1.0, None, 9, True),  # nothing to compare with
        (None, 0.0, 0, True),
    ],
)
def test_a_share_that_jumped_is_a_finding(
    recent_share: float | None, usual_share: float | None, recent: int, *, passed: bool
) -> None:
    assert look(recent_share, usual_share, recent).passed is passed


def test_shares_are_measured_to_four_digits() -> None:
    finding = look(1 / 3, 1 / 7, 6)
    assert (finding.measured, finding.threshold) == (0.3333, 0.6429)
    assert finding.message == (
        "33% of the last four weeks' 6 rides are without measured power; in the year before it was 14%."
    )
