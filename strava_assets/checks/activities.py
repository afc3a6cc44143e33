"""The checks of `bq_activities`: what must hold before anything is computed, and what deserves a look."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from strava_assets.data_checks import Check, Finding, Subject, offenders
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import ColumnType
from strava_assets.schema.rules import FIRST_YEAR, LONG_EFFORT_S
from strava_assets.schema.sports import sports_with_power

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Beyond a professional's best when held for twenty minutes.
MOST_WATTS = 550
FETCHED_WITHIN = timedelta(hours=13)
# With webhooks everything is listed once a week.
LISTED_WITHIN = timedelta(days=8)
# Strava rounds the three numbers that must agree; twenty recorded rides agreed within 0.06 W.
ROUNDING_W = 0.6


def schema_is_as_registered(subject: Subject) -> Finding:
    """The stored columns are the registry's, in name and type."""
    from strava_assets.warehouse.errors import ForeignSchemaError

    try:
        stored: dict[str, ColumnType] = subject.warehouse.stored_columns(ACTIVITIES.name)
    except ForeignSchemaError as foreign:
        return Finding(1, 0, passed=False, message=str(foreign))
    registered = {column.name: column.type for column in ACTIVITIES.columns}
    rows = [
        {
            "column": name,
            "stored": stored[name].name if name in stored else "missing",
            "registered": registered[name].name if name in registered else "missing",
        }
        for name in sorted(stored.keys() | registered.keys())
        if stored.get(name) is not registered.get(name)
    ]
    return Finding.none_of(rows, "columns that differ from the registry")


def required_values_are_there(subject: Subject) -> Finding:
    """No column that must have a value lacks one."""
    required = [column.name for column in ACTIVITIES.columns if not column.nullable]
    counts = ", ".join(f"COUNTIF({name} IS NULL) AS {name}" for name in required)
    [missing] = subject.rows(f"SELECT {counts} FROM bq_activities")  # noqa: S608 - the registry's names
    rows = [{"column": name, "missing": count} for name, count in missing.items() if count]
    return Finding.none_of(rows, "required columns with missing values")


def landing_and_table_agree(subject: Subject) -> Finding:
    """Every landed activity is in the table or set aside, and the table holds nothing that never landed."""
    landed: set[str] = set()
    for manifest in subject.landing.manifests():
        landed.update(manifest.activity_ids)
    stored = {row["activity_id"] for row in subject.rows("SELECT activity_id FROM bq_activities")}
    rejected = {row["activity_id"] for row in subject.rows("SELECT activity_id FROM rejected_records")}
    only_landed, only_stored = sorted(landed - stored - rejected), sorted(stored - landed)
    rows = [{"activity_id": each, "where": "landed only"} for each in only_landed]
    rows += [{"activity_id": each, "where": "table only"} for each in only_stored]
    return Finding.none_of(rows, "activities that only the landing or only the table has")


def nothing_was_set_aside(subject: Subject) -> Finding:
    """Every record could be read."""
    return subject.none_of(
        "records that could not be read and were set aside",
        "SELECT activity_id, reason, fetched_at FROM rejected_records ORDER BY fetched_at DESC",
    )


def no_deletions_are_held_back(subject: Subject) -> Finding:
    """No listing lacked so many activities that the guard kept them."""
    from strava_assets.history.deletions import held_back

    activity_ids = held_back(subject.landing, subject.landing.manifests())
    rows = [{"activity_id": activity_id} for activity_id in activity_ids]
    return Finding.none_of(
        rows,
        "activities that Strava no longer lists but that are kept",
        advice="So many at once may be a fault of Strava's or another account, so nothing was deleted. "
        "If they are really gone, launch the job full_listing with confirm_deletions set to true on "
        "bq_activities, or run: strava-assets sync --full --confirm-deletions",
    )


def no_date_is_in_the_future(timezone: str) -> "Callable[[Subject], Finding]":
    """No local date is later than tomorrow, as in the marts; a device with a wrong clock makes such.

    Args:
        timezone: the IANA name of the zone whose date is today, as set.
    """

    def look(subject: Subject) -> Finding:
        return subject.none_of(
            "activities dated in the future",
            """
            SELECT activity_id, activity_date, name FROM bq_activities
            WHERE deleted_at IS NULL AND activity_date > @tomorrow ORDER BY activity_date, activity_id
            """,
            tomorrow=datetime.now(ZoneInfo(timezone)).date() + timedelta(days=1),
        )

    return look


