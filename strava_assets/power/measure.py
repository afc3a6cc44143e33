"""From a ride's samples to all its figures: the one way into this room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from strava_assets.power.bests import NO_BESTS, Bests, best_efforts
from strava_assets.power.decoupling import (
    LEAST_HEARTRATE_SHARE,
    MOST_VARIABLE,
    SHORTEST_S,
    decoupling_pct,
)
from strava_assets.power.normalized import WINDOW_S, normalized_power_w
from strava_assets.power.seconds import LONGEST_STEP_S, Floats, Integers, Seconds, lay_out
from strava_assets.power.training_load import intensity_factor, training_stress_score
from strava_assets.power.xpower import xpower_w
from strava_assets.power.zones import HEARTRATE_ZONES_PCT, POWER_ZONES_PCT, zone_seconds

Quality = Literal["good", "short", "irregular", "gappy", "no_power"]

# Beyond it the mean of what was read says little about the ride.
_MOST_MISSING_SHARE = 0.1
# A best is told only where it spans so many samples.
_FEWEST_STEPS = 10


@dataclass(frozen=True)
class RidePower:
    """What a ride's seconds say; the fields are columns of `ride_power`, whose meanings they share.

    Args:
        bests: best power by duration; empty where it cannot be told.
        power_zones_s: seconds in each of seven zones of FTP; None without FTP or power.
        heartrate_zones_s: seconds in each of five zones; None without a threshold or a heart rate.
    """

    quality: Quality
    recorded_s: int
    paused_s: int
    pauses: int
    power_missing_s: int
    spikes: int
    bests: Bests = NO_BESTS
    average_watts: float | None = None
    work_j: int | None = None
    max_watts: float | None = None
    normalized_power_w: float | None = None
    xpower_w: float | None = None
    variability_index: float | None = None
    ftp_w: float | None = None
    intensity_factor: float | None = None
    tss: float | None = None
    coasting_share: float | None = None
    decoupling_pct: float | None = None
    power_zones_s: tuple[int, ...] | None = None
    heartrate_zones_s: tuple[int, ...] | None = None


def measure(
    t_s: Integers,
    watts: Floats,
    heartrate_bpm: Floats | None = None,
    *,
    ftp_w: float | None = None,
    threshold_heartrate_bpm: float | None = None,
) -> RidePower:
    """All figures of one ride.

    Args:
        t_s: elapsed seconds of each sample, strictly increasing; a hole is a pause.
        watts: measured power, NaN where the meter said nothing.
        heartrate_bpm: NaN where unknown; None where there is no such channel.
        ftp_w: functional threshold power of the day; None where unknown.
        threshold_heartrate_bpm: heart rate at threshold of the day; None where unknown.

    Raises:
        ValueError: the arrays differ in length, or time does not increase.
    """
    seconds = lay_out(t_s, watts, heartrate_bpm)
    quality = _quality(seconds)
    told = RidePower(
        quality=quality,
        recorded_s=seconds.recorded_s,
        paused_s=seconds.elapsed_s - seconds.recorded_s,
        pauses=seconds.pauses,
        power_missing_s=seconds.power_missing_s,
        spikes=seconds.spikes,
        max_watts=seconds.max_watts if seconds.max_watts > 0 else None,
        ftp_w=ftp_w,
        heartrate_zones_s=_heartrate_zones(seconds, threshold_heartrate_bpm),
    )
    if quality in ("gappy", "no_power"):
        return told
    told = _with_work(told, seconds)
    return told if quality in ("irregular", "short") else _with_normalized_power(told, seconds)


def _quality(seconds: Seconds) -> Quality:
    if seconds.power_missing_s > _MOST_MISSING_SHARE * seconds.recorded_s:
        return "gappy"
    if seconds.recorded_s and not seconds.watts.any():
        return "no_power"
    if seconds.usual_step_s > LONGEST_STEP_S:
        return "irregular"
    return "short" if seconds.recorded_s < WINDOW_S else "good"


def _with_work(told: RidePower, seconds: Seconds) -> RidePower:
    """What follows from each second alone, and the bests."""
    if not seconds.recorded_s:
        return told
    is_regular = seconds.usual_step_s <= LONGEST_STEP_S
    shortest_s = 1 if is_regular else _FEWEST_STEPS * seconds.usual_step_s
    known = seconds.watts[seconds.power_known]
    work_j = int(seconds.watts.sum())
    return replace(
        told,
        work_j=work_j,
        average_watts=work_j / seconds.recorded_s,
        coasting_share=float(np.mean(known == 0)),
        power_zones_s=zone_seconds(known, told.ftp_w, POWER_ZONES_PCT) if told.ftp_w else None,
        bests=best_efforts(seconds.watts, seconds.at_s, from_s=shortest_s),
    )


def _with_normalized_power(told: RidePower, seconds: Seconds) -> RidePower:
    """What asks for every second of thirty in a row."""
    power_w = normalized_power_w(seconds.watts)
    if power_w is None or not told.average_watts:
        return told
    variability = power_w / told.average_watts
    return replace(
        told,
        normalized_power_w=power_w,
        xpower_w=xpower_w(seconds.watts),
        variability_index=variability,
        intensity_factor=intensity_factor(power_w, told.ftp_w) if told.ftp_w else None,
        tss=training_stress_score(power_w, told.ftp_w, seconds.recorded_s) if told.ftp_w else None,
        decoupling_pct=_decoupling(seconds) if variability <= MOST_VARIABLE else None,
    )


def _decoupling(seconds: Seconds) -> float | None:
    beats = seconds.heartrate_bpm
    if beats is None or seconds.recorded_s < SHORTEST_S:
        return None
    if np.mean(~np.isnan(beats)) < LEAST_HEARTRATE_SHARE:
        return None
    return decoupling_pct(seconds.watts, beats)


def _heartrate_zones(seconds: Seconds, threshold_bpm: float | None) -> tuple[int, ...] | None:
    if seconds.heartrate_bpm is None or not threshold_bpm:
        return None
    beats = seconds.heartrate_bpm[~np.isnan(seconds.heartrate_bpm)]
    return zone_seconds(beats, threshold_bpm, HEARTRATE_ZONES_PCT) if len(beats) else None
