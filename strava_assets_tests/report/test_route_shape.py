"""The shape of a route: like the road, without its place and size."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from strava_assets.report import Figures, build_page, read_shape
from strava_assets.streams import StreamStore, from_channels
from strava_assets_tests.report.conftest import NOW
from strava_assets_tests.streams.samples import entry

if TYPE_CHECKING:
    from pathlib import Path


def record(store: StreamStore, activity_id: str, latitudes: list[float], longitudes: list[float]) -> None:
    channels = {"t_s": [*range(len(latitudes))], "latitude_deg": latitudes, "longitude_deg": longitudes}
    with store.writer() as writer:
        writer.add(entry(activity_id), from_channels("7", activity_id, channels))


def drawn(path: str | None) -> list[tuple[int, int]]:
    assert path is not None
    return [(int(x), int(y)) for x, y in (point.split() for point in path.removeprefix("M").split("L"))]


def a_corner(start_deg: tuple[float, float], size_deg: float) -> tuple[list[float], list[float]]:
    """North and then east, as far on the ground: at 60 degrees a degree of longitude is half as long."""
    north = start_deg[0] + np.linspace(0, size_deg, 50)
    east = start_deg[1] + np.linspace(0, 2 * size_deg, 50)
    latitudes = [*north, *[north[-1]] * 50]
    longitudes = [*[east[0]] * 50, *east]
    return latitudes, [(longitude + 180) % 360 - 180 for longitude in longitudes]


def test_a_shape_is_that_of_the_road_wherever_and_however_large_it_is(tmp_path: Path) -> None:
    store = StreamStore(str(tmp_path))
    record(store, "1", *a_corner((60.0, 8.0), 0.01))
    record(store, "2", *a_corner((59.9, 179.9), 0.2))

    small, large = (drawn(read_shape(store, each)) for each in store.entries().values())

    assert small[0] == large[0] == (0, 200)
    assert small[-1] == (200, 0)
    np.testing.assert_allclose(small, large, atol=3)
    assert all(x < 3 or y < 3 for x, y in small + large)
    assert not re.search(r"\d{4}|\.", str(read_shape(store, store.entries()["7", "1"])))


def test_without_a_way_there_is_no_shape(tmp_path: Path) -> None:
    store = StreamStore(str(tmp_path))
    record(store, "1", [60.0] * 100, [8.0] * 100)
    record(store, "2", [60.0, 60.1], [8.0, 8.1])

    assert [read_shape(store, each) for each in store.entries().values()] == [None, None]


@pytest.mark.deep
def test_the_shape_stands_on_the_page_only_where_there_is_one(figures: Figures) -> None:
    page = build_page(replace(figures, last_ride_shape="M0 200L0 0L200 0"), generated_at=NOW)

    assert '<path d="M0 200L0 0L200 0"/>' in page
    assert "as your settings ask" in page
    assert 'class="shape"' not in build_page(figures, generated_at=NOW)
