"""All metrics of a ride from its samples: the entry point of this package."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from strava_assets.power.after_work import AfterWork, bests_after_work
from strava_assets.power.bests import NO_BESTS, Bests, best_efforts
from strava_assets.power.decoupling import (
    LEAST_HEARTRATE_SHARE,
    MOST_VARIABLE,
    SHORTEST_S,
    decoupling_pct,
)
from strava_assets.power.normalized import normalized_power_w
from strava_assets.power.quality import Quality, quality_of
from strava_assets.power.seconds import LONGEST_STEP_S, Floats, Integers, Seconds, lay_out
from strava_assets.power.training_load import intensity_factor, training_stress_score
from strava_assets.power.xpower import xpower_w
from strava_assets.power.zones import HEARTRATE_ZONES_PCT, POWER_ZONES_PCT, zone_seconds

# A best must span at least this many samples.
_FEWEST_STEPS = 10


@dataclass(frozen=True)
class RidePower:
    """The metrics of a ride. The fields are the columns of `ride_power` and have the same meaning.

    Args:
        bests: best power by duration; empty if it cannot be computed.
        after_work: the bests after each level of work that the ride reaches.
        power_zones_s: seconds in each of the seven zones of FTP; None without FTP or power.
        heartrate_zones_s: seconds in each of the five zones; None without a threshold or a heart rate.
    """

    quality: Quality
    recorded_s: int
    paused_s: int
    pauses: int
    power_missing_s: int
    power_filled_s: int
    spikes: int
    bests: Bests = NO_BESTS
    after_work: tuple[AfterWork, ...] = ()
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
    weight_kg: float | None = None,
) -> RidePower:
    """Compute all metrics of one ride from its samples.

    Args:
        t_s: elapsed seconds of each sample, strictly increasing; a gap is a pause.
        watts: measured power, NaN where the meter sent nothing.
        heartrate_bpm: NaN where unknown; None without this channel.
        ftp_w: functional threshold power of the day; None where unknown.
        threshold_heartrate_bpm: heart rate at threshold of the day; None where unknown.
        weight_kg: body weight of the day; None where unknown.

    Raises:
        ValueError: the arrays differ in length, or time does not increase.
    """
    return measure_ride(
        lay_out(t_s, watts, heartrate_bpm),
        ftp_w=ftp_w,
        threshold_heartrate_bpm=threshold_heartrate_bpm,
        weight_kg=weight_kg,
    )


def measure_ride(
    seconds: Seconds,
    *,
    ftp_w: float | None = None,
    threshold_heartrate_bpm: float | None = None,
    weight_kg: float | None = None,
) -> RidePower:
    """Compute all metrics of one ride from its seconds; the arguments are those of `measure`."""
    quality = quality_of(seconds)
    ride = RidePower(
        quality=quality,
        recorded_s=seconds.recorded_s,
        paused_s=seconds.elapsed_s - seconds.recorded_s,
        pauses=seconds.pauses,
        power_missing_s=seconds.power_missing_s,
        power_filled_s=seconds.filled_s,
        spikes=seconds.spikes,
        max_watts=seconds.max_watts if seconds.max_watts > 0 else None,
        ftp_w=ftp_w,
        heartrate_zones_s=_heartrate_zones(seconds, threshold_heartrate_bpm),
    )
    if quality in ("gappy", "no_power"):
        return ride
    ride = _with_work(ride, seconds, weight_kg)
    return ride if quality in ("irregular", "short") else _with_normalized_power(ride, seconds)


def _with_work(ride: RidePower, seconds: Seconds, weight_kg: float | None) -> RidePower:
    """Add the metrics that need single seconds only, and the bests."""
    if not seconds.recorded_s:
        return ride
    is_regular = seconds.usual_step_s <= LONGEST_STEP_S
    shortest_s = 1 if is_regular else _FEWEST_STEPS * seconds.usual_step_s
    readings = seconds.watts[seconds.power_known]
    work_j = int(seconds.watts.sum())
    return replace(
        ride,
        work_j=work_j,
        average_watts=work_j / seconds.recorded_s,
        coasting_share=float(np.mean(readings == 0)),
        power_zones_s=zone_seconds(readings, ride.ftp_w, POWER_ZONES_PCT) if ride.ftp_w else None,
        bests=best_efforts(seconds.watts, seconds.at_s, from_s=shortest_s),
        after_work=bests_after_work(seconds.watts, seconds.at_s, weight_kg, from_s=shortest_s),
    )


def _with_normalized_power(ride: RidePower, seconds: Seconds) -> RidePower:
    """Add the metrics that need windows of thirty consecutive seconds."""
    power_w = normalized_power_w(seconds.watts)
    if power_w is None or not ride.average_watts:
        return ride
    variability = power_w / ride.average_watts
    return replace(
        ride,
        normalized_power_w=power_w,
        xpower_w=xpower_w(seconds.watts),
        variability_index=variability,
        intensity_factor=intensity_factor(power_w, ride.ftp_w) if ride.ftp_w else None,
        tss=training_stress_score(power_w, ride.ftp_w, seconds.recorded_s) if ride.ftp_w else None,
        decoupling_pct=_decoupling(seconds) if variability <= MOST_VARIABLE else None,
    )


def _decoupling(seconds: Seconds) -> float | None:
    heartrates = seconds.heartrate_bpm
    if heartrates is None or seconds.recorded_s < SHORTEST_S:
        return None
    if np.mean(~np.isnan(heartrates)) < LEAST_HEARTRATE_SHARE:
        return None
    return decoupling_pct(seconds.watts, heartrates)


def _heartrate_zones(seconds: Seconds, threshold_bpm: float | None) -> tuple[int, ...] | None:
    if seconds.heartrate_bpm is None or not threshold_bpm:
        return None
    heartrates = seconds.heartrate_bpm[~np.isnan(seconds.heartrate_bpm)]
    return zone_seconds(heartrates, threshold_bpm, HEARTRATE_ZONES_PCT) if len(heartrates) else None
