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

COMPUTED = (
    Column(
        "inputs_digest",
        TEXT,
        "Digest of the seconds, the figures and the method it was computed from",
        nullable=False,
    ),
    Column("computed_at", ColumnType.TIMESTAMP, "When it was computed, UTC", nullable=False),
)
"""What a table of results says of its computation."""

_BEST = (
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
)

POWER_ZONES = ("below 55", "55 to 75", "75 to 90", "90 to 105", "105 to 120", "120 to 150", "150 and more")
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
            "gappy (10 % of the seconds or more without a reading of its own), no_power (only zeros)",
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
        Column(
            "power_filled_s",
            INTEGER,
            "Recorded seconds whose power was filled over a short dropout or a lost sample",
            unit="s",
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
            for zone, share in enumerate(POWER_ZONES, 1)
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
        *COMPUTED,
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
        *_BEST,
    ),
    cluster_by=("athlete_id", "duration_s"),
)

RIDE_BESTS_AFTER_WORK = Table(
    name="ride_bests_after_work",
    description=(
        "Durability: each ride's highest mean power by duration among the efforts that begin after a given "
        "amount of work, over elapsed time with pauses as zeros. The bests after no work are in ride_bests."
    ),
    grain="one duration after one level of work of one ride with a power stream",
    key=("athlete_id", "activity_id", "work_basis", "after_work", "duration_s"),
    columns=(
        *_KEY,
        Column("work_basis", TEXT, "What after_work counts: kj, or kj_per_kg of body weight", nullable=False),
        Column(
            "after_work",
            INTEGER,
            "Work done before the effort begins: 1,000, 2,000, 3,000 kJ or 10, 20, 30, 40 kJ/kg",
            unit="kJ",
            nullable=False,
        ),
        *_BEST,
    ),
    cluster_by=("athlete_id", "duration_s"),
)

RIDE_W_BALANCE = Table(
    name="ride_w_balance",
    description=(
        "W' balance of each ride: how much of the work above critical power was left, second by second, by "
        "the differential form. Critical power and W' of the day are the athlete's own where both are given, "
        "else those of the newest good fit before the ride; without either, or without good power, all "
        "figures are null. Made after power_profile_progress, whose fits it uses and which does not read it."
    ),
    grain="one ride with a power stream",
    key=("athlete_id", "activity_id"),
    columns=(
        *_KEY,
        Column("critical_power_w", FLOAT, "Critical power of the day", unit="W"),
        Column("w_prime_kj", FLOAT, "W' of the day", unit="kJ"),
        Column("figures_source", TEXT, "athlete: from their own file; fit: from power_profile_progress"),
        Column(
            "fit_week", ColumnType.DATE, "The week whose fit was used; null for the athlete's own figures"
        ),
        Column("fit_age_days", INTEGER, "Days from the last day of that week to the ride", unit="days"),
        Column(
            "lowest_balance_kj", FLOAT, "Lowest W' balance; below zero the figures are too low", unit="kJ"
        ),
        Column("lowest_balance_share", FLOAT, "The same as a share of W'; 0 is empty"),
        Column("below_quarter_s", INTEGER, "Recorded seconds with a balance below 25 % of W'", unit="s"),
        Column(
            "matches",
            INTEGER,
            "Matches burned: stretches with the 30 s mean above critical power and 2 kJ or more above it",
            unit="count",
        ),
        Column("work_above_kj", FLOAT, "Work above critical power", unit="kJ"),
        *COMPUTED,
    ),
    cluster_by=("athlete_id",),
)
