"""W' balance of rides: by which critical power and W' of the day, and what has to be computed again.

It is computed after the mart `power_profile_progress`, whose fits it uses. The fits are made of bests alone,
so nothing depends on itself.
"""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pyarrow as pa

from strava_assets.history.merged_files import recordings_by_activity
from strava_assets.history.ride_power import channel, remove_activities, stored_digests
from strava_assets.power import METHOD
from strava_assets.power.seconds import lay_out
from strava_assets.power.w_balance import WBalance, w_balance
from strava_assets.schema.ride_power import RIDE_W_BALANCE
from strava_assets.schema.rules import FIGURES_BY_DATE_SQL
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import date, datetime

    from strava_assets.streams import Key, StreamEntry, StreamStore
    from strava_assets.warehouse.engine import Warehouse

logger = logging.getLogger("strava_assets.history")

_BATCH_RIDES = 5_000
_CHANNELS = ("t_s", "watts")

_RIDES = f"""
WITH figures AS (
{FIGURES_BY_DATE_SQL}
)
SELECT p.athlete_id, p.activity_id, p.inputs_digest, p.quality = 'good' AS is_good, a.activity_date,
  f.critical_power_w, f.w_prime_kj
FROM ride_power AS p
INNER JOIN bq_activities AS a
  ON a.athlete_id = p.athlete_id AND a.activity_id = p.activity_id
LEFT JOIN figures AS f
  ON f.athlete_id = a.athlete_id AND f.valid_from <= a.activity_date AND a.activity_date < f.valid_to
"""  # noqa: S608 - a constant of ours
_GOOD_FITS = """
SELECT athlete_id, week, critical_power_w, w_prime_kj
FROM power_profile_progress
WHERE fit_quality = 'good'
ORDER BY athlete_id, week
"""


@dataclass(frozen=True)
class WBalanceReport:
    """What a run did.

    Args:
        computed: rides whose balance was new or had changed, with or without figures of the day.
        unchanged: all other rides.
        removed: rides that are no longer in `ride_power`.
        without_figures: rides of all these without critical power and W', or without good power.
    """

    computed: int
    unchanged: int
    removed: int
    without_figures: int


class _Capacity(NamedTuple):
    """Critical power and W' of a day, and where they are from."""

    critical_power_w: float
    w_prime_kj: float
    figures_source: Literal["athlete", "fit"]
    fit_week: date | None = None
    fit_age_days: int | None = None


class _Ride(NamedTuple):
    """A ride's inputs: without capacity there is no balance."""

    power_digest: str
    capacity: _Capacity | None

    @property
    def digest(self) -> str:
        """Another digest requires another computation."""
        return hashlib.blake2b(repr((METHOD, self)).encode(), digest_size=16).hexdigest()


def compute_w_balance(
    warehouse: Warehouse,
    store: StreamStore,
    now: datetime,
    *,
    athlete_ids: Collection[str] | None = None,
    progress: Callable[[str], None] = logger.info,
) -> WBalanceReport:
    """Bring `ride_w_balance` up to what recordings, figures and fits say.

    Args:
        warehouse: with `ride_power` and `power_profile_progress`.
        store: the recordings.
        now: the present, aware UTC, for `computed_at`.
        athlete_ids: the athletes whose rows are brought up to date; all by default.
        progress: called with a line per batch.

    Raises:
        StreamsError: a part of the store is damaged; the rides before it are computed.
    """
    warehouse.ensure(RIDE_W_BALANCE)
    rides = {
        key: ride for key, ride in _rides(warehouse).items() if athlete_ids is None or key[0] in athlete_ids
    }
    done = stored_digests(warehouse, RIDE_W_BALANCE, athlete_ids)
    removed_rides = done.keys() - rides.keys()
    remove_activities(warehouse, (RIDE_W_BALANCE,), removed_rides)
    due = {key: ride for key, ride in rides.items() if done.get(key) != ride.digest}
    rows = _rows(warehouse, store, due)
    computed = 0
    while batch := list(islice(rows, _BATCH_RIDES)):
        dated = [row | {"computed_at": now} for row in batch]
        table = pa.RecordBatch.from_pylist(dated, schema=arrow_schema(RIDE_W_BALANCE.columns))
        warehouse.merge(RIDE_W_BALANCE, [table], latest="computed_at", wins="TRUE", changed="TRUE")
        computed += len(batch)
        progress(f"W' balance: {computed} of {len(due)} rides")
    without = sum(ride.capacity is None for ride in rides.values())
    return WBalanceReport(len(due), len(rides) - len(due), len(removed_rides), without)


def _rides(warehouse: Warehouse) -> dict[Key, _Ride]:
    fits: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in warehouse.query(_GOOD_FITS).to_pylist():
        fits[row["athlete_id"]].append(row)
    return {
        (row["athlete_id"], row["activity_id"]): _Ride(
            row["inputs_digest"], _capacity(row, fits[row["athlete_id"]]) if row["is_good"] else None
        )
        for batch in warehouse.query_batches(_RIDES)
        for row in batch.to_pylist()
    }


def _capacity(ride: Mapping[str, Any], fits: list[dict[str, Any]]) -> _Capacity | None:
    """The athlete's own figures of the day, or the newest good fit to a week that ended before it."""
    if ride["critical_power_w"] and ride["w_prime_kj"]:
        return _Capacity(ride["critical_power_w"], ride["w_prime_kj"], "athlete")
    last_day = timedelta(days=6)
    place = bisect_left(fits, ride["activity_date"], key=lambda fit: fit["week"] + last_day)
    if not place:
        return None
    fit = fits[place - 1]
    age_days = (ride["activity_date"] - fit["week"] - last_day).days
    return _Capacity(fit["critical_power_w"], fit["w_prime_kj"], "fit", fit["week"], age_days)


def _rows(warehouse: Warehouse, store: StreamStore, due: Mapping[Key, _Ride]) -> Iterator[dict[str, Any]]:
    """A row of `ride_w_balance` for each ride, without the time of its computation."""
    recordings: dict[Key, StreamEntry] = recordings_by_activity(warehouse, store.entries()) if due else {}
    with_capacity = {
        recordings[key].key: (key, ride) for key, ride in due.items() if ride.capacity and key in recordings
    }
    read = {key for key, _ in with_capacity.values()}
    yield from (_identity(key, ride) for key, ride in due.items() if key not in read)
    for entry, recording in store.read([recordings[key] for key in read], _CHANNELS):
        key, ride = with_capacity[entry.key]
        if ride.capacity:
            balance = _balance(recording, ride.capacity)
            yield _identity(key, ride) | ride.capacity._asdict() | _columns(balance, ride.capacity)


def _identity(key: Key, ride: _Ride) -> dict[str, Any]:
    return {"athlete_id": key[0], "activity_id": key[1], "inputs_digest": ride.digest}


def _balance(recording: pa.Table, capacity: _Capacity) -> WBalance:
    seconds = lay_out(recording.column("t_s").to_numpy(), channel(recording, "watts"))
    return w_balance(seconds.watts, seconds.at_s, capacity.critical_power_w, 1_000 * capacity.w_prime_kj)


def _columns(balance: WBalance, capacity: _Capacity) -> dict[str, Any]:
    return {
        "lowest_balance_kj": balance.lowest_j / 1_000,
        "lowest_balance_share": balance.lowest_j / 1_000 / capacity.w_prime_kj,
        "below_quarter_s": balance.low_s,
        "matches": balance.matches,
        "work_above_kj": balance.work_above_j / 1_000,
    }
