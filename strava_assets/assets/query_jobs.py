"""The BigQuery jobs of a materialization as metadata: their ids, and the bytes they are billed by.

DuckDB has no jobs and bills nothing: its metadata is empty.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.warehouse.engine import JobReport

_LISTED_JOBS = 50
"""A rebuild of a long history runs hundreds; the event log keeps the last ones."""


def job_metadata(reports: "Sequence[JobReport]") -> dict[str, Any]:
    """Metadata of a materialization: `job_id` of its last change, `bytes_processed` of all, and `jobs`."""
    jobs = [report for report in reports if report.job_id]
    if not jobs:
        return {}
    changes = [report for report in jobs if report.kind != "SELECT"] or jobs
    return {
        "job_id": str(changes[-1].job_id),
        "bytes_processed": sum(report.bytes_processed or 0 for report in jobs),
        "jobs": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "statement": report.kind,
                        "rows": report.rows,
                        "bytes_processed": report.bytes_processed or 0,
                        "seconds": round(report.seconds, 2),
                        "job_id": str(report.job_id),
                    }
                )
                for report in jobs[-_LISTED_JOBS:]
            ]
        ),
    }
