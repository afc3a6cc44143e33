"""The sections of the page, one file each, in the order they stand. A new one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.sections import (
    calendar,
    eddington,
    gear,
    load,
    quality,
    quarterly,
    records,
    sports,
    weekly,
    years,
)

if TYPE_CHECKING:
    from strava_assets.report.figures import Figures
    from strava_assets.report.numbers import Units
    from strava_assets.report.sections.parts import Section

_SECTIONS = (weekly, quarterly, load, years, calendar, sports, gear, eddington, records, quality)


def build_sections(figures: Figures, units: Units) -> list[Section]:
    """Every section, in order."""
    return [section.build(figures, units) for section in _SECTIONS]
