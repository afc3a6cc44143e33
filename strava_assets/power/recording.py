"""The figures of a recording of any sport, the columns of `recording_zones`: zones, loads, efficiency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from strava_assets.power.decoupling import LEAST_HEARTRATE_SHARE, MOST_VARIABLE, decoupling_pct
from strava_assets.power.heart_rate_load import Sex, heart_rate_load
from strava_assets.power.normalized import normalized_power_w
from strava_assets.power.quality import quality_of
from strava_assets.power.training_load import training_stress_score
from strava_assets.power.zones import (
    POWER_ZONES_PCT,
    SEVEN_HEARTRATE_ZONES_OF_RUNS_PCT,
    SEVEN_HEARTRATE_ZONES_PCT,
    Zones,
    zone_seconds,
)
from strava_assets.schema.rules import LONG_EFFORT_S

if TYPE_CHECKING:
    from strava_assets.power.measure import RidePower
    from strava_assets.power.running import FlatGroundSpeed
    from strava_assets.power.seconds import Floats, Integers, Seconds

Basis = Literal["power", "pace"]


@dataclass(frozen=True)
class Thresholds:
    """The athlete's figures of the day for one family of sports; each None where unknown.

    Args:
        power_w: FTP of a ride, threshold power of a run.
        heartrate_bpm: heart rate at threshold.
        resting_heartrate_bpm: heart rate at rest.
        max_heartrate_bpm: highest heart rate.
        sex: for the load by heart rate.
        speed_mps: speed of a run's threshold pace.
    """

    power_w: float | None = None
    heartrate_bpm: float | None = None
    resting_heartrate_bpm: float | None = None
    max_heartrate_bpm: float | None = None
    sex: Sex | None = None
    speed_mps: float | None = None


@dataclass(frozen=True)
class Efficiency:
    """Effort per heartbeat. The fields are columns of `recording_zones`.

    Args:
        efficiency_basis: what the effort is measured by.
        efficiency: normalized power over mean heart rate, W/bpm; by pace, normalized meters per heartbeat.
        decoupling_pct: its loss from the first half to the second.
        is_steady: whether normalized over mean effort is small enough to compare the two.
    """

    efficiency_basis: Basis | None = None
    efficiency: float | None = None
    decoupling_pct: float | None = None
    is_steady: bool | None = None


@dataclass(frozen=True)
class RecordingFigures:
    """The figures of a recording. Other fields than these are columns of `recording_zones` of the same name.

    Args:
        power_zones_s: seconds in each of seven zones of power; None without power or its threshold.
        heartrate_zones_s: seconds in each of seven zones of heart rate; None without it or its threshold.
        efficiency: effort per heartbeat.
    """

    recorded_s: int
    power_s: int
    heartrate_s: int
    power_zones_s: Zones | None
    heartrate_zones_s: Zones | None
    heart_rate_load: float | None
    normalized_power_w: float | None
    run_power_load: float | None
    grade_adjusted_speed_mps: float | None
    normalized_speed_mps: float | None
    pace_load: float | None
    efficiency: Efficiency


def measure_recording(
    seconds: Seconds,
    thresholds: Thresholds,
    *,
    ride: RidePower | None = None,
    is_run: bool = False,
    speed: FlatGroundSpeed | None = None,
) -> RecordingFigures:
    """Compute the figures of one recording.

    Args:
        seconds: the recording; without power where it was not measured or a motor helped.
        thresholds: the athlete's figures of the day for this sport.
        ride: the same recording's metrics as a ride with power, which are taken over; None for all others.
        is_run: whether it is a run, which has zones of heart rate and a load of its own.
        speed: grade-adjusted speed of a run; None where unknown.
    """
    if ride:
        power_w = ride.normalized_power_w
    else:
        power_w = normalized_power_w(seconds.watts) if quality_of(seconds) == "good" else None
    normalized_mps = None if speed is None else normalized_power_w(speed.running_mps)
    running_s = 0 if speed is None else len(speed.running_mps)
    return RecordingFigures(
        recorded_s=seconds.recorded_s,
        power_s=int(np.count_nonzero(seconds.power_known)),
        heartrate_s=len(_beats(seconds)),
        power_zones_s=ride.power_zones_s if ride else _power_zones(seconds, thresholds.power_w),
        heartrate_zones_s=_heartrate_zones(seconds, thresholds.heartrate_bpm, is_run=is_run),
        heart_rate_load=_heart_rate_load(seconds, thresholds),
        normalized_power_w=power_w,
        run_power_load=_load(power_w, thresholds.power_w, seconds.recorded_s) if is_run else None,
        grade_adjusted_speed_mps=None if speed is None else float(speed.running_mps.mean()),
        normalized_speed_mps=normalized_mps,
        pace_load=_load(normalized_mps, thresholds.speed_mps, running_s),
        efficiency=_efficiency(seconds, ride, power_w, speed),
    )


def _load(normalized: float | None, threshold: float | None, duration_s: int) -> float | None:
    """Load by the form of the training stress score, of power or of speed."""
    if normalized is None or not threshold:
        return None
    return training_stress_score(normalized, threshold, duration_s)


def _beats(seconds: Seconds) -> Floats:
    """The known heart rates."""
    beats = seconds.heartrate_bpm
    return np.empty(0) if beats is None else beats[~np.isnan(beats)]


def _power_zones(seconds: Seconds, threshold_w: float | None) -> Zones | None:
    if not threshold_w or quality_of(seconds) in ("gappy", "no_power"):
        return None
    return zone_seconds(seconds.watts[seconds.power_known], threshold_w, POWER_ZONES_PCT)


def _heartrate_zones(seconds: Seconds, threshold_bpm: float | None, *, is_run: bool) -> Zones | None:
    beats = _beats(seconds)
    if not threshold_bpm or not len(beats):
        return None
    limits = SEVEN_HEARTRATE_ZONES_OF_RUNS_PCT if is_run else SEVEN_HEARTRATE_ZONES_PCT
    return zone_seconds(beats, threshold_bpm, limits)


def _heart_rate_load(seconds: Seconds, thresholds: Thresholds) -> float | None:
    resting_bpm, maximum_bpm = thresholds.resting_heartrate_bpm, thresholds.max_heartrate_bpm
    threshold_bpm = thresholds.heartrate_bpm
    if seconds.heartrate_bpm is None or not threshold_bpm or not resting_bpm or not maximum_bpm:
        return None
    return heart_rate_load(
        seconds.heartrate_bpm,
        resting_bpm=resting_bpm,
        threshold_bpm=threshold_bpm,
        maximum_bpm=maximum_bpm,
        sex=thresholds.sex,
    )


def _efficiency(
    seconds: Seconds,
    ride: RidePower | None,
    power_w: float | None,
    speed: FlatGroundSpeed | None,
) -> Efficiency:
    """Effort per heartbeat, by power if it was measured, else by pace."""
    if power_w:
        drift = ride.decoupling_pct if ride else None
        return _per_heartbeat("power", seconds.watts, power_w, seconds.heartrate_bpm, drift)
    # The heart rate is known in recorded seconds only.
    if speed is not None and (normalized_mps := normalized_power_w(speed.recorded_mps)):
        return _per_heartbeat("pace", 60 * speed.recorded_mps, 60 * normalized_mps, seconds.heartrate_bpm)
    return Efficiency()


def _per_heartbeat(
    basis: Basis,
    effort: Integers | Floats,
    normalized: float,
    heartrate_bpm: Floats | None,
    drift: float | None = None,
) -> Efficiency:
    """Efficiency of an effort whose every second is known, and its loss from half to half.

    Decoupling needs twenty minutes, below which normalized power means little; it is computed unless given.
    """
    is_steady = normalized <= MOST_VARIABLE * float(effort.mean())
    if heartrate_bpm is None:
        return Efficiency(is_steady=is_steady)
    beats = heartrate_bpm[~np.isnan(heartrate_bpm)]
    if not len(beats) or len(beats) < LEAST_HEARTRATE_SHARE * len(heartrate_bpm):
        return Efficiency(is_steady=is_steady)
    if drift is None and len(effort) >= LONG_EFFORT_S:
        drift = decoupling_pct(effort, heartrate_bpm)
    return Efficiency(basis, normalized / float(beats.mean()), drift, is_steady)
