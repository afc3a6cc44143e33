"""The seconds of an activity: the columns of the Parquet files, and the table that keeps their books.

How the files are written and found is the streams room's matter.
"""

from __future__ import annotations

from strava_assets.schema.columns import Column, ColumnType, Table

TEXT, INTEGER, FLOAT, BOOLEAN = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.BOOLEAN

STREAM_SAMPLES = Table(
    name="stream_samples",
    description=(
        "One activity's recording, sample by sample, as the device or Strava gave it. It lives in Parquet "
        "files and not in the warehouse: one row group an activity, one folder an athlete and year."
    ),
    grain="one sample of one activity",
    key=("athlete_id", "activity_id", "t_s"),
    columns=(
        Column("athlete_id", TEXT, "The athlete", nullable=False),
        Column("activity_id", TEXT, "Strava's id of the activity", nullable=False),
        Column(
            "t_s",
            INTEGER,
            "Seconds since the start, pauses included; strictly increasing, with holes for pauses",
            unit="s",
            source="time",
            nullable=False,
        ),
        Column("watts", FLOAT, "Power; null where the meter said nothing", unit="W", source="watts"),
        Column("heartrate_bpm", FLOAT, "Heart rate", unit="bpm", source="heartrate"),
        Column("cadence_rpm", FLOAT, "Cadence", unit="rpm", source="cadence"),
        Column("distance_m", FLOAT, "Distance since the start", unit="m", source="distance"),
        Column("altitude_m", FLOAT, "Altitude", unit="m", source="altitude"),
        Column("velocity_m_per_s", FLOAT, "Speed", unit="m/s", source="velocity_smooth"),
        Column("grade_pct", FLOAT, "Gradient of the road", unit="%", source="grade_smooth"),
        Column("temp_c", FLOAT, "Temperature at the device", unit="°C", source="temp"),
        Column("moving", BOOLEAN, "Whether Strava takes the athlete to be moving", source="moving"),
        Column("latitude_deg", FLOAT, "Where, degrees north", unit="°", source="latlng.0"),
        Column("longitude_deg", FLOAT, "Where, degrees east", unit="°", source="latlng.1"),
    ),
)

ACTIVITY_STREAMS = Table(
    name="activity_streams",
    description=(
        "What is known of each activity's streams: kept in a Parquet file, known to have none, or set "
        "aside as unreadable. Made anew from the files themselves, so it can be lost without loss."
    ),
    grain="one activity whose streams were asked for or imported",
    key=("athlete_id", "activity_id"),
    columns=(
        Column("athlete_id", TEXT, "The athlete", nullable=False),
        Column("activity_id", TEXT, "Strava's id of the activity", nullable=False),
        Column(
            "status",
            TEXT,
            "stored: the file holds them; none: there are none; unreadable: the recording was set aside",
            nullable=False,
        ),
        Column("source", TEXT, "Where they came from: api, archive or file", nullable=False),
        Column(
            "fetched_at",
            ColumnType.TIMESTAMP,
            "When Strava gave them, the export was made or the file was imported, UTC",
            nullable=False,
        ),
        Column(
            "fingerprint",
            TEXT,
            "Digest of the summary's times, distance and watts when they were fetched; another one calls for "
            "them again",
            nullable=False,
        ),
        Column("version", TEXT, "Digest of the samples themselves; empty without any", nullable=False),
        Column("samples", INTEGER, "How many samples", unit="count", nullable=False),
        Column("has_watts", BOOLEAN, "Whether any sample carries power", nullable=False),
        Column("has_heartrate", BOOLEAN, "Whether any sample carries a heart rate", nullable=False),
        Column("watts_samples", INTEGER, "Samples with power", unit="count"),
        Column("heartrate_samples", INTEGER, "Samples with a heart rate", unit="count"),
        Column("cadence_samples", INTEGER, "Samples with a cadence", unit="count"),
        Column("elapsed_s", INTEGER, "Time of the last sample since the start", unit="s"),
        Column("distance_m", FLOAT, "Greatest distance of a sample", unit="m"),
        Column("part", TEXT, "The Parquet file, below the streams' address; null without samples"),
        Column("origin", TEXT, "The recording's file in the bulk export or import; null from the API"),
        Column(
            "reason", TEXT, "Why there are none, or why the recording could not be read; null where it could"
        ),
        Column(
            "notes",
            TEXT,
            "What was repaired or dropped when the recording was read: outliers in time, a file cut short "
            "and others; null without any",
        ),
    ),
    cluster_by=("athlete_id",),
)
