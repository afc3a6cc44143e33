"""S3 behind a network that loses, repeats or delays any request: nothing is lost, doubled or half there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.buckets import ObjectReplacedError
from strava_assets.errors import StravaAssetsError
from strava_assets.warehouse.stored_file import StoredFile
from strava_assets_tests.power_cuts.scenarios import SCENARIOS, Home, counted_number, write_number
from strava_assets_tests.power_cuts.unreliable_network import Network, Trouble, before
from strava_assets_tests.published.conftest import amazon, use
from strava_assets_tests.published.places import BUCKET, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["amazon", "use"]
pytestmark = [pytest.mark.deep, pytest.mark.timeout(3600)]
MOST_REQUESTS = 12 if os.environ.get("STRAVA_ASSETS_TEST_MORE_REQUESTS") else 3
"""Of a scenario with more requests so many are tried, drawn from one seed; a client backs off for seconds."""
ON_S3 = (
    "land two batches in a new home",
    "remove batches",
    "compact",
    "store recordings and replace them",
    "take events",
)


@pytest.fixture
def network(amazon: Emulator, use: Callable[[Emulator], None]) -> Iterator[Network]:
    with before(amazon.address) as network:
        environment = amazon.environment | {"AWS_ENDPOINT_URL": network.address}
        use(replace(amazon, address=network.address, environment=environment))
        yield network


def chosen(requests: int) -> list[int]:
    numbers = range(1, requests + 1)
    return sorted(Random(1).sample(numbers, min(requests, MOST_REQUESTS)))  # noqa: S311 - not a secret


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("name", ON_S3)
def test_any_request_may_go_wrong(tmp_path: Path, network: Network, name: str, trouble: Trouble) -> None:
    scenario = SCENARIOS[name]

    def prepared(number: int) -> Home:
        folder = tmp_path / str(number)
        home = Home(folder / "disk", folder / "aside", bucket=f"s3://{BUCKET}/{uuid4().hex}")
        home.disk.mkdir(parents=True)
        home.aside.mkdir()
        network.expect()
        scenario.prepare(home)
        home.done.clear()
        return home

    home = prepared(0)
    network.expect()
    scenario.act(home)
    requests = network.requests
    for at in chosen(requests):
        home = prepared(at)
        network.expect(trouble, at)
        # A request that never succeeds would be one of our own errors; any other one fails the test.
        with suppress(StravaAssetsError):
            scenario.act(home)
        network.expect()
        scenario.check(home)
    print(f"{name}: {len(chosen(requests))} times {trouble}, of {requests} requests")  # noqa: T201 - for the record


@pytest.mark.parametrize("trouble", Trouble)
def test_the_warehouse_in_a_bucket_is_neither_lost_nor_put_back(
    tmp_path: Path, network: Network, trouble: Trouble
) -> None:
    for at in range(1, 5):
        address = f"s3://{BUCKET}/{uuid4().hex}/warehouse.duckdb"
        machines = [StoredFile(tmp_path / f"{at}-{name}" / "warehouse.duckdb", address) for name in "ab"]
        for machine in machines:
            machine.path.parent.mkdir()
        first, second = machines
        network.expect()
        write_number(first, 1)
        first.store()
        network.expect(trouble, at)
        try:
            first.fetch()
            write_number(first, 2)
            first.store()
        except ObjectReplacedError:
            # Its own write, whose answer was lost; it runs again.
            network.expect()
            first.fetch()
            write_number(first, 2)
            first.store()
        network.expect()
        second.fetch()
        assert counted_number(second) == 2
        write_number(second, 3)
        second.store()
        first.fetch()
        assert counted_number(first) == 3
