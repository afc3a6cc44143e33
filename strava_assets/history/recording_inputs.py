"""What a recording's figures depend on besides its samples: its sport and the athlete's figures by date."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strava_assets.power import METHOD
from strava_assets.power.recording import Thresholds
from strava_assets.schema.rules import FIGURES_BY_DATE_SQL
from strava_assets.schema.sports import sport_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from strava_assets.streams import Key, StreamEntry
    from strava_assets.warehouse.engine import Warehouse

_ACTIVE = f"""
WITH figures AS (
{FIGURES_BY_DATE_SQL}
)
SELECT a.athlete_id, a.activity_id, a.sport_type, COALESCE(a.device_watts, TRUE) AS is_measured, f.ftp_w,
  f.weight_kg, f.max_heartrate_bpm, f.resting_heartrate_bpm, f.sex, f.threshold_heartrate_bpm,
  f.run_threshold_heartrate_bpm, f.swim_threshold_heartrate_bpm, f.run_threshold_pace_s_per_km,
  f.run_threshold_power_w
FROM bq_activities AS a
LEFT JOIN figures AS f
  ON f.athlete_id = a.athlete_id AND f.valid_from <= a.activity_date AND a.activity_date < f.valid_to
WHERE a.deleted_at IS NULL AND a.merged_into IS NULL
"""  # noqa: S608 - a constant of ours
_OTHER: Mapping[str, Any] = {"family": "other", "is_ebike": False, "counts_for_power": False}


@dataclass(frozen=True)
class RecordingInputs:
    """What one recording's figures depend on besides its samples.

    Args:
        family: the family of the sport.
        is_ride: of a sport that counts for power, with measured power if with any, without a motor.
        has_own_power: its watts, if any, were measured and are the athlete's alone.
        ftp_w: of the day; None where unknown.
        weight_kg: of the day; None where unknown.
        thresholds: of the day, for this sport.
    """

    family: str
    is_ride: bool
    has_own_power: bool
    ftp_w: float | None
    weight_kg: float | None
    thresholds: Thresholds

    @property
    def is_run(self) -> bool:
        """Whether it is a run, which has a load by pace."""
        return self.family == "run"

    def digest(self, entry: StreamEntry) -> str:
        """What the figures are made of; another digest requires them anew."""
        inputs = (METHOD, entry.version, entry.source, self)
        return hashlib.blake2b(repr(inputs).encode(), digest_size=16).hexdigest()


def inputs_by_activity(
    warehouse: Warehouse, among: Collection[Key], power_sports: Sequence[str] | None
) -> dict[Key, RecordingInputs]:
    """The inputs of those of these activities that are active.

    Args:
        warehouse: contains `bq_activities` and `athlete_profile`.
        among: the activities with a recording.
        power_sports: the sports whose measured watts count; every cycle without a motor by default.
    """
    sports = {str(rule["sport_type"]): rule for rule in sport_rules(power_sports)}
    return {
        key: _inputs(row, sports.get(row["sport_type"] or "", _OTHER))
        for batch in warehouse.query_batches(_ACTIVE)
        for row in batch.to_pylist()
        if (key := (row["athlete_id"], row["activity_id"])) in among
    }


def _inputs(row: Mapping[str, Any], sport: Mapping[str, Any]) -> RecordingInputs:
    has_own_power = row["is_measured"] and not sport["is_ebike"]
    counts_for_power = bool(sport["counts_for_power"])
    return RecordingInputs(
        family=sport["family"],
        is_ride=has_own_power and counts_for_power,
        has_own_power=has_own_power,
        ftp_w=row["ftp_w"],
        weight_kg=row["weight_kg"],
        thresholds=_thresholds(row, sport["family"], counts_for_power=counts_for_power),
    )


def _thresholds(row: Mapping[str, Any], family: str, *, counts_for_power: bool) -> Thresholds:
    """The figures of the day that hold for a family of sports."""
    is_run = family == "run"
    of_family = f"{family}_threshold_heartrate_bpm"
    pace_s_per_km = row["run_threshold_pace_s_per_km"] if is_run else None
    power = "ftp_w" if counts_for_power else "run_threshold_power_w" if is_run else None
    return Thresholds(
        power_w=row[power] if power else None,
        heartrate_bpm=row[of_family if of_family in row else "threshold_heartrate_bpm"],
        resting_heartrate_bpm=row["resting_heartrate_bpm"],
        max_heartrate_bpm=row["max_heartrate_bpm"],
        sex=row["sex"],
        speed_mps=1000 / pace_s_per_km if pace_s_per_km else None,
    )
