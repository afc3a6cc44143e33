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

_OF_MARTS = {
    "weekly_watts": weekly,
    "quarterly_overview": quarterly,
    "daily_load": load,
    "year_on_year": years,
    "sport_overview": sports,
    "gear_use": gear,
    "eddington": eddington,
    "personal_records": records,
}
_ORDER = (weekly, quarterly, load, years, calendar, sports, gear, eddington, records, quality)


def build_sections(figures: Figures, units: Units) -> list[Section]:
    """Every section, in order."""
    return [section.build(figures, units) for section in _ORDER]


def build_section(mart: str, figures: Figures, units: Units) -> Section | None:
    """The section of one mart; None where the mart has none."""
    return _OF_MARTS[mart].build(figures, units) if mart in _OF_MARTS else None
