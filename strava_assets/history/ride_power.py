"""From recordings to `ride_power` and `ride_bests`: what is new or changed is computed, what is gone removed.

Whatever stops it loses nothing: rides are written in batches, a ride's row last, and the next run goes on.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from strava_assets.history.merged_files import recordings_by_activity
from strava_assets.power import METHOD
from strava_assets.power.measure import RidePower, measure
from strava_assets.schema import ColumnType
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
from strava_assets.schema.ride_power import BEST_EFFORTS_S, RIDE_BESTS, RIDE_POWER
from strava_assets.schema.rules import FIGURES_BY_DATE_SQL
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from strava_assets.streams import Key, StreamEntry, StreamStore
    from strava_assets.warehouse.engine import Warehouse

logger = logging.getLogger("strava_assets.history")

# A batch's bests are some 80,000 rows; fewer rides would be more statements, more would be more memory.
_BATCH_RIDES = 500
_REMOVED_AT_ONCE = 5_000

_CHANNELS = ("t_s", "watts", "heartrate_bpm")

_RIDES = f"""
WITH figures AS (
{FIGURES_BY_DATE_SQL}
)
SELECT a.athlete_id, a.activity_id, f.ftp_w, f.threshold_heartrate_bpm
FROM bq_activities AS a
LEFT JOIN figures AS f
  ON f.athlete_id = a.athlete_id AND f.valid_from <= a.activity_date AND a.activity_date < f.valid_to
WHERE a.deleted_at IS NULL AND a.merged_into IS NULL AND COALESCE(a.device_watts, TRUE)
"""  # noqa: S608 - a constant of ours
_STORED_DIGESTS = "SELECT athlete_id, activity_id, inputs_digest FROM ride_power"
# The bests first: what is left by a crash in between is found by its ride's row.
_REMOVE = (
    "DELETE FROM ride_bests WHERE CONCAT(athlete_id, '/', activity_id) IN UNNEST(@rides)",
    "DELETE FROM ride_power WHERE CONCAT(athlete_id, '/', activity_id) IN UNNEST(@rides)",
)


@dataclass(frozen=True)
class RidePowerReport:
    """What a run did, in numbers that plot.

    Args:
        computed: rides that were new, or whose seconds or figures had changed.
        unchanged: all other rides with a power stream.
        removed: rides that no longer have one, or no longer live.
        recorded_s: seconds of riding computed.
    """

    computed: int
    unchanged: int
    removed: int
    recorded_s: int


class _Figures(NamedTuple):
    ftp_w: float | None
    threshold_heartrate_bpm: float | None


class _Measured(NamedTuple):
    key: Key
    source: str
    power: RidePower


def compute_ride_power(
    warehouse: Warehouse,
    store: StreamStore,
    now: datetime,
    *,
    progress: Callable[[str], None] = logger.info,
) -> RidePowerReport:
    """Bring both tables up to what the store and the athlete's figures say.

    Memory holds one recording and one batch's answers, however many rides there are.

    Args:
        warehouse: with `bq_activities`; the two tables are created or extended to the registry.
        store: the recordings.
        now: the present, aware UTC, for `computed_at`.
        progress: called with a line per batch.

    Raises:
        StreamsError: a part of the store is damaged; the rides before it are computed.
    """
    for table in (ATHLETE_PROFILE, RIDE_POWER, RIDE_BESTS):
        warehouse.ensure(table)
    stored = {
        key: entry
        for key, entry in recordings_by_activity(warehouse, store.entries()).items()
        if entry.status == "stored" and "watts" in entry.channels
    }
    figures = _figures_by_ride(warehouse, stored)
    rides = {key: entry for key, entry in stored.items() if key in figures}
    digests = {key: _digest(entry, figures[key]) for key, entry in rides.items()}
    stored_digests = _stored_digests(warehouse)
    removed = stored_digests.keys() - rides.keys()
    _remove(warehouse, removed)
    # A merged file's recording is stored under the file's id.
    due = {entry.key: key for key, entry in rides.items() if stored_digests.get(key) != digests[key]}
    measured = (
        _Measured(due[entry.key], entry.source, _measure(recording, figures[due[entry.key]]))
        for entry, recording in store.read([rides[key] for key in due.values()], _CHANNELS)
    )
    computed, recorded_s = 0, 0
    while batch := list(islice(measured, _BATCH_RIDES)):
        _write(warehouse, batch, digests, now)
        computed += len(batch)
        recorded_s += sum(ride.power.recorded_s for ride in batch)
        progress(f"Power from seconds: {computed} of {len(due)} rides")
    return RidePowerReport(computed, len(rides) - len(due), len(removed), recorded_s)


def _figures_by_ride(warehouse: Warehouse, among: Collection[Key]) -> dict[Key, _Figures]:
    """The figures of the day of each of these that lives and whose power was not estimated."""
    return {
        key: _Figures(row["ftp_w"], row["threshold_heartrate_bpm"])
        for batch in warehouse.query_batches(_RIDES)
        for row in batch.to_pylist()
        if (key := (row["athlete_id"], row["activity_id"])) in among
    }


def _stored_digests(warehouse: Warehouse) -> dict[Key, str]:
    return {
        (row["athlete_id"], row["activity_id"]): row["inputs_digest"]
        for batch in warehouse.query_batches(_STORED_DIGESTS)
        for row in batch.to_pylist()
    }


def _digest(entry: StreamEntry, figures: _Figures) -> str:
    """What a ride's figures are made of; another one calls for them again."""
    inputs = (METHOD, entry.version, entry.source, figures.ftp_w, figures.threshold_heartrate_bpm)
    return hashlib.blake2b(repr(inputs).encode(), digest_size=16).hexdigest()


