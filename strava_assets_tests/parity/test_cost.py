"""What a sync costs on BigQuery, from the statements it really sends and BigQuery's rule of ten megabytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

from strava_assets_tests.parity.comparing import MARTS, stored

if TYPE_CHECKING:
    from strava_assets_tests.parity.conftest import Sample

pytestmark = [pytest.mark.deep, pytest.mark.bigquery_emulator, pytest.mark.xdist_group("bigquery_emulator")]

LEAST_BILLED = 10 * 2**20
"""Bytes BigQuery bills for a table a query names, at least."""
FREE_A_MONTH = 2**40
SYNCS_A_MONTH = 4 * 31
ACTIVITIES = 5_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "bigquery.md"


def billed(sql: str, activities_bytes: int) -> int:
    """Bytes a statement is billed by, at most: whole tables, also where it reads a few columns."""
    statement = sqlglot.parse_one(sql, dialect="bigquery")
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        return 0
    own = {part.alias for part in statement.find_all(exp.CTE)}
    target = statement.find(exp.Table)
    if target and isinstance(statement, exp.Create | exp.Insert):
        # What is only written is not billed.
        own.add(target.name)
    named = {table.name for table in statement.find_all(exp.Table)} - own
    for name in named & {mart.name for mart in MARTS.values() if mart.is_view}:
        named |= set(MARTS[name].depends_on)
    sizes = {"bq_activities": max(LEAST_BILLED, activities_bytes)}
    return sum(sizes.get(name, LEAST_BILLED) for name in named) or LEAST_BILLED


def test_syncing_every_six_hours_stays_far_inside_the_free_tier(sample: Sample) -> None:
    rows = stored(sample.on_duckdb, "bq_activities")
    activities_bytes = rows.nbytes * ACTIVITIES // rows.num_rows

    a_sync = sum(billed(sql, activities_bytes) for sql, _ in sample.sent)

    summary = f"{len(sample.sent)} statements, {a_sync / 2**20:,.0f} MB a sync"
    assert a_sync * SYNCS_A_MONTH < FREE_A_MONTH / 2, summary
    written = re.search(r"sends (\d+) statements.* ([\d,]+) MB at\s+most", DOCUMENT.read_text(), re.DOTALL)
    assert written
    documented = [int(number.replace(",", "")) for number in written.groups()]
    assert documented == pytest.approx([len(sample.sent), a_sync / 2**20], rel=0.1), summary
