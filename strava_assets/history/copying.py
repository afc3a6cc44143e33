"""Moves the history to another warehouse: rebuilds it there from the landing and compares the two row by row.

Only what the landing does not hold is carried over: the FTP and weight that Strava's profile showed on
earlier days. Marts and the tables made of the streams are made again by the next run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strava_assets.history.verify import MOST_NAMED, HistoryVerifier, PlaceResult
from strava_assets.plurals import counted
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES
from strava_assets.schema.mart_inputs import ATHLETE_GEAR, ATHLETE_OBSERVATIONS
from strava_assets.warehouse.comparing import read_table, row_differences
from strava_assets.warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.schema import Table
    from strava_assets.warehouse.engine import Warehouse


class NothingToCopyError(WarehouseError):
    """The source holds no history."""

    def __init__(self, source: Warehouse) -> None:
        super().__init__(
            f"There is no history in {source.address} to copy.",
            means="Nothing was changed.",
            remedy="Correct where it is (the home's folder, or project and dataset), or run a sync there.",
        )


class TargetHasHistoryError(WarehouseError):
    """The target has loaded what the source never saw; copying would mix two histories."""

    def __init__(self, source: Warehouse, target: Warehouse, batches: int) -> None:
        super().__init__(
            f"{target.address} has loaded {batches:,} batches that {source.address} does not know.",
            means="It has a history of its own or is the newer one. Nothing was changed.",
            remedy=f"Copy the other way round, name an empty place, or drop the tables in {target.address}.",
        )


def copy_history(
    landing: Landing,
    open_source: Callable[[], AbstractContextManager[Warehouse]],
    target: Warehouse,
    now: datetime,
    *,
    week_start: str,
    expires: bool,
    progress: Callable[[str, int, int | None], None],
) -> Iterator[PlaceResult]:
    """Rebuild the history in another warehouse and compare; yields what the comparison of each place showed.

    A copy that was interrupted goes on with the first batch that is not loaded yet. The source is only read.

    Args:
        landing: what both are built from.
        open_source: opens the warehouse that has the history.
        target: where it goes; tables are made when missing.
        now: aware UTC.
        week_start: `monday` or `sunday`, as set.
        expires: whether rows expire, as for `HistoryVerifier`.
        progress: called with what is done, how much of it, and of how much where that is known.

    Raises:
        NothingToCopyError: the source holds no history.
        TargetHasHistoryError: the target has loaded batches that the source does not know.
        StravaAssetsError: a place cannot be read or written, or a sync ran meanwhile.
    """
    with open_source() as source:
        if not source.exists(ACTIVITIES.name):
            raise NothingToCopyError(source)
        if unknown := _batches(target) - _batches(source):
            raise TargetHasHistoryError(source, target, len(unknown))
        remedy = (
            "See that no sync runs, run strava-assets rebuild on the old warehouse, and copy again. If that "
            f"does not help, drop the tables in {target.address} first."
        )
        for table in (ATHLETE_OBSERVATIONS, ATHLETE_GEAR):
            if source.exists(table.name):
                yield _carry_observations(table, source, target, remedy)
    verifier = HistoryVerifier(
        landing, open_source, week_start=week_start, expires=expires, progress=progress
    )
    for result in verifier.verify(target, now):
        of_table = result.differences and result.place != "landing"
        yield replace(result, remedy=remedy) if of_table else result


def _batches(warehouse: Warehouse) -> set[str]:
    if not warehouse.exists(LOADED_BATCHES.name):
        return set()
    return set(warehouse.query("SELECT batch_id FROM loaded_batches").column("batch_id").to_pylist())


def _carry_observations(table: Table, source: Warehouse, target: Warehouse, remedy: str) -> PlaceResult:
    """Copy what Strava's profile said on days that are over; the landing does not hold it."""
    target.ensure(table)
    rows = list(read_table(source, table))
    target.merge(table, rows, wins="TRUE", changed="TRUE", latest="observed_on")
    differences = list(row_differences(table, source, target))
    named = [f"The row of {', '.join(map(str, row.key.values()))} differs." for row in differences]
    count = sum(batch.num_rows for batch in rows)
    checked = f"{counted(count, 'row')} copied and compared."
    return PlaceResult(table.name, checked, len(named), tuple(named[:MOST_NAMED]), remedy if named else "")
