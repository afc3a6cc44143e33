"""The whole chain of the sample athlete, on BigQuery's protocol and on DuckDB: nothing differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from strava_assets.report import Figures
from strava_assets_tests.parity.comparing import MARTS, differences, stored

if TYPE_CHECKING:
    from strava_assets_tests.parity.conftest import Sample

pytestmark = [pytest.mark.bigquery_emulator, pytest.mark.xdist_group("bigquery_emulator")]

TABLES = ("bq_activities", "rejected_records", "athlete_observations", "athlete_profile", "sport_rules")
WARNED = {("bq_activities", "moving_within_elapsed")}
"""The sample athlete's one oddity that a check is there to find."""


def test_the_chain_runs_through_on_bigquery(sample: Sample) -> None:
    assert sample.bigquery_run.failures() == {}
    assert sample.bigquery_run.succeeded
    assert sample.bigquery_run.materialized()["bq_activities"]["living"] > 1000


@pytest.mark.parametrize("name", [*TABLES, "mart_settings", *MARTS])
def test_a_table_is_the_same_on_both_engines(sample: Sample, name: str) -> None:
    assert differences(name, stored(sample.on_bigquery, name), stored(sample.on_duckdb, name)) == []


def test_every_check_measures_the_same_and_none_fails_but_the_known_warning(sample: Sample) -> None:
    on_bigquery, on_duckdb = sample.bigquery_run.checks(), sample.duckdb_run.checks()

    assert on_bigquery.keys() == on_duckdb.keys()
    assert {name for name, found in on_bigquery.items() if not found.passed} == WARNED
    for name, found in on_bigquery.items():
        assert found.passed == on_duckdb[name].passed, name
        measured = on_duckdb[name].metadata["measured"].value
        assert found.metadata["measured"].value == pytest.approx(measured, abs=1e-9), name


def test_every_mart_says_how_many_bytes_it_was_billed_by(sample: Sample) -> None:
    marts = {name for name, mart in MARTS.items() if not mart.is_view}

    told = sample.bigquery_run.materialized()

    assert all(told[name]["bytes_processed"] >= 0 for name in marts)
    assert not any("bytes_processed" in values for values in sample.duckdb_run.materialized().values())


def test_the_page_reads_the_same_figures_from_both_engines(sample: Sample) -> None:
    there = [
        *(name for name, mart in MARTS.items() if not mart.is_view),
        "bq_activities",
        "activity_measures",
    ]

    found, wanted = Figures.read(sample.on_bigquery.query, there), Figures.read(sample.on_duckdb.query, there)

    assert (found.athlete_id, found.today) == (wanted.athlete_id, wanted.today)
    assert found.quality == pytest.approx(wanted.quality)
    assert found.marts.keys() == wanted.marts.keys()
    for rows, expected in [
        (found.ride_days, wanted.ride_days),
        *((found.marts[name], wanted.marts[name]) for name in wanted.marts),
    ]:
        assert differences("the page", pa.Table.from_pylist(rows), pa.Table.from_pylist(expected)) == []
