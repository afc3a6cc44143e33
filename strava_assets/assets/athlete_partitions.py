"""The athletes as Dagster's partitions, once there are several; with one athlete nothing is partitioned.

The athletes' index is the truth. `align_partitions` makes the instance's partitions those of the index, and
`all_athletes` names them all in the tags of one run, so that a step walks through its athletes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "athletes"
ATHLETES = dg.DynamicPartitionsDefinition(name=_NAME)

PARTITIONED = frozenset(
    {
        *("raw_activities", "archive_activities", "inbox_activities"),
        *("activity_streams", "ride_power", "ride_bests", "ride_bests_after_work", "recording_zones"),
        *("ride_w_balance", "insights_report"),
    }
)
"""The assets with a partition for each athlete. Tables that all athletes share are loaded at once."""

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def with_partitions(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The same asset with a partition for each athlete, if it is one of `PARTITIONED`.

    A launch for several athletes is one run.
    """
    if not {key.to_user_string() for key in asset.keys} <= PARTITIONED:
        return asset
    partitioned = asset.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=ATHLETES))
    return partitioned.with_attributes(backfill_policy=dg.BackfillPolicy.single_run())


def align_partitions(instance: dg.DagsterInstance, athlete_ids: Sequence[str]) -> None:
    """Make the instance's partitions those of the index; with one athlete there are none."""
    wanted = list(athlete_ids) if len(athlete_ids) > 1 else []
    existing = instance.get_dynamic_partitions(_NAME)
    for athlete_id in existing:
        if athlete_id not in wanted:
            instance.delete_dynamic_partition(_NAME, athlete_id)
    if missing := [athlete_id for athlete_id in wanted if athlete_id not in existing]:
        instance.add_dynamic_partitions(_NAME, missing)


def all_athletes(instance: dg.DagsterInstance) -> dict[str, str]:
    """The tags of a run for all athletes; none if nothing is partitioned."""
    athlete_ids = instance.get_dynamic_partitions(_NAME)
    return {_RANGE_START: athlete_ids[0], _RANGE_END: athlete_ids[-1]} if athlete_ids else {}


def athletes_of_run(context: dg.AssetExecutionContext) -> list[str] | None:
    """The athletes that a step is launched for; None where nothing is partitioned."""
    is_partitioned = context.has_partition_key or context.has_partition_key_range
    return list(context.partition_keys) if is_partitioned else None


def one_athlete(athlete_id: str) -> dict[str, str]:
    """The tags of a run for one athlete."""
    return {"dagster/partition": athlete_id}
