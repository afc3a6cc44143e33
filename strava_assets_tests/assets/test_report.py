"""The page as a run writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa
import pytest

from strava_assets.assets.report import with_last_ride
from strava_assets.report import Figures
from strava_assets.sandbox import Sandbox
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.streams import StreamStore, from_channels
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.chain import chain
from strava_assets_tests.marts.histories import MONDAY, activity
from strava_assets_tests.streams.samples import entry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.deep
def test_what_a_check_of_the_same_run_found_stands_in_the_page_until_it_is_cured(tmp_path: Path) -> None:
    sandbox = Sandbox(athlete={"id": 7})
    ride = sandbox.history.add(moving_time=7200, elapsed_time=3600)

    with chain(tmp_path, sandbox) as platform:
        assert platform.run().succeeded
        page = platform.home / "report" / "index.html"
        assert "Activities with more moving than elapsed time: 1." in page.read_text(encoding="utf-8")

        sandbox.history.edit(ride, moving_time=3000)
        assert platform.run(ops={"raw_activities": {"mode": "FULL"}}).succeeded
        assert "more moving than elapsed" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(("average_watts", "is_drawn"), [(200.0, True), (None, False)])
def test_the_last_ride_is_drawn_from_its_file_where_a_power_meter_measured_it(
    tmp_path: Path, *, average_watts: float | None, is_drawn: bool
) -> None:
    """Strava has the ride of a file too; and it sends watts that it estimated itself."""
    store = StreamStore(str(tmp_path / "streams"))
    with store.writer() as writer:
        samples = {"t_s": [*range(60)], "watts": [200.0] * 60}
        writer.add(entry("file-1", source="file"), from_channels("7", "file-1", samples))
    history = [activity(MONDAY, "5"), activity(MONDAY, "file-1", source="file", merged_into="5")]
    ride = {"activity_id": "5", "activity_date": MONDAY, "is_ride": True, "moving_time_s": 60}
    figures = Figures("7", activities=[ride | {"average_watts": average_watts}])

    with DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1) as engine:
        engine.replace(ACTIVITIES, pa.Table.from_pylist(history, schema=arrow_schema(ACTIVITIES.columns)))
        context = dg.build_asset_context()
        drawn = with_last_ride(figures, engine, store, context, with_shape=False)
        unrecorded = Figures("7", activities=[ride | {"activity_id": "6", "average_watts": 200.0}])
        undrawn = with_last_ride(unrecorded, engine, store, context, with_shape=True)

    assert (drawn.last_ride_trace is not None) == is_drawn
    assert undrawn == unrecorded