def _measure(recording: pa.Table, figures: _Figures) -> RidePower:
    heartrate = recording.column("heartrate_bpm")
    return measure(
        recording.column("t_s").to_numpy(),
        recording.column("watts").to_numpy(),
        None if heartrate.null_count == len(heartrate) else heartrate.to_numpy(),
        ftp_w=figures.ftp_w,
        threshold_heartrate_bpm=figures.threshold_heartrate_bpm,
    )


def _remove(warehouse: Warehouse, keys: Iterable[Key]) -> None:
    removed = sorted(keys)
    for first in range(0, len(removed), _REMOVED_AT_ONCE):
        with warehouse.transaction():
            for statement in _REMOVE:
                warehouse.execute(statement, {"rides": _named(removed[first : first + _REMOVED_AT_ONCE])})


def _named(keys: Iterable[Key]) -> Typed:
    return Typed(["/".join(key) for key in keys], ColumnType.TEXT)


def _write(warehouse: Warehouse, batch: list[_Measured], digests: dict[Key, str], now: datetime) -> None:
    rows = [_row(ride) | {"inputs_digest": digests[ride.key], "computed_at": now} for ride in batch]
    always = {"wins": "TRUE", "changed": "TRUE"}
    with warehouse.transaction():
        # A ride that was cut shorter has fewer bests than before.
        warehouse.execute(_REMOVE[0], {"rides": _named(ride.key for ride in batch)})
        warehouse.merge(RIDE_BESTS, [_best_rows(batch)], latest="energy_j", **always)
        power = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(RIDE_POWER.columns))
        warehouse.merge(RIDE_POWER, [power], latest="computed_at", **always)


_FIELDS = tuple(
    field.name for field in fields(RidePower) if field.name in {column.name for column in RIDE_POWER.columns}
)


def _row(ride: _Measured) -> dict[str, Any]:
    """A row of `ride_power`, but for what the books say of it."""
    (athlete_id, activity_id), source, power = ride
    row: dict[str, Any] = {"athlete_id": athlete_id, "activity_id": activity_id, "source": source}
    row |= {name: getattr(power, name) for name in _FIELDS}
    row |= {f"best_{seconds}s_w": power.bests.watts_over(seconds) for seconds in BEST_EFFORTS_S}
    for zones, seconds_in_zones in (
        ("power_zone", power.power_zones_s),
        ("heartrate_zone", power.heartrate_zones_s),
    ):
        row |= {f"{zones}_{zone}_s": spent for zone, spent in enumerate(seconds_in_zones or (), 1)}
    return row


def _best_rows(batch: list[_Measured]) -> pa.RecordBatch:
    counts = [len(ride.power.bests.duration_s) for ride in batch]
    keys = np.repeat(np.array([ride.key for ride in batch], object), counts, axis=0)
    columns = {
        name: np.concatenate([getattr(ride.power.bests, name) for ride in batch])
        for name in ("duration_s", "energy_j", "watts", "begins_at_s")
    }
    return pa.RecordBatch.from_pydict(
        {"athlete_id": keys[:, 0], "activity_id": keys[:, 1], **columns},
        schema=arrow_schema(RIDE_BESTS.columns),
    )
