"""Every statement that goes to BigQuery is one by Google's own SQL analyzer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from strava_assets.history import deletions, merged_files, retention, ride_power
from strava_assets.report import athlete_overview
from strava_assets.schema import ColumnType
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RIDE_W_BALANCE
from strava_assets.schema.tables import TABLES
from strava_assets.warehouse import statements
from strava_assets_tests.parity import googlesql
from strava_assets_tests.parity.comparing import MARTS

if TYPE_CHECKING:
    from strava_assets_tests.parity.conftest import Sample

pytestmark = [
    pytest.mark.bigquery_emulator,
    pytest.mark.xdist_group("bigquery_emulator"),
    pytest.mark.skipif(bool(googlesql.why_missing()), reason=googlesql.why_missing()),
]

RARE: dict[str, dict[str, str]] = {
    statements.fill(ACTIVITIES, "stage_bq_activities", latest="fetched_at", json_as_text=True).sql(
        "bigquery"
    ): {},
    retention._UNCONFIRMED: {"limit": "TIMESTAMP"},
    retention._UNCONFIRMED_REJECTS: {"limit": "TIMESTAMP"},
    retention._EXPIRE: {"limit": "TIMESTAMP"},
    retention._EXPIRE_REJECTS: {"limit": "TIMESTAMP"},
    retention._FORGET: {"athlete_id": "STRING"},
    **{sql: {"batch_ids": "ARRAY<STRING>"} for sql in retention._FORGET_BATCHES},
    **{
        ride_power.removal_from(table): {"names": "ARRAY<STRING>"}
        for table in (RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RECORDING_ZONES, RIDE_W_BALANCE)
    },
    deletions._MARK: {
        "athlete_id": "STRING",
        "source": "STRING",
        "deleted_at": "TIMESTAMP",
        "ids": "ARRAY<STRING>",
    },
    merged_files._MARK: {"longest_s": "INT64"},
    athlete_overview._WEEK_ROWS: {"athlete_ids": "ARRAY<STRING>", "since": "DATE"},
    athlete_overview._LOAD_ROWS: {"athlete_ids": "ARRAY<STRING>", "today": "DATE", "before": "DATE"},
    deletions._NOT_YET_MARKED: {"source": "STRING", "ids": "ARRAY<STRING>"},
}
"""What a sound sync does not send."""

_PLACE = re.compile(r"`[a-z-]+`\.`\w+`\.")
_STAGE = re.compile(r"stage_(\w+)_[0-9a-f]{32}")


def catalog() -> dict[str, googlesql.TableOf]:
    """Every table, mart and staging table, as BigQuery knows them."""
    tables = {name: googlesql.table_of(table.columns) for name, table in TABLES.items()}
    marts = {name: googlesql.table_of(mart.columns) for name, mart in MARTS.items()}
    stages = {
        f"stage_{name}": googlesql.TableOf(
            {c.name: "STRING" if c.type is ColumnType.JSON else c.type.bigquery for c in table.columns}
            | {"staged_row": "INT64"}
        )
        for name, table in TABLES.items()
    }
    return tables | marts | stages


@pytest.mark.deep
def test_the_analyzer_knows_a_wrong_statement() -> None:
    wrong = [
        "SELECT nam FROM bq_activities",
        "SELECT name AS rows FROM bq_activities",
        "SELECT name + 1 FROM bq_activities",
    ]

    answers = googlesql.ask(catalog(), [googlesql.Statement(sql) for sql in wrong])

    assert all("error" in answer for answer in answers)


@pytest.mark.deep
def test_every_statement_of_the_chain_is_one_by_googles_own_analyzer(sample: Sample) -> None:
    sent = {
        _STAGE.sub(r"stage_\1", _PLACE.sub("", sql)): params
        for sql, params in [*sample.sent_before, *sample.sent]
    } | RARE
    kinds = {sql.split()[0] for sql in sent}

    answers = googlesql.ask(catalog(), [googlesql.Statement(sql, params) for sql, params in sent.items()])

    assert {"CREATE", "MERGE", "INSERT", "UPDATE", "DELETE", "SELECT"} <= kinds
    refused = [(answer["error"], sql) for sql, answer in zip(sent, answers, strict=True) if "error" in answer]
    assert refused == []
