"""Which figures an athlete may give, within which bounds, and what one dated entry of them is.

The bounds are those beyond which the marts take a figure for a mistake and leave its results null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.schema.rules import FIGURE_BOUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class Bounds(NamedTuple):
    """The lowest and highest possible value of a figure, an example, and what a mistaken one may be."""

    low: float
    high: float
    example: str
    mistake: str


BOUNDS: Mapping[str, Bounds] = {
    name: Bounds(*FIGURE_BOUNDS[name], example, mistake)
    for name, example, mistake in (
        ("ftp_w", "250", "Below 1 it is probably kilowatts, below 10 watts per kilogram"),
        ("weight_kg", "71.5", "Above 300 it is probably grams, or pounds (one is 0.4536 kg)"),
        ("max_heartrate_bpm", "188", "Below 5 it is probably beats per second"),
        ("threshold_heartrate_bpm", "170", "Below 1 it is probably a share of the maximum"),
        ("resting_heartrate_bpm", "48", "Below 1 it is probably a share of the maximum"),
    )
}
"""By the columns of `athlete_profile`, which carry the units in their names."""


@dataclass(frozen=True)
class Entry:
    """What holds from one day on; a figure that is not named keeps its earlier value.

    Args:
        valid_from: the first day.
        figures: the new values, by the names of `BOUNDS`.
        athlete_id: whose figures they are; None for the only athlete there is.
        where: where a person finds the entry, for messages.
    """

    valid_from: date
    figures: Mapping[str, float]
    athlete_id: str | None
    where: str
