"""The checks of `bq_activities`: what must hold before anything is computed, and what deserves a look."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.data_checks import Check, Finding, Subject, offenders
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import ColumnType
from strava_assets.schema.rules import LONG_EFFORT_S
from strava_assets.schema.sports import sport_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Beyond a professional's best when held for twenty minutes.
MOST_WATTS = 550
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
    listings = [m for m in subject.landing.manifests() if m.complete and m.source == "api"]
    conclusions = [subject.landing.conclusion(manifest) for manifest in listings]
    latest = next((conclusion for conclusion in reversed(conclusions) if conclusion), None)
    rows = [{"activity_id": activity_id} for activity_id in latest.held_back] if latest else []
    return Finding.none_of(
        rows,
        "activities that Strava no longer lists but that are kept",
        advice="So many at once may be a fault of Strava's or another account, so nothing was deleted. "
        "If they are really gone, launch the job full_listing with confirm_deletions set to true on "
        "bq_activities, or run: strava-assets sync --full --confirm-deletions",
    )


def no_date_is_in_the_future(subject: Subject) -> Finding:
    """No activity began later than tomorrow; a device with a wrong clock makes such."""
    return subject.none_of(
        "activities that begin in the future",
        """
        SELECT activity_id, start_date, name FROM bq_activities
        WHERE deleted_at IS NULL AND start_date > @tomorrow ORDER BY start_date
        """,
        tomorrow=datetime.now(UTC) + timedelta(days=1),
    )


def the_power_meter_still_reports(power_sports: "Sequence[str] | None") -> "Callable[[Subject], Finding]":
    """The share of rides without measured power has not jumped: a dead battery is noticed within weeks.

    Args:
        power_sports: the sports whose measured watts count, as set.
    """

    def look(subject: Subject) -> Finding:
        from strava_assets.warehouse.engine import Typed

        # Of the settings and not of the table sport_rules, so that the check works before that is there.
        sports = [rule["sport_type"] for rule in sport_rules(power_sports) if rule["counts_for_power"]]
        [share] = subject.rows(
            _WITHOUT_POWER, today=datetime.now(UTC).date(), sports=Typed(sports, ColumnType.TEXT)
        )
        recent, usual = share["recent_share"] or 0.0, share["usual_share"]
        threshold = min(1.0, (1.0 if usual is None else usual) + 0.5)
        message = f"{recent:.0%} of the last four weeks' {share['recent']} rides are without measured power"
        message += "." if usual is None else f"; in the year before it was {usual:.0%}."
        return Finding(
            round(recent, 4), round(threshold, 4), share["recent"] < 5 or recent <= threshold, message
        )

    return look


_WITHOUT_POWER = """
WITH rides AS (
  SELECT activity_date, device_watts IS TRUE AS measured,
    DATE_DIFF(@today, activity_date, DAY) AS days_ago
  FROM bq_activities
  WHERE deleted_at IS NULL AND sport_type IN UNNEST(@sports) AND NOT COALESCE(manual, FALSE)
)
SELECT
  COUNTIF(days_ago BETWEEN 0 AND 27) AS recent,
  SAFE_DIVIDE(COUNTIF(days_ago BETWEEN 0 AND 27 AND NOT measured), COUNTIF(days_ago BETWEEN 0 AND 27))
    AS recent_share,
  SAFE_DIVIDE(
    COUNTIF(days_ago BETWEEN 28 AND 392 AND NOT measured), COUNTIF(days_ago BETWEEN 28 AND 392)
  ) AS usual_share
FROM rides
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
        "no_future_dates",
        "No activity begins later than tomorrow.",
        no_date_is_in_the_future,
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


def checks_of(power_sports: "Sequence[str] | None") -> tuple[Check, ...]:
    """The checks, where the measured watts of these sports count."""
    reporting = Check(
        "power_meter_reports",
        "The share of rides without measured power has not jumped by half against the year before.",
        the_power_meter_still_reports(power_sports),
        warn=True,
    )
    return (*CHECKS, reporting)
