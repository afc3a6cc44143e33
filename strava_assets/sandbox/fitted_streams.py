"""Streams at 1 Hz that are fitted to a summary: means, totals and maxima agree with it.

They serve activities that have nothing but a summary: replayed, added or edited ones. The seconds of
the sample athlete come from physics (outing.py). The same summary always gives the same streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strava_assets.sandbox.tracks import decode_polyline

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]
Record = dict[str, Any]

_ROLLING_S = 30
_SPRINT = np.array([0.62, 0.8, 0.94, 1.0, 0.97, 0.9, 0.8, 0.66])


def fitted(record: Record, keys: list[str], seconds: int) -> dict[str, list[Any]]:
    """The streams of a summary that has any, `seconds` long."""
    streams = {}
    for key in keys:
        if key in _MAKERS:
            data = _MAKERS[key](record, seconds)
            if data is not None:
                streams[key] = data
    return streams


def _generator(record: Record, salt: int) -> np.random.Generator:
    return np.random.default_rng([record["id"], salt])


def _time(record: Record, seconds: int) -> list[int]:
    pause_s = max(0, record["elapsed_time"] - seconds)
    axis = np.arange(seconds)
    if pause_s and seconds > 1:
        rng = _generator(record, 1)
        count = int(min(1 + pause_s // 300, 12, seconds - 1, pause_s))
        starts = np.sort(rng.choice(np.arange(1, seconds), size=count, replace=False))
        shares = rng.dirichlet(np.ones(count))
        gaps = np.floor(shares * pause_s).astype(np.int64)
        gaps[-1] += pause_s - gaps.sum()
        axis += np.concatenate(([0], np.cumsum(gaps)))[np.searchsorted(starts, axis, side="right")]
    return _ints(axis)


def _watts(record: Record, seconds: int) -> list[int] | None:
    mean = record.get("average_watts")
    if not record.get("device_watts") or mean is None:
        return None
    # An edited summary may lack fields that a power meter provides.
    weighted = record.get("weighted_average_watts") or mean
    highest = record.get("max_watts") or 3 * mean
    if mean <= 0:
        return [0] * seconds
    shape = _effort(record, seconds)
    low, high = 0.0, 3.0
    for _ in range(12):
        spread = (low + high) / 2
        if _weighted(_with_mean(1 + spread * shape, mean, highest)) < weighted:
            low = spread
        else:
            high = spread
    watts = _with_mean(1 + low * shape, mean, highest)
    if seconds > 4 * len(_SPRINT):
        start = int(_generator(record, 3).integers(len(_SPRINT), seconds - 2 * len(_SPRINT)))
        watts[start : start + len(_SPRINT)] = _SPRINT * highest
    return _to_ints(watts, mean, highest)


def _heartrate(record: Record, seconds: int) -> list[int] | None:
    mean, highest = record.get("average_heartrate"), record.get("max_heartrate")
    if not record.get("has_heartrate") or mean is None or highest is None:
        return None
    lagging = _rolling_mean(_effort(record, seconds), 75)
    lagging -= lagging.mean()
    peak = float(lagging.max()) or 1.0
    return _to_ints(np.clip(mean + lagging * (highest - mean) / peak, 45, highest), mean, int(highest))


def _cadence(record: Record, seconds: int) -> list[int] | None:
    mean = record.get("average_cadence")
    if mean is None:
        return None
    cadence = _to_ints(mean + 4 * _generator(record, 4).standard_normal(seconds), mean, 140)
    watts = _watts(record, seconds)
    return (
        cadence if watts is None else [rpm if power else 0 for rpm, power in zip(cadence, watts, strict=True)]
    )


def _temp(record: Record, seconds: int) -> list[int] | None:
    mean = record.get("average_temp")
    if mean is None:
        return None
    return _ints(np.rint(mean + 1.4 * np.sin(np.linspace(0, 2 * np.pi, seconds))))


def _velocity(record: Record, seconds: int) -> list[float] | None:
    speeds = _speeds(record, seconds)
    return None if speeds is None else _floats(speeds, 3)


def _distance(record: Record, seconds: int) -> list[float] | None:
    speeds = _speeds(record, seconds)
    return None if speeds is None else _floats(np.cumsum(speeds), 1)


def _latlng(record: Record, seconds: int) -> list[list[float]] | None:
    points = decode_polyline((record.get("map") or {}).get("summary_polyline") or "")
    speeds = _speeds(record, seconds)
    if len(points) < 2 or speeds is None:
        return None
    progress = np.cumsum(speeds) / speeds.sum()
    corners = np.array(points)
    share = np.linspace(0, 1, len(points))
    columns = [np.round(np.interp(progress, share, corners[:, axis]), 6) for axis in (0, 1)]
    pairs: list[list[float]] = np.column_stack(columns).tolist()
    return pairs


def _altitude(record: Record, seconds: int) -> list[float] | None:
    heights = _heights(record, seconds)
    return None if heights is None else _floats(heights, 1)


def _grade(record: Record, seconds: int) -> list[float] | None:
    heights, speeds = _heights(record, seconds), _speeds(record, seconds)
    if heights is None or speeds is None or seconds < 2:
        return None
    return _floats(np.clip(100 * np.gradient(heights) / np.maximum(speeds, 0.5), -25, 25), 1)


def _moving(record: Record, seconds: int) -> list[bool]:
    del record
    return [True] * seconds


_MAKERS: dict[str, Callable[[Record, int], list[Any] | None]] = {
    "time": _time,
    "distance": _distance,
    "latlng": _latlng,
    "altitude": _altitude,
    "velocity_smooth": _velocity,
    "heartrate": _heartrate,
    "cadence": _cadence,
    "watts": _watts,
    "temp": _temp,
    "moving": _moving,
    "grade_smooth": _grade,
}


def _effort(record: Record, seconds: int) -> Floats:
    """Unitless effort per second: blocks of minutes, noise, and coasting."""
    rng = _generator(record, 2)
    blocks = int(seconds / 60) + 2
    lengths = rng.integers(60, 420, size=blocks)
    levels = np.repeat(rng.standard_normal(blocks), lengths)[:seconds]
    coasting = np.repeat(rng.random(blocks * 6) < 0.06, 10)[:seconds]
    effort = levels + 0.5 * rng.standard_normal(seconds)
    effort[coasting[: len(effort)]] = -4.0
    return effort


def _weighted(watts: Floats) -> float:
    """The fourth-power mean of the rolling 30 s mean."""
    return float(np.mean(_rolling_mean(watts, _ROLLING_S) ** 4) ** 0.25)


def _rolling_mean(values: Floats, width: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts), np.float64)


def _with_mean(shape: Floats, mean: float, highest: float) -> Floats:
    """The shape scaled to a mean and clipped to 0 and `highest`."""
    values = np.maximum(shape, 0.0)
    for _ in range(3):
        values = np.minimum(values * (mean / max(float(values.mean()), 1e-9)), highest)
    return values


def _to_ints(values: Floats, mean: float, highest: float) -> list[int]:
    """Integers from 0 to `highest` whose sum is the nearest to that of `mean`."""
    top = int(highest)
    rounded = np.clip(np.rint(values), 0, top).astype(np.int64)
    missing = round(mean * len(rounded)) - int(rounded.sum())
    while missing:
        step = 1 if missing > 0 else -1
        adjustable = np.flatnonzero((rounded > 0) & (rounded < top - 1))
        if not len(adjustable):
            break
        chosen = adjustable[:: max(1, len(adjustable) // abs(missing))][: abs(missing)]
        rounded[chosen] += step
        missing -= step * len(chosen)
    return _ints(rounded)


def _speeds(record: Record, seconds: int) -> Floats | None:
    """Meters per second for each second; their sum is the distance."""
    if not record.get("distance"):
        return None
    wave = 1 + 0.25 * _rolling_mean(_generator(record, 5).standard_normal(seconds), 20)
    wave = np.maximum(wave, 0.2)
    return np.asarray(wave * (record["distance"] / wave.sum()), np.float64)


def _heights(record: Record, seconds: int) -> Floats | None:
    low, high = record.get("elev_low"), record.get("elev_high")
    if low is None or high is None:
        return None
    climbs = max(1, round(record["total_elevation_gain"] / max(high - low, 1.0)))
    wave = np.cos(np.linspace(0, 2 * np.pi * climbs, seconds))
    return np.asarray(low + (high - low) * (1 - wave) / 2, np.float64)


def _ints(values: NDArray[Any]) -> list[int]:
    integers: list[int] = values.astype(np.int64).tolist()
    return integers


def _floats(values: Floats, digits: int) -> list[float]:
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded
