"""The sections of the page, one file each, in the order they stand. A new one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.sections import (
    calendar,
    curve,
    eddington,
    efforts,
    gear,
    load,
    quality,
    quarterly,
    records,
    sports,
    threshold,
    weekly,
    years,
    zones,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.figures import Figures
    from strava_assets.report.numbers import Units
    from strava_assets.report.sections.parts import Section

_ORDER: tuple[Callable[[Figures, Units], Section | None], ...] = (
    weekly.build,
    quarterly.build,
    curve.build,
    efforts.build,
    threshold.build,
    zones.build,
    load.build,
    years.build,
    calendar.build,
    sports.build,
    gear.build,
    eddington.build,
    records.build,
    quality.build,
)


def build_sections(figures: Figures, units: Units) -> list[Section]:
    """Every section, in order; one that has nothing to say which another says already is left out."""
    return [section for build in _ORDER if (section := build(figures, units))]
