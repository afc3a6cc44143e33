"""How training, illness and rest move an athlete's abilities over the years.

Each week pulls the athlete's form toward the level of its phase. A day depends only on the weeks before
it, so tomorrow never changes the past. Which week has which phase is in season.py.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.sandbox.abilities import Abilities
from strava_assets.sandbox.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable


class Pull(NamedTuple):
    """The level that a phase leads to, and the weeks in which two thirds of the way are made."""

    level: float
    weeks: float


_PULLS = {
    Phase.base: Pull(0.98, 7),
    Phase.build: Pull(1.04, 7),
    Phase.peak: Pull(1.06, 6),
    Phase.camp: Pull(1.10, 5),
    Phase.transition: Pull(0.90, 8),
    Phase.ill: Pull(0.75, 4.5),
    Phase.injured: Pull(0.68, 8),
    Phase.comeback: Pull(0.96, 6),
}
_PLATEAU_YEARS = 2.2


@dataclass(frozen=True, kw_only=True)
class Talent:
    """What stays the same in an athlete.

    Attributes:
        first_cp_w: Critical power at the start.
        gain_w: What some years of training add to it.
        w_prime_j: See `Abilities`.
        sprint_w: See `Abilities`.
        weight_kg: Body weight in average form.
    """

    first_cp_w: float = 209.0
    gain_w: float = 42.0
    w_prime_j: float = 16_000.0
    sprint_w: float = 860.0
    weight_kg: float = 64.5
    max_heartrate_bpm: int = 188
    threshold_heartrate_bpm: int = 169
    resting_heartrate_bpm: int = 47
    tiring: float = 0.045

    def on(self, years: float, form: float) -> Abilities:
        """The abilities after some years, in a form that `forms` gave."""
        trained = self.first_cp_w + self.gain_w * (1 - math.exp(-years / _PLATEAU_YEARS))
        return Abilities(
            cp_w=trained * form,
            w_prime_j=self.w_prime_j * (0.75 + 0.25 * form),
            sprint_w=self.sprint_w * (0.7 + 0.3 * form),
            weight_kg=round(self.weight_kg + 16 * (1 - form), 1),
            max_heartrate_bpm=self.max_heartrate_bpm,
            threshold_heartrate_bpm=self.threshold_heartrate_bpm,
            resting_heartrate_bpm=self.resting_heartrate_bpm,
            tiring=self.tiring,
        )


def talent(seed: int) -> Talent:
    """The talent of an athlete: number 1 is the sample athlete of the documentation, others are drawn."""
    if seed == 1:
        return Talent()
    rng = random.Random(f"talent:{seed}")  # noqa: S311 - sample data
    weight_kg = round(min(96.0, max(48.0, rng.gauss(70, 9))), 1)
    cp_per_kg = min(4.8, max(2.0, rng.gauss(3.2, 0.5)))
    max_heartrate_bpm = round(rng.gauss(185, 8))
    return Talent(
        first_cp_w=weight_kg * cp_per_kg,
        gain_w=weight_kg * rng.uniform(0.2, 0.7),
        w_prime_j=weight_kg * rng.uniform(190, 310),
        sprint_w=weight_kg * rng.uniform(11.5, 17.5),
        weight_kg=weight_kg,
        max_heartrate_bpm=max_heartrate_bpm,
        threshold_heartrate_bpm=round(max_heartrate_bpm * rng.uniform(0.88, 0.92)),
        resting_heartrate_bpm=round(rng.gauss(51, 5)),
        tiring=rng.uniform(0.03, 0.075),
    )


def forms(phases: Iterable[Phase]) -> list[float]:
    """The form at the start of each week and after the last one; 1 is average. Easy weeks keep it."""
    form = 0.97
    by_week = [form]
    for phase in phases:
        if phase in _PULLS:
            level, weeks = _PULLS[phase]
            form += (level - form) * -math.expm1(-1 / weeks)
        by_week.append(form)
    return by_week
