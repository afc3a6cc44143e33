"""Rides that came twice, as a file and from Strava: Strava's row counts, the file's does not.

The decision is a function of the rows alone, made again after every load. So the order of the imports does
not matter, and a rebuild decides the same. A merged file's recording serves Strava's activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.schema.rules import SQL_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.streams import Key, StreamEntry
    from strava_assets.warehouse.engine import Warehouse

_HAS_FILES = "SELECT COUNT(*) AS files FROM bq_activities WHERE source = 'file'"
# As in activity_measures: an activity lasts as long as it was in motion, and a typed-in start proves nothing.
_MARK = """
UPDATE bq_activities SET merged_into = matches.merged_into
FROM (
  SELECT f.athlete_id, f.activity_id, MIN(s.activity_id) AS merged_into
  FROM bq_activities AS f
  LEFT JOIN bq_activities AS s
    ON s.athlete_id = f.athlete_id
    AND s.source != 'file'
    AND s.deleted_at IS NULL
    AND NOT COALESCE(s.manual, FALSE)
    AND s.moving_time_s BETWEEN 1 AND @longest_s
    AND 2 * (
      LEAST(UNIX_SECONDS(f.start_date) + f.moving_time_s, UNIX_SECONDS(s.start_date) + s.moving_time_s)
      - GREATEST(UNIX_SECONDS(f.start_date), UNIX_SECONDS(s.start_date))
    ) > LEAST(f.moving_time_s, s.moving_time_s)
  WHERE f.source = 'file'
  GROUP BY f.athlete_id, f.activity_id
) AS matches
WHERE bq_activities.athlete_id = matches.athlete_id
  AND bq_activities.activity_id = matches.activity_id
  AND COALESCE(bq_activities.merged_into, '') != COALESCE(matches.merged_into, '')
"""
_MERGED = "SELECT athlete_id, activity_id, merged_into FROM bq_activities WHERE merged_into IS NOT NULL"


def mark_merged(warehouse: Warehouse) -> None:
    """Decide which file each of Strava's activities is the same as, and write it into `merged_into`."""
    [count] = warehouse.query(_HAS_FILES).to_pylist()
    if count["files"]:
        warehouse.execute(_MARK, {"longest_s": SQL_RULES["longest_recording_s"]})


def recordings_by_activity(
    warehouse: Warehouse, entries: Mapping[Key, StreamEntry]
) -> dict[Key, StreamEntry]:
    """The recording of each activity: a merged file's serves Strava's activity, if that has none of its own.

    Args:
        warehouse: contains `bq_activities`.
        entries: the entries of the store, by the key under which they are stored.
    """
    recordings = dict(entries)
    merged = {
        (row["athlete_id"], row["activity_id"]): (row["athlete_id"], row["merged_into"])
        for row in warehouse.query(_MERGED).to_pylist()
    }
    # Power before none, then the longer recording, then the smaller id.
    candidates = sorted(
        (entry for key in merged if (entry := entries.get(key)) and entry.status == "stored"),
        key=lambda entry: ("watts" not in entry.channels, -entry.samples, entry.key),
    )
    for entry in candidates:
        activity = merged[entry.key]
        if activity not in recordings or recordings[activity].status != "stored":
            recordings[activity] = recordings.pop(entry.key)
    return recordings
