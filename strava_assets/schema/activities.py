"""`bq_activities` and the tables that keep its books: rejects and loaded batches.

A field of Strava's becomes a column by one line here; what has no line stays readable in `extra`.
"""

from __future__ import annotations

from strava_assets.schema.columns import Column, ColumnType, Table

TEXT, INTEGER, FLOAT, BOOLEAN = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.BOOLEAN
DATE, DATETIME, TIMESTAMP, JSON = ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIMESTAMP, ColumnType.JSON

_KEY = (
    Column("athlete_id", TEXT, "The athlete; text, as every id", source="athlete.id", nullable=False),
    Column(
        "activity_id",
        TEXT,
        "Strava's id of the activity, or file- and the digest of a recording that was imported alone",
        source="id",
        nullable=False,
    ),
)

_CALENDAR = (
    Column(
        "start_date",
        TIMESTAMP,
        "The instant the activity began, UTC",
        source="start_date",
        nullable=False,
    ),
    Column(
        "start_date_local",
        DATETIME,
        "The same moment on the athlete's own clock; Strava's false Z is dropped",
        source="start_date_local",
        nullable=False,
    ),
    Column("timezone", TEXT, "IANA name of the zone the activity began in", source="timezone"),
    Column("utc_offset_s", INTEGER, "Offset from UTC at the start", unit="s", source="utc_offset"),
    Column("activity_date", DATE, "The local calendar date of the start", nullable=False),
    Column(
        "week", DATE, "First day of the local calendar week (Monday unless set otherwise)", nullable=False
    ),
    Column("quarter", DATE, "First day of the local calendar quarter", nullable=False),
    Column("year", INTEGER, "The local calendar year", nullable=False),
)

_DESCRIPTION = (
    Column("name", TEXT, "The athlete's title of the activity", source="name"),
    Column(
        "sport_type",
        TEXT,
        "Strava's sport, e.g. Ride, VirtualRide, Run; values are open",
        source="sport_type",
    ),
    Column(
        "workout_type",
        INTEGER,
        "Strava's code: 10 ride, 11 race, 12 workout; 0 to 3 for runs",
        source="workout_type",
    ),
    Column("trainer", BOOLEAN, "Done indoors on a trainer", source="trainer"),
    Column("commute", BOOLEAN, "Marked as a commute", source="commute"),
    Column("manual", BOOLEAN, "Typed in by hand, without a recording", source="manual"),
    Column("private", BOOLEAN, "Visible to the athlete alone", source="private"),
    Column("visibility", TEXT, "everyone, followers_only or only_me", source="visibility"),
    Column("flagged", BOOLEAN, "Flagged by others as implausible", source="flagged"),
    Column("gear_id", TEXT, "The bike or the shoes, by Strava's id", source="gear_id"),
    Column(
        "gear_name",
        TEXT,
        "Its name, from the bulk export; Strava's list has the id alone, and athlete_gear the names",
        source="gear_name",
    ),
    Column("external_id", TEXT, "The recording's own name at its source", source="external_id"),
    Column("upload_id", TEXT, "Strava's id of the upload; null for manual activities", source="upload_id"),
)

_EFFORT = (
    Column("distance_m", FLOAT, "Distance", unit="m", source="distance"),
    Column("moving_time_s", INTEGER, "Time in motion", unit="s", source="moving_time"),
    Column(
        "elapsed_time_s", INTEGER, "Time from start to end, pauses included", unit="s", source="elapsed_time"
    ),
    Column("total_elevation_gain_m", FLOAT, "Climbing", unit="m", source="total_elevation_gain"),
    Column("elev_high_m", FLOAT, "Highest point", unit="m", source="elev_high"),
    Column("elev_low_m", FLOAT, "Lowest point", unit="m", source="elev_low"),
    Column("average_speed_m_per_s", FLOAT, "Distance over moving time", unit="m/s", source="average_speed"),
    Column("max_speed_m_per_s", FLOAT, "Highest speed", unit="m/s", source="max_speed"),
    Column(
        "device_watts",
        BOOLEAN,
        "True: a power meter measured; false: the watts are Strava's estimate; null: no watts",
        source="device_watts",
    ),
    Column(
        "average_watts",
        FLOAT,
        "Mean power over moving time, zeros included",
        unit="W",
        source="average_watts",
    ),
    Column(
        "weighted_average_watts",
        FLOAT,
        "Strava's weighted power, a figure of its own and not normalized power; of a file that was imported "
        "alone its normalized power; only with a meter",
        unit="W",
        source="weighted_average_watts",
    ),
    Column("max_watts", FLOAT, "Highest power; only with a meter", unit="W", source="max_watts"),
    Column("kilojoules", FLOAT, "Work: mean power times moving time", unit="kJ", source="kilojoules"),
    Column("average_heartrate_bpm", FLOAT, "Mean heart rate", unit="bpm", source="average_heartrate"),
    Column("max_heartrate_bpm", FLOAT, "Highest heart rate", unit="bpm", source="max_heartrate"),
    Column("average_cadence_rpm", FLOAT, "Mean cadence", unit="rpm", source="average_cadence"),
    Column("average_temp_c", FLOAT, "Mean temperature at the device", unit="°C", source="average_temp"),
    Column("suffer_score", FLOAT, "Strava's Relative Effort", unit="pts", source="suffer_score"),
    Column("kudos_count", INTEGER, "Kudos when last fetched", unit="count", source="kudos_count"),
    Column(
        "achievement_count",
        INTEGER,
        "Achievements when last fetched",
        unit="count",
        source="achievement_count",
    ),
    Column("pr_count", INTEGER, "Personal records on segments", unit="count", source="pr_count"),
)