def no_date_is_before_recorders(subject: Subject) -> Finding:
    """No activity is dated before anybody recorded one; a device that lost its clock makes such."""
    return subject.none_of(
        f"activities dated before {FIRST_YEAR}",
        """
        SELECT activity_id, activity_date, name FROM bq_activities
        WHERE deleted_at IS NULL AND activity_date < DATE(@year, 1, 1) ORDER BY activity_date, activity_id
        """,
        advice="They are left out of every mart. Correct the date on Strava, or delete the activity there.",
        year=FIRST_YEAR,
    )


def each_athlete_is_fetched(events_address: str | None) -> "Callable[[Subject], Finding]":
    """No athlete's last successful fetch is older than two ticks of the schedule, and nobody is refused.

    While events can be expected, an athlete without one is listed once a week only. Who is refused is named
    at once: runs that leave the athlete out succeed, and materialize the partition, too.

    Args:
        events_address: the folder of the events; None in a home without webhooks.
    """

    def look(subject: Subject) -> Finding:
        from strava_assets.landing.athlete_index import AthleteIndex
        from strava_assets.webhooks.state import WebhookState

        index = AthleteIndex(subject.landing.address)
        logged_in = index.logged_in()
        states = index.states([athlete.athlete_id for athlete in logged_in])
        now = datetime.now(UTC)
        is_listening = events_address is not None and WebhookState(events_address).is_listening(now)
        rows = []
        for athlete in logged_in:
            state = states.get(athlete.athlete_id)
            succeeded_at = state.succeeded_at if state else None
            within = LISTED_WITHIN if is_listening and state and not state.trouble else FETCHED_WITHIN
            is_refused = bool(state and state.refused_since)
            # One who has just logged in is not late yet.
            if is_refused or (succeeded_at or athlete.added_at) < now - within:
                problem = state.problem if state else ""
                rows.append({"athlete": athlete.label, "last_sync": succeeded_at, "problem": problem})
        return Finding.none_of(
            rows,
            "athletes who are refused, or without a successful sync for longer than planned",
            advice="strava-assets athletes says why. The others are up to date.",
        )

    return look


def the_power_meter_still_reports(power_sports: "Sequence[str] | None") -> "Callable[[Subject], Finding]":
    """The share of rides without measured power has not jumped: a dead battery is noticed within weeks.

    Args:
        power_sports: the sports whose measured watts count, as set.
    """

    def look(subject: Subject) -> Finding:
        from strava_assets.warehouse.engine import Typed

        # Of the settings and not of the table sport_rules, so that the check works before that is there.
        sports = sports_with_power(power_sports)
        shares = subject.rows(
            _WITHOUT_POWER, today=datetime.now(UTC).date(), sports=Typed(sports, ColumnType.TEXT)
        )
        findings = [_power_share(share, names_athlete=len(shares) > 1) for share in shares]
        none = Finding(0, 1, passed=True, message="There are no rides.")
        return min(findings, key=lambda each: (each.passed, each.threshold - each.measured), default=none)

    return look


def _power_share(share: "Mapping[str, Any]", *, names_athlete: bool) -> Finding:
    """What the rides of one athlete say."""
    recent, usual = share["recent_share"] or 0.0, share["usual_share"]
    threshold = min(1.0, (1.0 if usual is None else usual) + 0.5)
    whose = f" of athlete {share['athlete_id']}" if names_athlete else ""
    message = (
        f"{recent:.0%} of the last four weeks' {share['recent']} rides{whose} are without measured power"
    )
    message += "." if usual is None else f"; in the year before it was {usual:.0%}."
    passed = share["recent"] < 5 or recent <= threshold
    return Finding(round(recent, 4), round(threshold, 4), passed, message)


_WITHOUT_POWER = """
WITH rides AS (
  SELECT athlete_id, activity_date, device_watts IS TRUE AS measured,
    DATE_DIFF(@today, activity_date, DAY) AS days_ago
  FROM bq_activities
  WHERE deleted_at IS NULL AND sport_type IN UNNEST(@sports) AND NOT COALESCE(manual, FALSE)
)
SELECT
  athlete_id,
  COUNTIF(days_ago BETWEEN 0 AND 27) AS recent,
  SAFE_DIVIDE(COUNTIF(days_ago BETWEEN 0 AND 27 AND NOT measured), COUNTIF(days_ago BETWEEN 0 AND 27))
    AS recent_share,
  SAFE_DIVIDE(
    COUNTIF(days_ago BETWEEN 28 AND 392 AND NOT measured), COUNTIF(days_ago BETWEEN 28 AND 392)
  ) AS usual_share
FROM rides
GROUP BY athlete_id
ORDER BY athlete_id
"""

