"""The document of a streams response: which streams come, at which resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from strava_assets.sandbox.recording import KEYS, recorded_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.sandbox.history import Entry

_POINTS = {"low": 100, "medium": 1_000, "high": 10_000}
_SERIES = ("distance", "time")


class Resampling(NamedTuple):
    """How streams are reduced.

    Attributes:
        points: The largest number of points, or None for all.
        resolution: Its name, as the response repeats it.
        series_type: The stream along which the remaining points are evenly spaced.
    """

    points: int | None
    resolution: str
    series_type: str

    @classmethod
    def of(cls, resolution: str | None, series_type: str | None) -> Resampling:
        """From the parameters of a request.

        Without a resolution, or with `all`, every point comes, and the response calls that `high`.

        Raises:
            ValueError: A parameter has no such value; the text is its name.
        """
        if resolution not in (None, "all", *_POINTS):
            raise ValueError("resolution")
        if series_type not in (None, *_SERIES):
            raise ValueError("series_type")
        points = _POINTS.get(resolution or "all")
        name = resolution if resolution in _POINTS else "high"
        return cls(points, name, series_type or _SERIES[0])


def streams_document(
    activity: Entry, keys: Sequence[str], resampling: Resampling
) -> dict[str, dict[str, Any]] | None:
    """The streams of an activity by key, `distance` with any of them; None if the activity has none.

    Streams that were not recorded and unknown keys are left out.
    """
    wanted = [key for key in dict.fromkeys(keys) if key in KEYS]
    record, outing = activity.record(), activity.outing
    needed = [*dict.fromkeys([*wanted, "distance", resampling.series_type, "time"])]
    streams = recorded_streams(record, needed, outing)
    if streams is None:
        return None
    # An activity without distance is reduced along its time.
    axis = streams.get(resampling.series_type) or streams.get("time") or []
    chosen = _evenly_spaced(axis, resampling.points)
    return {
        key: {
            "data": data if chosen is None else [data[index] for index in chosen],
            "series_type": resampling.series_type,
            "original_size": len(data),
            "resolution": resampling.resolution,
        }
        for key, data in streams.items()
        if key in wanted or key == "distance"
    }


def _evenly_spaced(axis: Sequence[float], points: int | None) -> list[int] | None:
    """Indexes of that many values, first and last included, evenly spaced along the axis; None for all."""
    if points is None or len(axis) <= points:
        return None
    values = np.asarray(axis, np.float64)
    order = np.arange(points)
    nearest = np.searchsorted(values, np.linspace(values[0], values[-1], points))
    # Several targets may meet the same value, as in a pause: the later ones take the values that follow.
    increasing = np.maximum.accumulate(nearest - order) + order
    chosen: list[int] = np.minimum(increasing, len(values) - points + order).tolist()
    return [*chosen[:-1], len(values) - 1]
