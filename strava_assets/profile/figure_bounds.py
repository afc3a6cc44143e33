"""Which figures an athlete may give, within which bounds, and what one dated entry of them is.

The bounds are those beyond which the marts take a figure for a mistake and leave its results null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.schema.rules import FIGURE_BOUNDS, SEXES

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
        ("run_threshold_heartrate_bpm", "174", "Below 1 it is probably a share of the maximum"),
        ("swim_threshold_heartrate_bpm", "162", "Below 1 it is probably a share of the maximum"),
        ("run_threshold_pace_s_per_km", "270", "Below 15 it is probably minutes: 4:30 is 270 seconds"),
        ("run_threshold_power_w", "280", "Below 10 it is probably watts per kilogram"),
        ("critical_power_w", "245", "Below 1 it is probably kilowatts, below 10 watts per kilogram"),
        ("w_prime_kj", "18", "Above 1,000 it is probably joules"),
    )
}
"""By the columns of `athlete_profile`, which carry the units in their names."""

CHOICES: Mapping[str, tuple[str, ...]] = {"sex": SEXES}
"""The figures that are a word, each with the possible ones."""

FIGURES = (*BOUNDS, *CHOICES)
"""The names of all figures."""


@dataclass(frozen=True)
class Entry:
    """What holds from one day on; a figure that is not named keeps its earlier value.

    Args:
        valid_from: the first day.
        figures: the new values, by the names of `FIGURES`.
        athlete_id: whose figures they are; None for the only athlete there is.
        where: where a person finds the entry, for messages.
    """

    valid_from: date
    figures: Mapping[str, float | str]
    athlete_id: str | None
    where: str
