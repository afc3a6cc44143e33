"""What only BigQuery can suffer: roles, quotas, places, lost answers; and how its tables are laid out."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from strava_assets.schema import Column, ColumnType
from strava_assets.settings import Settings
from strava_assets.warehouse import MergeCounts, SplitBy
from strava_assets.warehouse.bigquery import BigQueryWarehouse
from strava_assets.warehouse.bigquery_errors import (
    CredentialsError,
    DatasetElsewhereError,
    DatasetMissingError,
    EngineUnavailableError,
    MissingRoleError,
    QuotaExceededError,
    TooManyBytesError,
    WrongProjectError,
)
from strava_assets.warehouse.errors import MissingTableError
from strava_assets.warehouse.locations import warehouse_location
from strava_assets_tests.warehouse.bigquery_engine import PROJECT, BigQueryEngine
from strava_assets_tests.warehouse.front import Front, refusal, standing
from strava_assets_tests.warehouse.samples import LATE, RIDES, batch, merge, ride, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.warehouse.errors import WarehouseError


@pytest.fixture
def front() -> Iterator[Front]:
    with standing() as alone:
        yield alone


@pytest.fixture
def engine(emulator: str) -> Iterator[BigQueryEngine]:
    with closing(BigQueryEngine(emulator)) as made:
        yield made


@pytest.fixture
def behind(emulator: str) -> Iterator[Front]:
    with standing(emulator) as before_emulator:
        yield before_emulator


def warehouse_at(address: str, dataset: str = "strava", **settings: Any) -> BigQueryWarehouse:
    # One try and no more, unless a test is about trying again.
    patience = {"retry_for_s": 0.0, "job_timeout_s": 30.0, **settings}
    return BigQueryWarehouse(PROJECT, dataset, location="EU", api_endpoint=address, **patience)


# What Google refuses, and the remedy


@pytest.mark.parametrize(
    ("status", "reason", "message", "wanted", "remedy"),
    [
        (401, "authError", "Request had invalid authentication credentials", CredentialsError, "gcloud auth"),
        (
            403,
            "accessDenied",
            "Access Denied: Project a-project: User does not have bigquery.jobs.create permission in project",
            MissingRoleError,
            "roles/bigquery.jobUser on the project a-project",
        ),
        (
            403,
            "accessDenied",
            "Access Denied: Table a-project:strava.rides: Permission bigquery.tables.updateData denied",
            MissingRoleError,
            "roles/bigquery.dataEditor on the dataset a-project.strava",
        ),
        (403, "quotaExceeded", "Quota exceeded: Your project exceeded quota", QuotaExceededError, "later"),
        (
            400,
            "bytesBilledLimitExceeded",
            "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.",
            TooManyBytesError,
            "Raise the limit",
        ),
        (404, "notFound", "Not found: Project a-project", WrongProjectError, "id"),
        (
            404,
            "notFound",
            "Not found: Dataset a-project:strava was not found in location EU",
            DatasetMissingError,
            "location",
        ),
        (
            404,
            "notFound",
            "Not found: Table a-project:strava.loaded_batches was not found in location EU",
            MissingTableError,
            "Materialize bq_activities first",
        ),
        (
            403,
            "accessNotConfigured",
            "BigQuery API has not been used in project",
            WrongProjectError,
            "enable",
        ),
        (
            503,
            "backendError",
            "Error encountered during execution. Retrying may help.",
            EngineUnavailableError,
            "again",
        ),
    ],
)
def test_a_refusal_is_reported_with_its_remedy(
    front: Front, status: int, reason: str, message: str, wanted: type[WarehouseError], remedy: str
) -> None:
    front.order("POST .*/jobs", status, refusal(status, reason, message))
    with warehouse_at(front.address) as warehouse, pytest.raises(wanted) as raised:
        warehouse.query("SELECT 1 AS x")
    assert type(raised.value) is wanted
    assert remedy in raised.value.remedy
    assert "127.0.0.1" not in raised.value.happened or wanted is EngineUnavailableError


def test_a_quota_reached_while_the_job_ran_is_told_alike(front: Front) -> None:
    failed = {
        "jobReference": {"projectId": PROJECT, "jobId": "x", "location": "EU"},
        "configuration": {"query": {"query": "SELECT 1"}, "jobType": "QUERY"},
        "status": {
            "state": "DONE",
            "errorResult": {"reason": "quotaExceeded", "message": "Quota exceeded: too many table updates"},
        },
    }
    front.order("(POST|GET) .*/jobs", 200, failed)
    with (
        warehouse_at(front.address) as warehouse,
        pytest.raises(QuotaExceededError, match="too many table updates"),
    ):
        warehouse.query("SELECT 1 AS x")


def test_a_dataset_in_another_place_is_named_with_its_place(front: Front) -> None:
    dataset = {"datasetReference": {"projectId": PROJECT, "datasetId": "strava"}, "location": "US"}
    front.order("GET .*/datasets/strava", 200, dataset)
    with (
        warehouse_at(front.address) as warehouse,
        pytest.raises(DatasetElsewhereError, match="is in US") as raised,
    ):
        warehouse.ensure(RIDES)
    assert "location to US" in raised.value.remedy
    assert all(line.startswith("GET") for line in front.seen)


def test_how_long_removed_tables_can_be_restored_is_asked_of_the_dataset(front: Front) -> None:
    reference = {"datasetReference": {"projectId": PROJECT, "datasetId": "strava"}, "location": "EU"}
    front.order("GET .*/datasets/strava", 200, reference | {"maxTimeTravelHours": "48"}, times=1)
    front.order("GET .*/datasets/strava", 200, reference)
    settings = Settings.model_validate(
        {"warehouse": "bigquery", "gcp_project": PROJECT, "bigquery_api_endpoint": front.address}
    )

    keeps = warehouse_location(settings).retention()

    assert keeps.keeps_for == timedelta(hours=48, days=7)
    assert keeps.reason == "time travel of 48 hours and BigQuery's fail-safe of 7 days"
    assert warehouse_location(settings).retention().keeps_for == timedelta(days=14), "BigQuery's default"


def test_a_dataset_that_may_not_be_made_names_the_role(front: Front) -> None:
    front.order(
        "GET .*/datasets/strava", 404, refusal(404, "notFound", "Not found: Dataset a-project:strava")
    )
    message = "Access Denied: User does not have bigquery.datasets.create permission"
    front.order("POST .*/datasets", 403, refusal(403, "accessDenied", message))
    with (
        warehouse_at(front.address) as warehouse,
        pytest.raises(MissingRoleError, match=r"roles/bigquery\.user"),
    ):
        warehouse.ensure(RIDES)


def test_an_endpoint_that_is_gone_is_told(front: Front) -> None:
    address = front.address
    with standing() as other:
        closed = other.address
    with warehouse_at(closed) as warehouse, pytest.raises(EngineUnavailableError, match="did not answer"):
        warehouse.exists("rides")
    front.order(".*")
    with warehouse_at(address) as warehouse, pytest.raises(EngineUnavailableError):
        warehouse.query("SELECT 1 AS x")


def test_missing_credentials_are_told_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    with (
        BigQueryWarehouse(PROJECT, "strava", location="EU") as warehouse,
        pytest.raises(CredentialsError, match="gcloud auth application-default"),
    ):
        warehouse.exists("rides")


def test_expired_credentials_are_told_and_no_secret_with_them(
    front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "client_email": "who@example.com",
        "private_key_id": "1",
        "private_key": key.decode(),
        "token_uri": f"{front.address}/token",
    }
    (tmp_path / "key.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    front.order("POST /token", 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    with (
        BigQueryWarehouse(PROJECT, "strava", location="EU") as warehouse,
        pytest.raises(CredentialsError) as raised,
    ):
        warehouse.exists("rides")
    assert "PRIVATE KEY" not in str(raised.value)
    assert front.seen == ["POST /token"]


def test_a_warehouse_that_was_never_asked_asks_nobody() -> None:
    with BigQueryWarehouse(PROJECT, "strava", location="EU") as warehouse:
        assert warehouse.table_address("bq_activities") == "a-project.strava.bq_activities"


def test_the_limit_and_the_labels_go_with_every_job(front: Front) -> None:
    front.order("POST .*/jobs", 403, refusal(403, "quotaExceeded", "no"))
    with (
        warehouse_at(front.address, maximum_bytes_billed=1_000_000) as warehouse,
        pytest.raises(QuotaExceededError),
    ):
        warehouse.query("SELECT 1 AS x")
    sent = json.loads(front.bodies[-1])["configuration"]
    assert sent["query"]["maximumBytesBilled"] == "1000000"
    assert sent["labels"] == {"application": "strava_assets", "statement": "select"}


def test_what_the_last_of_many_tries_met_is_what_is_told(front: Front) -> None:
    front.order("POST .*/jobs", 403, refusal(403, "rateLimitExceeded", "Exceeded rate limits: too many jobs"))
    with warehouse_at(front.address) as warehouse, pytest.raises(QuotaExceededError, match="too many jobs"):
        warehouse.query("SELECT 1 AS x")


# Half-way


@pytest.mark.deep
@pytest.mark.bigquery_emulator
def test_an_answer_lost_on_the_way_does_not_apply_a_change_twice(
    engine: BigQueryEngine, behind: Front
) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1", seconds=10)]))
    behind.order("POST .*/jobs.*UPDATE", behind_first=True, times=1)
    with warehouse_at(behind.address, engine.dataset, retry_for_s=30.0) as warehouse:
        assert warehouse.execute("UPDATE rides SET seconds = seconds + 1 WHERE TRUE") == 1
        assert stored(warehouse, "ride_id, seconds") == [{"ride_id": "1", "seconds": 11}]
    assert sum("POST" in line and line.endswith("/jobs?prettyPrint=false") for line in behind.seen) >= 2


@pytest.mark.deep
@pytest.mark.bigquery_emulator
def test_a_merge_that_fails_on_google_s_side_leaves_the_table_and_no_staging(
    engine: BigQueryEngine, behind: Front
) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    behind.order('POST .*"MERGE INTO', 503, refusal(503, "backendError", "Retrying may solve the problem."))
    with warehouse_at(behind.address, engine.dataset) as warehouse, pytest.raises(EngineUnavailableError):
        merge(warehouse, batch([ride("1", LATE, "h2"), ride("2")]))
    with engine.open() as warehouse:
        assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]
    assert engine.tables() == {"rides"}


@pytest.mark.deep
@pytest.mark.bigquery_emulator
def test_filling_a_table_twice_for_a_lost_answer_inserts_once(engine: BigQueryEngine, behind: Front) -> None:
    behind.order("POST .*/jobs.*INSERT INTO", behind_first=True, times=1)
    with warehouse_at(behind.address, engine.dataset, retry_for_s=30.0) as warehouse:
        warehouse.ensure(RIDES)
        assert merge(warehouse, batch([ride("1"), ride("2")])) == MergeCounts(2, 2, 0, 0)
        assert [row["ride_id"] for row in stored(warehouse)] == ["1", "2"]


@pytest.mark.deep
@pytest.mark.bigquery_emulator
def test_of_two_that_find_a_table_empty_the_second_merges(engine: BigQueryEngine, behind: Front) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        empty = engine.client.get_table(f"{engine.dataset}.rides").to_api_repr()
        merge(warehouse, batch([ride("1"), ride("2")]))
    behind.order("GET .*/tables/rides", 200, empty)
    with warehouse_at(behind.address, engine.dataset) as late:
        assert merge(late, batch([ride("2", LATE, "h2"), ride("3")])) == MergeCounts(2, 1, 1, 0)
        assert [report.kind for report in late.take_reports()] == ["LOAD", "SELECT", "MERGE"]
        assert stored(late, "ride_id, hash") == [
            {"ride_id": "1", "hash": "h1"},
            {"ride_id": "2", "hash": "h2"},
            {"ride_id": "3", "hash": "h1"},
        ]


@pytest.mark.deep
@pytest.mark.bigquery_emulator
def test_a_table_that_was_emptied_is_merged_into(engine: BigQueryEngine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        assert warehouse.execute("DELETE FROM rides WHERE TRUE") == 1
        assert merge(warehouse, batch([ride("1"), ride("2")])) == MergeCounts(2, 2, 0, 0)


@pytest.mark.bigquery_emulator
def test_an_engine_gone_in_the_middle_of_a_load_leaves_the_table_and_a_staging_that_expires(
    engine: BigQueryEngine, behind: Front, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    behind.order("(POST|PUT) /upload")
    behind.order("DELETE")
    with warehouse_at(behind.address, engine.dataset) as warehouse, pytest.raises(EngineUnavailableError):
        merge(warehouse, batch([ride("1", LATE, "h2")]))
    assert "could not be dropped" in caplog.text
    with engine.open() as warehouse:
        assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]
    (staging,) = engine.tables() - {"rides"}
    expires = engine.client.get_table(f"{engine.dataset}.{staging}").expires
    assert expires is not None
    assert expires < datetime.now(UTC) + timedelta(hours=2)


# How it is laid out, and what it says of itself


@pytest.mark.bigquery_emulator
def test_tables_are_split_by_month_and_sorted_as_declared(engine: BigQueryEngine) -> None:
    laid_out = replace(RIDES, partition_by="day", cluster_by=("athlete_id",))
    with engine.open() as warehouse:
        warehouse.ensure(laid_out)
        table = engine.client.get_table(f"{engine.dataset}.rides")
        assert (table.time_partitioning.type_, table.time_partitioning.field) == ("MONTH", "day")
        assert table.clustering_fields == ["athlete_id"]
        assert [field.name for field in table.schema if field.mode == "REQUIRED"] == [
            "athlete_id",
            "ride_id",
            "fetched_at",
        ]
        assert engine.client.get_dataset(engine.dataset).location == "EU"
        assert merge(warehouse, batch([ride("1", day=date(2026, 1, 5))]), table=laid_out).inserted == 1


@pytest.mark.bigquery_emulator
def test_a_mart_is_sorted_by_athlete_and_replaces_one_that_was_not(engine: BigQueryEngine) -> None:
    sql = "SELECT '7' AS athlete_id, 1 AS rides"
    columns = [
        Column("athlete_id", ColumnType.TEXT, "The athlete", nullable=False),
        Column("rides", ColumnType.INTEGER, "How many"),
    ]
    with engine.open() as warehouse:
        for split_by, fields in ((None, None), (SplitBy("athlete_id", ()), ["athlete_id"])):
            assert (
                warehouse.create_table_as("m", sql, description="", columns=columns, split_by=split_by) == 1
            )
            assert engine.client.get_table(f"{engine.dataset}.m").clustering_fields == fields
        assert stored(warehouse, name="m") == [{"athlete_id": "7", "rides": 1}]


@pytest.mark.bigquery_emulator
def test_a_merge_names_its_athletes_so_that_others_are_not_read(
    engine: BigQueryEngine, behind: Front
) -> None:
    with warehouse_at(behind.address, engine.dataset) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        merge(warehouse, batch([ride("1", LATE, "h2"), ride("2", athlete_id="it's 8")]))
        assert sorted(row["hash"] for row in stored(warehouse)) == ["h1", "h2"]
    named = r"T.`athlete_id` IN ('7', 'it\'s 8')"
    sent = [json.loads(body) for body in behind.bodies if '"MERGE INTO' in body]
    assert [named in job["configuration"]["query"]["query"] for job in sent] == [True]


@pytest.mark.bigquery_emulator
def test_a_report_names_the_job_and_what_it_is_billed_by(engine: BigQueryEngine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        assert [report.kind for report in warehouse.take_reports()] == ["LOAD", "INSERT"]
        merge(warehouse, batch([ride("1")]))
        reports = warehouse.take_reports()
        assert [report.kind for report in reports] == ["LOAD", "SELECT", "MERGE"]
        merged = reports[-1]
        assert merged.job_id is not None
        job = engine.client.get_job(merged.job_id)
        assert job.labels == {"application": "strava_assets", "statement": "merge"}
        assert merged.bytes_processed is not None
        assert warehouse.estimate("SELECT * FROM rides") >= 0


@pytest.mark.bigquery_emulator
def test_a_dry_run_runs_nothing(engine: BigQueryEngine) -> None:
    with engine.open() as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
        warehouse.estimate("DELETE FROM rides WHERE TRUE")
        assert len(stored(warehouse)) == 1
