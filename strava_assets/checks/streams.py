"""The checks of `activity_streams`: recordings that are sound, rides that have theirs, what was set aside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from strava_assets.data_checks import Check, Finding, Subject

# A look at the newest suffices: the older ones were the newest once, and files do not change.
NEWEST = 20
# Newest come first, so that even a long first fetch has the last weeks' rides soon.
RECENT_DAYS = 30
# A ride of the last day may not have been fetched yet.
SETTLED_DAYS = 1
MOST_WITH_STREAMS = 0.9


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


def recent_rides_have_streams(subject: Subject) -> Finding:
    """Rides with a power meter have their streams: the recent ones by now, the others as the quota allows."""
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
        )
        """,
        since=now - timedelta(days=RECENT_DAYS),
        until=now - timedelta(days=SETTLED_DAYS),
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
)

_OF_FETCHING = Check(
    "rides_have_streams",
    f"Of the rides with a power meter of the last {RECENT_DAYS} days, nine in ten have their streams.",
    recent_rides_have_streams,
    warn=True,
)


def checks_of(which: str) -> tuple[Check, ...]:
    """The checks that make sense where the streams of `which` activities are fetched: power, all or none."""
    return CHECKS if which == "none" else (*CHECKS, _OF_FETCHING)
