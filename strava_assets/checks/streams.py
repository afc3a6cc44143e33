"""The checks of `activity_streams`: recordings that are sound and complete, rides that have theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from strava_assets.data_checks import Check, Finding, Subject
from strava_assets.schema.columns import ColumnType
from strava_assets.schema.sports import sports_with_power
from strava_assets.schema.streams import ACTIVITY_STREAMS
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Sequence

# A look at the newest suffices: the older ones were the newest once, and files do not change.
NEWEST = 20
# Newest come first, so that even a long first fetch has the last weeks' rides soon.
RECENT_DAYS = 30
# A ride of the last day may not have been fetched yet.
SETTLED_DAYS = 1
MOST_WITH_STREAMS = 0.9
# Sensors drop out for some seconds; more than this share is missing only if something is wrong.
MIN_COVERED = 0.95


def recordings_are_sound(subject: Subject) -> Finding:
    """The newest recordings hold what the index says, and their times strictly increase."""
    from strava_assets.streams import fault_of

    entries = [entry for entry in subject.streams.entries().values() if entry.status == "stored"]
    newest = sorted(entries, key=lambda entry: (entry.fetched_at, entry.key))[-NEWEST:]
    rows = [
        {"activity_id": entry.activity_id, "reason": reason, "part": entry.part}
        for entry, recording in subject.streams.read(newest)
        if (reason := fault_of(entry, recording))
    ]
    finding = Finding.none_of(rows, "recordings that are not sound")
    if not finding.passed:
        return finding
    return replace(finding, message=f"The newest {len(newest)} recordings are sound.")


def recent_rides_have_streams(subject: Subject, power_sports: "Sequence[str] | None" = None) -> Finding:
    """Rides with a power meter have their streams: the recent ones by now, the others as the quota allows.

    Only power sports count, whose streams are fetched before all others.
    """
    now = datetime.now(UTC)
    [counts] = subject.rows(
        """
        SELECT
          COUNT(*) AS rides,
          COUNTIF(has_streams) AS with_streams,
          COUNTIF(is_recent) AS recent,
          COUNTIF(is_recent AND has_streams) AS recent_with_streams
        FROM (
          SELECT
            COALESCE(s.status = 'stored', FALSE) AS has_streams,
            a.start_date BETWEEN @since AND @until AS is_recent
          FROM bq_activities AS a
          LEFT JOIN activity_streams AS s
            ON s.athlete_id = a.athlete_id AND s.activity_id = a.activity_id
          WHERE a.deleted_at IS NULL AND a.merged_into IS NULL
            AND a.device_watts AND NOT COALESCE(a.manual, FALSE)
            AND a.sport_type IN UNNEST(@power_sports)
        )
        """,
        since=now - timedelta(days=RECENT_DAYS),
        until=now - timedelta(days=SETTLED_DAYS),
        power_sports=Typed(sports_with_power(power_sports), ColumnType.TEXT),
    )
    recent, rides = counts["recent"], counts["rides"]
    share = counts["recent_with_streams"] / recent if recent else 1.0
    message = (
        f"{counts['with_streams']} of {rides} rides with a power meter have their streams; of the {recent} "
        f"of the last {RECENT_DAYS} days, {counts['recent_with_streams']}."
    )
    return Finding(round(share, 3), MOST_WITH_STREAMS, share >= MOST_WITH_STREAMS, message)


def nothing_is_unreadable(subject: Subject) -> Finding:
    """No recording was set aside; one that was is asked for again when its activity changes."""
    return subject.none_of(
        "activities whose recording could not be read",
        """
        SELECT s.activity_id, a.activity_date, a.name, s.source, s.origin, s.reason
        FROM activity_streams AS s
        LEFT JOIN bq_activities AS a ON a.athlete_id = s.athlete_id AND a.activity_id = s.activity_id
        WHERE s.status = 'unreadable'
        ORDER BY a.activity_date DESC, s.activity_id
        """,
    )


_COMPARED = """
  SELECT
    a.activity_id, a.activity_date, a.name, a.device_watts, a.average_heartrate_bpm, a.average_cadence_rpm,
    a.distance_m, a.elapsed_time_s, COALESCE(s.origin, s.source) AS origin, s.samples, s.watts_samples,
    s.heartrate_samples, s.cadence_samples, s.elapsed_s AS recorded_s,
    COALESCE(s.distance_m, 0) AS recorded_m
  FROM bq_activities AS a
  JOIN activity_streams AS s ON s.athlete_id = a.athlete_id AND s.activity_id = a.activity_id
  WHERE a.deleted_at IS NULL AND s.status = 'stored' AND s.elapsed_s IS NOT NULL
    -- The activity of a file is made of its recording, which says nothing new.
    AND a.source != 'file'
"""
# Measure, when the activity names it, and the share of it that the recording covers.
_COMPARED_MEASURES = (
    ("power", "device_watts", "watts_samples / samples"),
    ("heart rate", "average_heartrate_bpm > 0", "heartrate_samples / samples"),
    ("cadence", "average_cadence_rpm > 0", "cadence_samples / samples"),
    ("distance", "distance_m > 0", "recorded_m / distance_m"),
    ("elapsed time", "elapsed_time_s > 0", "recorded_s / elapsed_time_s"),
)
_AGREEMENT_SQL = " UNION ALL ".join(
    f"SELECT activity_id, activity_date, name, '{measure}' AS measure, {share} AS covered, origin "  # noqa: S608 - constants of ours
    f"FROM ({_COMPARED}) WHERE {is_named} AND {share} < @least"
    for measure, is_named, share in _COMPARED_MEASURES
)


def recordings_agree_with_activities(subject: Subject) -> Finding:
    """A recording covers what its activity's summary names."""
    # A table of an earlier version lacks the columns until its next refresh.
    subject.warehouse.ensure(ACTIVITY_STREAMS)
    return subject.none_of(
        f"measures of which a recording covers under {MIN_COVERED:.0%}",
        f"{_AGREEMENT_SQL} ORDER BY activity_date DESC, activity_id, measure",
        advice="The recording lost the sensor, or the device writes it in a way that is not read. Compare it "
        "with the activity's page on Strava, and report the device if the sensor is there.",
        least=MIN_COVERED,
    )


CHECKS = (
    Check(
        "recordings_sound",
        f"The newest {NEWEST} recordings hold as many samples in every stream as the index says, and their "
        "times strictly increase.",
        recordings_are_sound,
        blocking=True,
    ),
    Check(
        "nothing_unreadable",
        "Every recording could be read. One that could not be is set aside with its reason.",
        nothing_is_unreadable,
        warn=True,
    ),
    Check(
        "recordings_agree",
        "A recording covers 95 % or more of the power, heart rate, cadence, distance and elapsed time that "
        "its activity names. Otherwise a sensor was lost or read wrongly.",
        recordings_agree_with_activities,
        warn=True,
    ),
)


def checks_of(which: str, power_sports: "Sequence[str] | None" = None) -> tuple[Check, ...]:
    """The checks that make sense with some settings.

    Args:
        which: the activities whose streams are fetched: power, all or none.
        power_sports: the sports whose measured watts count; every cycle without a motor by default.
    """
    if which == "none":
        return CHECKS
    of_fetching = Check(
        "rides_have_streams",
        f"Of the rides with a power meter of the last {RECENT_DAYS} days, nine in ten have their streams.",
        partial(recent_rides_have_streams, power_sports=power_sports),
        warn=True,
    )
    return (*CHECKS, of_fetching)
