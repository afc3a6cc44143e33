"""The sections of the page, one file each, in their order. A new one is a file and a line here.

A section turns figures into a finding, charts, the rows they draw, and tables. What two sections share
belongs into `charts`, `number_format` or `section`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.sections import (
    best_efforts,
    data_quality,
    durability,
    eddington_number,
    gear_distance,
    last_ride,
    power_curve,
    quarter_comparison,
    record_table,
    ride_calendar,
    sport_hours,
    this_week,
    threshold_power,
    training_load,
    weekly_progress,
    year_race,
    zone_hours,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures
    from strava_assets.report.section import Section

_ORDER: tuple[Callable[[Figures, Units], Section | None], ...] = (
    this_week.build,
    last_ride.build,
    weekly_progress.build,
    power_curve.build,
    training_load.build,
    best_efforts.build,
    durability.build,
    threshold_power.build,
    zone_hours.build,
    sport_hours.build,
    quarter_comparison.build,
    year_race.build,
    ride_calendar.build,
    gear_distance.build,
    eddington_number.build,
    record_table.build,
    data_quality.build,
)


def build_sections(figures: Figures, units: Units) -> list[Section]:
    """Every section, in order; one is left out where another says already what is missing."""
    return [section for build in _ORDER if (section := build(figures, units))]
