"""The metadata of a materialization about its BigQuery jobs."""

from __future__ import annotations

from strava_assets.assets.query_jobs import job_metadata
from strava_assets.warehouse import JobReport


def report(kind: str, job_id: str | None, processed: int | None = None) -> JobReport:
    return JobReport(kind, seconds=0.123, rows=2, job_id=job_id, bytes_processed=processed)


def test_the_last_change_is_named_and_every_job_is_counted_and_listed() -> None:
    metadata = job_metadata(
        [
            report("LOAD", "load_1"),
            report("SELECT", "s_1", 10),
            report("MERGE", "m_1", 20),
            report("SELECT", "s_2", 5),
        ]
    )

    assert metadata["job_id"] == "m_1"
    assert metadata["bytes_processed"] == 35
    assert [record.data["job_id"] for record in metadata["jobs"].records] == ["load_1", "s_1", "m_1", "s_2"]


def test_an_engine_without_jobs_says_nothing() -> None:
    assert job_metadata([]) == {}
    assert job_metadata([report("MERGE", None)]) == {}


def test_of_a_long_rebuild_the_last_jobs_are_listed_and_all_are_counted() -> None:
    metadata = job_metadata([report("MERGE", f"m_{number}", 1) for number in range(500)])

    assert metadata["bytes_processed"] == 500
    assert [record.data["job_id"] for record in metadata["jobs"].records][-1] == metadata["job_id"] == "m_499"
    assert len(metadata["jobs"].records) == 50
