"""What the seconds of a ride say: a row a ride (`ride_power`) and its best power by duration (`ride_bests`).

The arithmetic stands in the power room, what may enter a period's figures in the marts.
"""

from __future__ import annotations

from strava_assets.schema.columns import Column, ColumnType, Table

TEXT, INTEGER, FLOAT = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.FLOAT

BEST_EFFORTS_S = (5, 60, 300, 1200, 3600)
"""The durations whose bests stand in a ride's own row, seconds."""

_KEY = (
    Column("athlete_id", TEXT, "The athlete", nullable=False),
    Column("activity_id", TEXT, "Strava's id of the ride", nullable=False),
)

_POWER_ZONES = ("below 55", "55 to 75", "75 to 90", "90 to 105", "105 to 120", "120 to 150", "150 and more")
_HEARTRATE_ZONES = ("below 68", "68 to 83", "83 to 94", "94 to 105", "105 and more")

RIDE_POWER = Table(
    name="ride_power",
    description=(
        "Power of each ride from its own seconds, measured power only. What cannot be told honestly is null, "
        "and quality says why. Only rides that are new, or whose seconds or figures have changed, are "
        "computed again."
    ),
    grain="one ride with a power stream",
    key=("athlete_id", "activity_id"),
    columns=(
        *_KEY,
        Column("source", TEXT, "Where the streams came from: api, archive or file", nullable=False),
        Column(
            "quality",
            TEXT,
            "good; or why figures are missing: short (under 30 s), irregular (not recorded every second), "
            "gappy (over 10 % of the seconds without power), no_power (nothing but zeros)",
            nullable=False,
        ),
        Column("recorded_s", INTEGER, "Seconds recorded, pauses left out", unit="s", nullable=False),
        Column("paused_s", INTEGER, "Seconds in which recording was paused", unit="s", nullable=False),
        Column("pauses", INTEGER, "Pauses in the recording", unit="count", nullable=False),
        Column(
            "power_missing_s",
            INTEGER,
            "Recorded seconds without power, beyond silences of ten seconds; they count as zero",
            unit="s",
            nullable=False,
        ),
        Column("spikes", INTEGER, "Samples rejected as a meter's fault", unit="count", nullable=False),
        Column("average_watts", FLOAT, "Mean power of the recorded seconds, zeros included", unit="W"),
        Column("work_j", INTEGER, "Work of the recorded seconds", unit="J"),
        Column("max_watts", FLOAT, "Highest power of one second, spikes rejected", unit="W"),
        Column("normalized_power_w", FLOAT, "Normalized power: fourth-power mean of the 30 s mean", unit="W"),
        Column("xpower_w", FLOAT, "xPower: fourth-power mean of the 25 s exponential mean", unit="W"),
        Column("variability_index", FLOAT, "Normalized over average power; 1 is perfectly even"),
        Column("ftp_w", FLOAT, "Functional threshold power of the day, where known", unit="W"),
        Column("intensity_factor", FLOAT, "Normalized power over FTP"),
        Column("tss", FLOAT, "Training stress score; an hour at FTP is 100", unit="pts"),
        Column("coasting_share", FLOAT, "Share of the power readings that are zero", unit="0-1"),
        Column(
            "decoupling_pct",
            FLOAT,
            "How far heart rate drifted from power between the halves, positive for a drift; only of steady "
            "rides of an hour",
            unit="%",
        ),
        *(
            Column(
                f"best_{seconds}s_w", FLOAT, f"Highest mean power over {seconds} s, pauses as zeros", unit="W"
            )
            for seconds in BEST_EFFORTS_S
        ),
        *(
            Column(f"power_zone_{zone}_s", INTEGER, f"Seconds at {share} % of FTP", unit="s")
            for zone, share in enumerate(_POWER_ZONES, 1)
        ),
        *(
            Column(
                f"heartrate_zone_{zone}_s",
                INTEGER,
                f"Seconds at {share} % of the threshold heart rate",
                unit="s",
            )
            for zone, share in enumerate(_HEARTRATE_ZONES, 1)
        ),
        Column(
            "inputs_digest",
            TEXT,
            "Digest of the seconds, the figures and the method it was computed from",
            nullable=False,
        ),
        Column("computed_at", ColumnType.TIMESTAMP, "When it was computed, UTC", nullable=False),
    ),
    cluster_by=("athlete_id",),
)

RIDE_BESTS = Table(
    name="ride_bests",
    description=(
        "Each ride's highest mean power by duration, over elapsed time with pauses as zeros: over any period "
        "the power curve is the maximum of these rows."
    ),
    grain="one duration of one ride with a power stream",
    key=("athlete_id", "activity_id", "duration_s"),
    columns=(
        *_KEY,
        Column("duration_s", INTEGER, "How long", unit="s", nullable=False),
        Column("energy_j", INTEGER, "Work of the best stretch of that length", unit="J", nullable=False),
        Column("watts", FLOAT, "Its mean power: energy over duration", unit="W", nullable=False),
        Column(
            "begins_at_s",
            INTEGER,
            "Where it begins: elapsed seconds from the start",
            unit="s",
            nullable=False,
        ),
    ),
    cluster_by=("athlete_id", "duration_s"),
)
