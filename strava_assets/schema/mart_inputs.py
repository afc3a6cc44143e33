"""What the marts read beside the activities: the settings of a refresh and the athlete's own dated figures.

Both are small and written anew at every refresh; what Strava's profile said is kept, since it tells only
today's values and today's gear. How figures are read from a person's file is not here.
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
        Column(
            "threshold_heartrate_bpm",
            ColumnType.FLOAT,
            "Heart rate at lactate threshold: of rides, and of every sport without its own",
            unit="bpm",
        ),
        Column("resting_heartrate_bpm", ColumnType.FLOAT, "Heart rate at rest", unit="bpm"),
        Column("sex", ColumnType.TEXT, "female or male: which constant of the heart-rate load is used"),
        Column(
            "run_threshold_heartrate_bpm",
            ColumnType.FLOAT,
            "Heart rate at lactate threshold of runs",
            unit="bpm",
        ),
        Column(
            "swim_threshold_heartrate_bpm",
            ColumnType.FLOAT,
            "Heart rate at lactate threshold of swims",
            unit="bpm",
        ),
        Column(
            "run_threshold_pace_s_per_km",
            ColumnType.FLOAT,
            "Pace on flat ground that the athlete can run for an hour",
            unit="s/km",
        ),
        Column("run_threshold_power_w", ColumnType.FLOAT, "Threshold power of runs", unit="W"),
        Column("critical_power_w", ColumnType.FLOAT, "Critical power of rides, from a test", unit="W"),
        Column(
            "w_prime_kj",
            ColumnType.FLOAT,
            "W' of the same test: the work that can be done above critical power",
            unit="kJ",
        ),
    ),
)

PLANNED_LOAD = Table(
    name="planned_load",
    description="The load the athlete plans for a day, from a file of their own. Empty without one.",
    grain="one athlete on one day",
    key=("athlete_id", "day"),
    columns=(
        Column("athlete_id", ColumnType.TEXT, "The athlete", nullable=False),
        Column("day", ColumnType.DATE, "The planned day, in the athlete's local time", nullable=False),
        Column(
            "planned_load",
            ColumnType.FLOAT,
            "Load planned for the day; an hour at threshold is 100",
            unit="pts",
            nullable=False,
        ),
        Column("goal", ColumnType.TEXT, "The event the day is planned for; null on other days"),
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

ATHLETE_GEAR = Table(
    name="athlete_gear",
    description=(
        "The bikes and shoes of the athlete's Strava profile, as it named them last. Gear that was deleted "
        "there keeps its row."
    ),
    grain="one piece of gear of one athlete",
    key=("athlete_id", "gear_id"),
    columns=(
        Column("athlete_id", ColumnType.TEXT, "The athlete", nullable=False),
        Column("gear_id", ColumnType.TEXT, "The bike or the shoes, by Strava's id", nullable=False),
        Column("name", ColumnType.TEXT, "The athlete's name for it", nullable=False),
        Column("is_retired", ColumnType.BOOLEAN, "Whether the athlete has retired it"),
        Column(
            "distance_m",
            ColumnType.FLOAT,
            "Its distance as Strava counts it, with what the athlete added by hand",
            unit="m",
        ),
        Column("observed_on", ColumnType.DATE, "The day the profile was read", nullable=False),
    ),
)
