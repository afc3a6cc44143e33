"""From recordings to the tables of their seconds: new and changed ones are computed, obsolete ones removed.

An interruption at any point loses nothing: recordings are written in batches, the row that says that one is
done last, and the next run continues.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import pyarrow as pa

from strava_assets.history.merged_files import recordings_by_activity
from strava_assets.history.recording_inputs import RecordingInputs, inputs_by_activity
from strava_assets.history.recording_rows import (
    MeasuredRecording,
    after_work_rows,
    best_rows,
    recording_row,
    ride_row,
)
from strava_assets.power.measure import measure_ride
from strava_assets.power.recording import measure_recording
from strava_assets.power.running import flat_ground_speed
from strava_assets.power.seconds import Floats, lay_out
from strava_assets.schema import ColumnType
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from strava_assets.schema import Table
    from strava_assets.streams import Key, StreamEntry, StreamStore
    from strava_assets.warehouse.engine import Warehouse

logger = logging.getLogger("strava_assets.history")

# A batch's bests are some 80,000 rows; fewer rides would be more statements, more would be more memory.
_BATCH_RECORDINGS = 500
_REMOVED_AT_ONCE = 5_000

_CHANNELS = ("t_s", "watts", "heartrate_bpm")
_CHANNELS_OF_RUNS = (*_CHANNELS, "distance_m", "altitude_m")

# The row of the ride last: what is left by a crash in between is found by it.
_OF_RIDES = (RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER)


@dataclass(frozen=True)
class RidePowerReport:
    """What a run did, in numbers that plot.

    Args:
        computed: recordings that were new, or whose samples or figures had changed.
        unchanged: all other recordings of active activities.
        removed: rides or recordings that are no longer there, or no longer count.
        recorded_s: seconds of recordings computed.
    """

    computed: int
    unchanged: int
    removed: int
    recorded_s: int


def compute_ride_power(
    warehouse: Warehouse,
    store: StreamStore,
    now: datetime,
    *,
    power_sports: Sequence[str] | None = None,
    athlete_ids: Collection[str] | None = None,
    progress: Callable[[str], None] = logger.info,
) -> RidePowerReport:
    """Bring the tables up to what the store and the athlete's figures say.

    `recording_zones` has a row for every recording of an active activity; the other tables have the rides of
    power sports with measured power. Memory holds one recording and one batch's results.

    Args:
        warehouse: with `bq_activities`; the tables are created or extended to the registry.
        store: the recordings.
        now: the present, aware UTC, for `computed_at`.
        power_sports: the sports whose measured watts count; every cycle without a motor by default.
        athlete_ids: the athletes whose rows are brought up to date; all by default.
        progress: called with a line per batch.

    Raises:
        StreamsError: a part of the store is damaged; the recordings before it are computed.
    """
    for table in (ATHLETE_PROFILE, *_OF_RIDES, RECORDING_ZONES):
        warehouse.ensure(table)
    stored = {
        key: entry
        for key, entry in recordings_by_activity(warehouse, store.entries()).items()
        if entry.status == "stored" and (athlete_ids is None or key[0] in athlete_ids)
    }
    inputs = inputs_by_activity(warehouse, stored, power_sports)
    digests = {key: own.digest(stored[key]) for key, own in inputs.items()}
    rides = {key for key, own in inputs.items() if own.is_ride and "watts" in stored[key].channels}
    done = stored_digests(warehouse, RECORDING_ZONES, athlete_ids)
    done_rides = stored_digests(warehouse, RIDE_POWER, athlete_ids)
    obsolete, obsolete_rides = done.keys() - inputs.keys(), done_rides.keys() - rides
    remove_activities(warehouse, _OF_RIDES, obsolete_rides)
    remove_activities(warehouse, (RECORDING_ZONES,), obsolete)
    due = [
        key
        for key, digest in digests.items()
        if done.get(key) != digest or (key in rides and done_rides.get(key) != digest)
    ]
    measured = _measured(store, {key: stored[key] for key in due}, inputs, digests)
    computed, recorded_s = 0, 0
    while batch := list(islice(measured, _BATCH_RECORDINGS)):
        _write(warehouse, batch, now)
        computed += len(batch)
        recorded_s += sum(recording.figures.recorded_s for recording in batch)
        progress(f"Figures from seconds: {computed} of {len(due)} recordings")
    return RidePowerReport(computed, len(inputs) - len(due), len(obsolete | obsolete_rides), recorded_s)


def stored_digests(
    warehouse: Warehouse, table: Table, athlete_ids: Collection[str] | None = None
) -> dict[Key, str]:
    """The digest of what each stored row was computed from, by its activity; of some athletes or of all."""
    query = f"SELECT athlete_id, activity_id, inputs_digest FROM {table.name}"  # noqa: S608 - the registry's name
    return {
        (row["athlete_id"], row["activity_id"]): row["inputs_digest"]
        for batch in warehouse.query_batches(query)
        for row in batch.to_pylist()
        if athlete_ids is None or row["athlete_id"] in athlete_ids
    }


def remove_activities(warehouse: Warehouse, tables: Sequence[Table], keys: Iterable[Key]) -> None:
    """Remove the rows of these activities, from one table after the other."""
    removed = sorted(keys)
    for first in range(0, len(removed), _REMOVED_AT_ONCE):
        names = ["/".join(key) for key in removed[first : first + _REMOVED_AT_ONCE]]
        with warehouse.transaction():
            for table in tables:
                warehouse.execute(removal_from(table), {"names": Typed(names, ColumnType.TEXT)})


def removal_from(table: Table) -> str:
    """The statement that removes activities, given as `athlete/activity` in `names`."""
    return f"DELETE FROM {table.name} WHERE CONCAT(athlete_id, '/', activity_id) IN UNNEST(@names)"  # noqa: S608 - the registry's name


def _measured(
    store: StreamStore,
    due: dict[Key, StreamEntry],
    inputs: dict[Key, RecordingInputs],
    digests: dict[Key, str],
) -> Iterator[MeasuredRecording]:
    # A merged file's recording is stored under the file's id.
    activities = {entry.key: key for key, entry in due.items()}
    runs = [entry for key, entry in due.items() if inputs[key].is_run]
    others = [entry for key, entry in due.items() if not inputs[key].is_run]
    for entry, recording in chain(store.read(others, _CHANNELS), store.read(runs, _CHANNELS_OF_RUNS)):
        key = activities[entry.key]
        yield _measure(key, entry, digests[key], recording, inputs[key])


def _measure(
    key: Key, entry: StreamEntry, digest: str, recording: pa.Table, inputs: RecordingInputs
) -> MeasuredRecording:
    t_s = recording.column("t_s").to_numpy()
    watts = channel(recording, "watts") if inputs.has_own_power else None
    seconds = lay_out(t_s, watts, channel(recording, "heartrate_bpm"))
    distance_m = channel(recording, "distance_m") if inputs.is_run else None
    speed = (
        None
        if distance_m is None
        else flat_ground_speed(t_s, distance_m, channel(recording, "altitude_m"), seconds.timeline)
    )
    power = None
    if inputs.is_ride and watts is not None:
        power = measure_ride(
            seconds,
            ftp_w=inputs.ftp_w,
            threshold_heartrate_bpm=inputs.thresholds.heartrate_bpm,
            weight_kg=inputs.weight_kg,
        )
    figures = measure_recording(seconds, inputs.thresholds, ride=power, is_run=inputs.is_run, speed=speed)
    return MeasuredRecording(key, entry.source, digest, inputs, figures, power)


def channel(recording: pa.Table, name: str) -> Floats | None:
    """A channel with NaN where it is missing; None without any value."""
    column = recording.column(name)
    values: Floats = column.to_numpy()
    return None if column.null_count == len(column) else values


def _write(warehouse: Warehouse, batch: list[MeasuredRecording], now: datetime) -> None:
    rides = [(each, each.power) for each in batch if each.power is not None]
    by_key = [(each.key, power) for each, power in rides]
    with warehouse.transaction():
        if rides:
            # A ride that was cut shorter has fewer bests than before.
            remove_activities(warehouse, _OF_RIDES[:-1], (key for key, _ in by_key))
            _merge(warehouse, RIDE_BESTS, best_rows(by_key), latest="energy_j")
            _merge(warehouse, RIDE_BESTS_AFTER_WORK, after_work_rows(by_key), latest="energy_j")
            _merge(warehouse, RIDE_POWER, _rows(RIDE_POWER, [ride_row(*ride) for ride in rides], now))
        _merge(warehouse, RECORDING_ZONES, _rows(RECORDING_ZONES, [*map(recording_row, batch)], now))


def _rows(table: Table, rows: list[dict[str, object]], now: datetime) -> pa.RecordBatch:
    dated = [row | {"computed_at": now} for row in rows]
    return pa.RecordBatch.from_pylist(dated, schema=arrow_schema(table.columns))


def _merge(warehouse: Warehouse, table: Table, rows: pa.RecordBatch, *, latest: str = "computed_at") -> None:
    if rows.num_rows:
        warehouse.merge(table, [rows], latest=latest, wins="TRUE", changed="TRUE")