_BOOKKEEPING = (
    Column("extra", JSON, "Everything else Strava sent, untouched, as JSON"),
    Column("source", TEXT, "Where the row came from: api, archive or file", nullable=False),
    Column("fetched_at", TIMESTAMP, "When Strava last confirmed this row, UTC", nullable=False),
    Column("batch_id", TEXT, "The landed batch that brought this version", nullable=False),
    Column(
        "content_hash",
        TEXT,
        "Digest of the record as received; changes when Strava's answer does",
        nullable=False,
    ),
    Column(
        "deleted_at",
        TIMESTAMP,
        "When the complete listing began that no longer had it, UTC; null while it exists",
    ),
    Column(
        "merged_into",
        TEXT,
        "Strava's activity that a file's row is the same as, decided at every load: more than half of the "
        "shorter one's time in motion overlaps; it does not count then",
    ),
)

ACTIVITIES = Table(
    name="bq_activities",
    description=(
        "Every activity Strava ever showed, the bulk export holds or a file recorded, typed and merged by "
        "id; the newest fetch wins and the API wins over the archive. Deleted activities stay, with "
        "deleted_at, and merged files with merged_into; the marts count the others."
    ),
    grain="one activity of one athlete",
    key=("athlete_id", "activity_id"),
    columns=(*_KEY, *_CALENDAR, *_DESCRIPTION, *_EFFORT, *_BOOKKEEPING),
    partition_by="activity_date",
    cluster_by=("athlete_id", "sport_type"),
)

REJECTED_RECORDS = Table(
    name="rejected_records",
    description="Records that could not be read as an activity, kept whole with the reason; nothing is lost.",
    grain="one unreadable record, by the digest of its content",
    key=("record_hash",),
    columns=(
        Column("record_hash", TEXT, "Digest of the record as received", nullable=False),
        Column("activity_id", TEXT, "The id, where the record had a usable one"),
        Column("reason", TEXT, "Which field was wrong, and how", nullable=False),
        Column("record", TEXT, "The record as received", nullable=False),
        Column("source", TEXT, "api, archive or file", nullable=False),
        Column("batch_id", TEXT, "The landed batch that last brought it", nullable=False),
        Column("fetched_at", TIMESTAMP, "When it last came, UTC", nullable=False),
    ),
)

LOADED_BATCHES = Table(
    name="loaded_batches",
    description="The ledger of the loading: which landed batches bq_activities already holds.",
    grain="one landed batch",
    key=("batch_id",),
    columns=(
        Column("batch_id", TEXT, "The batch's name in the landing; sorts by time", nullable=False),
        Column("kind", TEXT, "incremental, full, window, archive, file or compacted", nullable=False),
        Column(
            "athlete_id",
            TEXT,
            "Whose activities it has; null if it has none, and in rows of earlier versions",
        ),
        Column("loaded_at", TIMESTAMP, "When it was merged, UTC", nullable=False),
        Column("records", INTEGER, "Records it brought", unit="count", nullable=False),
        Column(
            "inserted",
            INTEGER,
            "New activities of which it had the latest version",
            unit="count",
            nullable=False,
        ),
        Column(
            "updated",
            INTEGER,
            "Changed activities of which it had the latest version",
            unit="count",
            nullable=False,
        ),
        Column("deleted", INTEGER, "Activities concluded to be deleted", unit="count", nullable=False),
        Column("rejected", INTEGER, "Records set aside", unit="count", nullable=False),
        Column("reader", TEXT, "Digest of the registry that read it; another one calls for a rebuild"),
    ),
)
