"""What the seconds of any recording say (`recording_zones`): time in zones, load, pace and efficiency.

Power of rides, which needs more, is in `ride_power`. The arithmetic belongs in the `power` package.
"""

from __future__ import annotations

from strava_assets.schema.columns import Column, ColumnType, Table
from strava_assets.schema.ride_power import COMPUTED, POWER_ZONES

TEXT, INTEGER, FLOAT, BOOLEAN = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.BOOLEAN

_RIDE_SHARES = ("below 81", "81 to 90", "90 to 94", "94 to 100", "100 to 103", "103 to 106", "106 and more")
_RUN_SHARES = ("below 85", "85 to 90", "90 to 95", "95 to 100", "100 to 103", "103 to 106", "106 and more")
_THREE = ("low", "moderate", "high")

RECORDING_ZONES = Table(
    name="recording_zones",
    description=(
        "What the seconds of each recording say, of every sport and with or without a power meter: time in "
        "three and in seven zones of power and of heart rate, load by heart rate and by pace, grade-adjusted "
        "speed, efficiency and decoupling. Only recordings that are new, or whose seconds or figures have "
        "changed, are computed again."
    ),
    grain="one activity with a recording",
    key=("athlete_id", "activity_id"),
    columns=(
        Column("athlete_id", TEXT, "The athlete", nullable=False),
        Column("activity_id", TEXT, "Strava's id of the activity", nullable=False),
        Column("source", TEXT, "Where the recording came from: api, archive or file", nullable=False),
        Column("family", TEXT, "The family of the sport, which decides the thresholds", nullable=False),
        Column("recorded_s", INTEGER, "Seconds recorded, pauses left out", unit="s", nullable=False),
        Column("power_s", INTEGER, "Seconds with a power reading", unit="s", nullable=False),
        Column("heartrate_s", INTEGER, "Seconds with a plausible heart rate", unit="s", nullable=False),
        Column("threshold_power_w", FLOAT, "Threshold power of the day: FTP, or that of runs", unit="W"),
        Column("threshold_heartrate_bpm", FLOAT, "Heart rate at threshold of the day, by sport", unit="bpm"),
        Column("threshold_speed_mps", FLOAT, "Speed of the day's threshold pace of runs", unit="m/s"),
        *(
            Column(f"power_zone_{zone}_s", INTEGER, f"Seconds at {share} % of threshold power", unit="s")
            for zone, share in enumerate(POWER_ZONES, 1)
        ),
        *(
            Column(f"power_{name}_s", INTEGER, f"Seconds of power in the {name} of three zones", unit="s")
            for name in _THREE
        ),
        *(
            Column(
                f"heartrate_zone_{zone}_of_7_s",
                INTEGER,
                f"Seconds at {ride} % of threshold heart rate; of a run, at {run} %",
                unit="s",
            )
            for zone, (ride, run) in enumerate(zip(_RIDE_SHARES, _RUN_SHARES, strict=True), 1)
        ),
        *(
            Column(
                f"heartrate_{name}_s",
                INTEGER,
                f"Seconds of heart rate in the {name} of three zones",
                unit="s",
            )
            for name in _THREE
        ),
        Column(
            "heart_rate_load",
            FLOAT,
            "Training impulse of the seconds over that of an hour at threshold heart rate, times 100; null "
            "if over a tenth of the seconds lacks a heart rate",
            unit="pts",
        ),
        Column(
            "normalized_power_w", FLOAT, "Normalized power of a ride or run with measured power", unit="W"
        ),
        Column(
            "run_power_load", FLOAT, "Load of a run by its power; an hour at threshold is 100", unit="pts"
        ),
        Column("grade_adjusted_speed_mps", FLOAT, "Mean speed of a run, as on flat ground", unit="m/s"),
        Column(
            "normalized_speed_mps",
            FLOAT,
            "Fourth-power mean of the 30 s mean of a run's grade-adjusted speed",
            unit="m/s",
        ),
        Column("pace_load", FLOAT, "Load of a run by its pace; an hour at threshold is 100", unit="pts"),
        Column("efficiency_basis", TEXT, "power (W per beat) or pace (m per beat); null if neither is known"),
        Column(
            "efficiency",
            FLOAT,
            "Normalized power over mean heart rate (W/bpm); of a run without power, grade-adjusted meters "
            "per heartbeat",
        ),
        Column(
            "decoupling_pct",
            FLOAT,
            "Loss of efficiency from the first half to the second, positive for a drift; of recordings of 20 "
            "minutes and more",
            unit="%",
        ),
        Column(
            "is_steady",
            BOOLEAN,
            "Whether normalized over mean is at most 1.10; efficiency and decoupling of others compare badly",
        ),
        *COMPUTED,
    ),
    cluster_by=("athlete_id",),
)
