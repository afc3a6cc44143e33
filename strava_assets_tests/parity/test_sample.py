"""The whole chain of the sample athlete, on BigQuery's protocol and on DuckDB: nothing differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa
import pytest

from strava_assets.report import Figures
from strava_assets_tests.parity.comparing import MARTS, differences, stored

if TYPE_CHECKING:
    from strava_assets_tests.parity.conftest import Sample

pytestmark = [pytest.mark.deep, pytest.mark.bigquery_emulator, pytest.mark.xdist_group("bigquery_emulator")]

TABLES = (
    "bq_activities",
    "rejected_records",
    "athlete_observations",
    "athlete_profile",
    "sport_rules",
    "mart_settings",
    "activity_streams",
    "ride_power",
    "ride_bests",
    "ride_bests_after_work",
    "recording_zones",
    "ride_w_balance",
)
WHEN_IT_RAN = {"computed_at"}
# The sample athlete has no plan and nothing suspicious; random histories have both (test_random.py).
WITHOUT_ROWS = {"rejected_records", "planned_load", "planned_form", "suspicious_activities"}


def test_the_chain_runs_through_on_bigquery(sample: Sample) -> None:
    assert sample.bigquery_run.failures() == {}
    assert sample.bigquery_run.succeeded
    assert sample.bigquery_run.materialized()["bq_activities"]["living"] > 1000


@pytest.mark.parametrize("name", [*TABLES, *MARTS])
def test_a_table_is_the_same_on_both_engines(sample: Sample, name: str) -> None:
    actual, wanted = (
        table.drop_columns([column for column in table.column_names if column in WHEN_IT_RAN])
        for table in (stored(sample.on_bigquery, name), stored(sample.on_duckdb, name))
    )

    assert wanted.num_rows or name in WITHOUT_ROWS
    assert differences(name, actual, wanted) == []


def test_every_check_measures_the_same_and_none_fails_that_is_no_warning(sample: Sample) -> None:
    on_bigquery, on_duckdb = sample.bigquery_run.checks(), sample.duckdb_run.checks()

    # BigQuery publishes itself, and the other engine's run asked Strava nothing.
    on_duckdb = {key: check for key, check in on_duckdb.items() if not key[0].startswith("published/")}
    assert on_bigquery.keys() >= on_duckdb.keys() >= {(name, "key_unique") for name in MARTS}
    failed = {name: check.severity for name, check in on_bigquery.items() if not check.passed}
    # The sample athlete has oddities that checks are there to find; how many depends on the day.
    assert set(failed.values()) == {dg.AssetCheckSeverity.WARN}, failed
    for name, check in on_bigquery.items():
        if name not in on_duckdb:
            continue
        assert check.passed == on_duckdb[name].passed, name
        measured = on_duckdb[name].metadata["measured"].value
        assert check.metadata["measured"].value == pytest.approx(measured, abs=1e-9), name


def test_every_table_names_its_job_and_the_bytes_and_a_mart_what_was_estimated(sample: Sample) -> None:
    metadata = sample.bigquery_run.materialized()

    in_warehouse = {name: values for name, values in metadata.items() if name != "raw_activities"}
    assert in_warehouse.keys() >= {"bq_activities", "sport_rules", *MARTS}
    for name, values in in_warehouse.items():
        assert values["job_id"].startswith("strava_assets_"), name
        assert values["bytes_processed"] >= 0
    assert all(metadata[name]["bytes_estimated"] >= 0 for name in MARTS)
    assert not any("job_id" in values for values in sample.duckdb_run.materialized().values())


def test_the_page_reads_the_same_figures_from_both_engines(sample: Sample) -> None:
    tables = [
        *(name for name, mart in MARTS.items() if not mart.is_view),
        "bq_activities",
        "activity_measures",
    ]

    actual = Figures.read(sample.on_bigquery.query, tables)
    wanted = Figures.read(sample.on_duckdb.query, tables)

    assert (actual.athlete_id, actual.today) == (wanted.athlete_id, wanted.today)
    assert actual.quality == pytest.approx(wanted.quality)
    assert actual.marts.keys() == wanted.marts.keys()
    for rows, expected in [
        (actual.ride_days, wanted.ride_days),
        *((actual.marts[name], wanted.marts[name]) for name in wanted.marts),
    ]:
        assert differences("the page", pa.Table.from_pylist(rows), pa.Table.from_pylist(expected)) == []
