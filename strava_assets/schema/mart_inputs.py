"""What the marts read beside the activities: the settings of a refresh and the athlete's own dated figures.

Both are small and written anew at every refresh; what Strava's profile said is kept, since it tells only
today's values. How figures are read from a person's file is not here.
"""

from __future__ import annotations

from strava_assets.schema.columns import Column, ColumnType, Table

MART_SETTINGS = Table(
    name="mart_settings",
    description=(
        "What a refresh of the marts was asked for. One row, so that no mart asks a clock or the environment."
    ),
    grain="the one row",
    key=("as_of",),
    columns=(
        Column(
            "as_of",
            ColumnType.DATE,
            "The athlete's today; periods that contain it are unfinished",
            nullable=False,
        ),
        Column(
            "week_start", ColumnType.TEXT, "monday or sunday; the activities' week follows it", nullable=False
        ),
        Column("count_commutes", ColumnType.BOOLEAN, "Commutes count in the figures", nullable=False),
        Column(
            "count_virtual", ColumnType.BOOLEAN, "Virtual activities count in the figures", nullable=False
        ),
    ),
)

ATHLETE_PROFILE = Table(
    name="athlete_profile",
    description=(
        "The athlete's own figures, each valid from a day on: the past keeps the ones it was ridden with. "
        "Empty where none are known: what needs them is then null."
    ),
    grain="one athlete from one day on",
    key=("athlete_id", "valid_from"),
    columns=(
        Column("athlete_id", ColumnType.TEXT, "The athlete", nullable=False),
        Column("valid_from", ColumnType.DATE, "First day the figures hold", nullable=False),
        Column("valid_to", ColumnType.DATE, "First day they hold no longer; null while they do"),
        Column("ftp_w", ColumnType.FLOAT, "Functional threshold power", unit="W"),
        Column("weight_kg", ColumnType.FLOAT, "Body weight", unit="kg"),
        Column("max_heartrate_bpm", ColumnType.FLOAT, "Highest heart rate the athlete reaches", unit="bpm"),
        Column("threshold_heartrate_bpm", ColumnType.FLOAT, "Heart rate at lactate threshold", unit="bpm"),
        Column("resting_heartrate_bpm", ColumnType.FLOAT, "Heart rate at rest", unit="bpm"),
    ),
)

ATHLETE_OBSERVATIONS = Table(
    name="athlete_observations",
    description=(
        "What the athlete's Strava profile said on the days it was read. Strava tells only today's values, "
        "so they are kept as seen; they fill what the athlete's own file leaves out."
    ),
    grain="one athlete on one day",
    key=("athlete_id", "observed_on"),
    columns=(
        Column("athlete_id", ColumnType.TEXT, "The athlete", source="id", nullable=False),
        Column("observed_on", ColumnType.DATE, "The day the profile was read", nullable=False),
        Column("ftp_w", ColumnType.FLOAT, "Functional threshold power", unit="W", source="ftp"),
        Column("weight_kg", ColumnType.FLOAT, "Body weight", unit="kg", source="weight"),
    ),
)