CHECKS = (
    offenders(
        "ids_unique",
        "Every activity stands once and has its ids.",
        "activities that stand more than once or without an id",
        """
        SELECT athlete_id, activity_id, COUNT(*) AS times FROM bq_activities
        GROUP BY athlete_id, activity_id
        HAVING COUNT(*) > 1 OR athlete_id IS NULL OR activity_id IS NULL
        """,
    ),
    Check(
        "schema_as_registered",
        "The stored columns are those of the registry, in name and type.",
        schema_is_as_registered,
        blocking=True,
    ),
    Check(
        "required_values",
        "No column that must have a value lacks one.",
        required_values_are_there,
        blocking=True,
    ),
    Check(
        "agrees_with_landing",
        "Every landed activity is in the table or set aside; the table holds nothing that never landed.",
        landing_and_table_agree,
        blocking=True,
    ),
    Check(
        "nothing_set_aside",
        "Every record Strava sent could be read; the ones that could not are kept with their reason.",
        nothing_was_set_aside,
        warn=True,
    ),
    Check(
        "no_deletions_held_back",
        "No complete listing lacked more activities than the guard believes without a person's word.",
        no_deletions_are_held_back,
    ),
    Check(
        "no_ancient_dates",
        f"No activity is dated before {FIRST_YEAR}: it would add decades of empty weeks.",
        no_date_is_before_recorders,
        warn=True,
    ),
    offenders(
        "plausible_power",
        f"No ride of twenty minutes or more above {MOST_WATTS} W, and no negative watts.",
        "activities with implausible power",
        """
        SELECT activity_id, activity_date, average_watts, weighted_average_watts, max_watts, moving_time_s
        FROM bq_activities
        WHERE deleted_at IS NULL AND (
          average_watts < 0 OR max_watts < 0 OR weighted_average_watts < 0
          OR (device_watts AND moving_time_s >= @seconds AND average_watts > @watts)
        )
        ORDER BY activity_date DESC
        """,
        blocking=False,
        seconds=LONG_EFFORT_S,
        watts=MOST_WATTS,
    ),
    offenders(
        "power_and_work_agree",
        f"Work over moving time is the mean power, within {ROUNDING_W} W of rounding.",
        "rides whose power, time and work do not agree",
        """
        SELECT activity_id, activity_date, average_watts, kilojoules, moving_time_s,
          1000 * SAFE_DIVIDE(kilojoules, moving_time_s) AS watts_from_work
        FROM bq_activities
        WHERE deleted_at IS NULL AND device_watts AND kilojoules > 0 AND moving_time_s > 0
          AND ABS(1000 * SAFE_DIVIDE(kilojoules, moving_time_s) - average_watts) > @rounding
        ORDER BY activity_date DESC
        """,
        blocking=False,
        rounding=ROUNDING_W,
    ),
    offenders(
        "moving_within_elapsed",
        "Moving time is not above elapsed time.",
        "activities with more moving than elapsed time",
        """
        SELECT activity_id, activity_date, moving_time_s, elapsed_time_s FROM bq_activities
        WHERE deleted_at IS NULL AND moving_time_s > elapsed_time_s ORDER BY activity_date DESC
        """,
        blocking=False,
    ),
)


def checks_of(
    power_sports: "Sequence[str] | None",
    timezone: str,
    *,
    several_athletes: bool = False,
    events_address: str | None = None,
) -> tuple[Check, ...]:
    """The checks, where the measured watts of these sports count and today is this zone's."""
    fetched = Check(
        "each_athlete_fetched",
        "Every athlete who is logged in was fetched within the last 13 hours, with webhooks within eight "
        "days. Dagster's freshness is the asset's, not a partition's.",
        each_athlete_is_fetched(events_address),
        warn=True,
    )
    return (
        *CHECKS,
        *([fetched] if several_athletes else []),
        Check(
            "no_future_dates",
            "No activity is dated later than tomorrow.",
            no_date_is_in_the_future(timezone),
            warn=True,
        ),
        Check(
            "power_meter_reports",
            "The share of rides without measured power has not jumped by half against the year before.",
            the_power_meter_still_reports(power_sports),
            warn=True,
        ),
    )
