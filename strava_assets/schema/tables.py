"""All stored tables by name: the registry's table of contents. A new table is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.schema.mart_inputs import (
    ATHLETE_GEAR,
    ATHLETE_OBSERVATIONS,
    ATHLETE_PROFILE,
    MART_SETTINGS,
    PLANNED_LOAD,
)
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RIDE_W_BALANCE
from strava_assets.schema.sports import SPORT_RULES
from strava_assets.schema.streams import ACTIVITY_STREAMS

if TYPE_CHECKING:
    from strava_assets.schema.columns import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACTIVITIES,
        SPORT_RULES,
        MART_SETTINGS,
        ATHLETE_PROFILE,
        ATHLETE_OBSERVATIONS,
        ATHLETE_GEAR,
        PLANNED_LOAD,
        ACTIVITY_STREAMS,
        RIDE_POWER,
        RIDE_BESTS,
        RIDE_BESTS_AFTER_WORK,
        RECORDING_ZONES,
        RIDE_W_BALANCE,
        REJECTED_RECORDS,
        LOADED_BATCHES,
    )
}

MADE_WITH: dict[str, str] = {
    ATHLETE_OBSERVATIONS.name: ATHLETE_PROFILE.name,
    REJECTED_RECORDS.name: ACTIVITIES.name,
    LOADED_BATCHES.name: ACTIVITIES.name,
}
"""Tables that no asset is named after, each with the asset that makes it."""
