"""The shape of a route as a line without coordinates, scale or place.

It is drawn only where the settings ask for it: who knows the area may know the shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from strava_assets.streams import StreamEntry, StreamStore

SIDE = 200
"""The longer side of the drawing; points lie on whole numbers from 0 on."""
_POINTS = 150
_FEWEST_POSITIONS = 10
_LEAST_EXTENT_RAD = 1e-5
"""Some 60 m: less is the noise of a receiver that stands still."""


def read_shape(store: StreamStore, entry: StreamEntry) -> str | None:
    """Read a ride's route as an SVG path, north up; None without positions.

    Raises:
        StreamsError: the recording is damaged, or the store cannot be read.
    """
    if not entry.samples or "latitude_deg" not in entry.channels:
        return None
    for _, samples in store.read([entry], ["latitude_deg", "longitude_deg"]):
        return _path(samples)
    return None


def _path(samples: pa.Table) -> str | None:
    import numpy as np

    positions = np.radians(
        np.column_stack(
            [
                samples[name].to_numpy(zero_copy_only=False).astype(float)
                for name in ("longitude_deg", "latitude_deg")
            ]
        )
    )
    positions = positions[np.isfinite(positions).all(axis=1)]
    if len(positions) < _FEWEST_POSITIONS:
        return None
    # A route across 180° is one line; and a degree of longitude is shorter away from the equator.
    across = np.unwrap(positions[:, 0]) * np.cos(positions[:, 1].mean())
    plane = np.column_stack([across, -positions[:, 1]])
    plane -= plane.min(axis=0)
    extent = plane.max()
    if extent < _LEAST_EXTENT_RAD:
        return None
    # At even steps along the way, so that a long stop takes no points from the rest.
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(plane, axis=0).T))])
    places = np.linspace(0, along[-1], _POINTS)
    x, y = (np.rint(np.interp(places, along, plane[:, side]) * SIDE / extent).astype(int) for side in (0, 1))
    return "M" + "L".join(f"{right} {down}" for right, down in zip(x, y, strict=True))
