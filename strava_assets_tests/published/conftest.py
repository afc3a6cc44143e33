"""The places as fixtures; each test has an address of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.published.delta import DeltaPublisher
from strava_assets.published.iceberg import IcebergPublisher
from strava_assets.published.parquet import ParquetPublisher
from strava_assets_tests.published.places import BUCKET, Emulator, azurite, moto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from strava_assets.published import Publisher

EVERY = (
    *("parquet-folder", "delta-folder"),
    *("parquet-s3", "delta-s3", "iceberg-s3"),
    *("parquet-azure", "delta-azure"),
)


@pytest.fixture(scope="module")
def amazon() -> Iterator[Emulator]:
    with moto() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def azure() -> Iterator[Emulator]:
    with azurite() as emulator:
        yield emulator


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Emulator], None]:
    """Let this process talk to an emulator, with clients that know no other."""

    def set_environment(emulator: Emulator) -> None:
        from fsspec import filesystem, get_filesystem_class

        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        assert filesystem
        get_filesystem_class(
            "s3" if "AWS_ENDPOINT_URL" in emulator.environment else "az"
        ).clear_instance_cache()

    return set_environment


@pytest.fixture(params=EVERY)
def publisher(request: pytest.FixtureRequest, tmp_path: Path, use: Callable[[Emulator], None]) -> Publisher:
    """Each form at each place that it can write."""
    form, place = request.param.split("-")
    if place == "folder":
        return open_form(form, str(tmp_path / "published"))
    use(request.getfixturevalue({"s3": "amazon", "azure": "azure"}[place]))
    scheme = {"s3": "s3", "azure": "az"}[place]
    return open_form(form, f"{scheme}://{BUCKET}/{uuid4().hex}")


def open_form(form: str, url: str) -> Publisher:
    if form == "iceberg":
        return IcebergPublisher(url, f"d{url[-8:]}")
    return DeltaPublisher(url) if form == "delta" else ParquetPublisher(url)
