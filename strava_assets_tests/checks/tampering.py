"""For every asset check a change of the warehouse (or the landing) that it must not overlook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from strava_assets.landing import Conclusion, Landing
from strava_assets.marts import catalog
from strava_assets.schema.columns import ColumnType
from strava_assets.streams import StreamEntry, StreamStore
from strava_assets_tests.chain import ATHLETE

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.marts.catalog import Mart
    from strava_assets_tests.chain import Chain

    Tamper = Callable[[Chain], None]

ONE_RIDE = "(SELECT MIN(activity_id) FROM bq_activities WHERE device_watts)"

# What the sample athlete may have none of.
A_PAIR = (
    "INSERT INTO suspicious_activities (athlete_id, activity_id, reason, other_activity_id) "
    "SELECT MIN(athlete_id), '1', 'clock_hours_off', '2' FROM bq_activities"
)
A_PLAN = (
    "INSERT INTO planned_form BY NAME SELECT (SELECT MIN(athlete_id) FROM daily_load) AS athlete_id, "
    "DATE '2027-01-01' + days_ahead::INTEGER AS day, days_ahead, 0.0 AS planned_load, "
    "50.0 AS projected_fitness_ctl, 50.0 AS projected_fatigue_atl, 0.0 AS projected_form_tsb "
    "FROM range(1, 9) AS days(days_ahead)"
)


def sql(*statements: str) -> Tamper:
    """Statements, run on the file itself."""
    return lambda chain: chain.tamper(*statements)


def of_one_ride(assignment: str) -> Tamper:
    """A wrong value in one ride with a power meter."""
    return sql(f"UPDATE bq_activities SET {assignment} WHERE activity_id = {ONE_RIDE}")  # noqa: S608 - constants


def doubled(table: str) -> Tamper:
    """A row that stands twice."""
    return sql(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")  # noqa: S608 - the registry's names


def a_listing_was_held_back(chain: Chain) -> None:
    """The latest listing lacked more activities than the guard believes."""
    landing = Landing(chain.settings().landing_address)
    landing.conclude(landing.manifests()[-1], Conclusion(deleted=(), held_back=("4711",)))


def a_clock_that_went_back(chain: Chain) -> None:
    """A recording came into the store whose times do not increase."""
    store = StreamStore(chain.settings().streams_address)
    newest = max(store.entries().values(), key=lambda entry: entry.fetched_at)
    [(entry, recording)] = store.read([newest])
    with store.writer() as writer:
        later = replace(entry, fetched_at=entry.fetched_at + timedelta(hours=1), version="")
        writer.add(later, recording.take(list(reversed(range(recording.num_rows)))))


def an_export_gave(status: Literal["stored", "unreadable"]) -> Tamper:
    """The streams' store has an entry from an export whose rows never landed."""

    def tamper(chain: Chain) -> None:
        store = StreamStore(chain.settings().streams_address)
        entry = StreamEntry(
            athlete_id=str(ATHLETE),
            activity_id="4711",
            year=2026,
            status=status,
            source="archive",
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            fingerprint="",
            origin="activities/1.fit",
            reason="the FIT file is damaged" if status == "unreadable" else None,
        )
        with store.writer() as writer:
            writer.add(entry, None)

    return tamper


BY_HAND: dict[tuple[str, str], Tamper] = {
    ("archive_activities", "recordings_read"): an_export_gave("unreadable"),
    ("archive_activities", "imports_finished"): an_export_gave("stored"),
    ("bq_activities", "ids_unique"): doubled("bq_activities"),
    ("bq_activities", "schema_as_registered"): sql("ALTER TABLE bq_activities ADD COLUMN odd BIGINT"),
    ("bq_activities", "required_values"): sql(
        "ALTER TABLE bq_activities ALTER COLUMN week DROP NOT NULL",
        f"UPDATE bq_activities SET week = NULL WHERE activity_id = {ONE_RIDE}",  # noqa: S608 - constants
    ),
    ("bq_activities", "agrees_with_landing"): sql(
        f"DELETE FROM bq_activities WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("bq_activities", "nothing_set_aside"): sql(
        "INSERT INTO rejected_records (record_hash, reason, record, source, batch_id, fetched_at) "
        "VALUES ('1f', 'distance: a text for a number', '{}', 'api', 'b', now())"
    ),
    ("bq_activities", "no_deletions_held_back"): a_listing_was_held_back,
    ("bq_activities", "no_future_dates"): of_one_ride("activity_date = current_date + 3"),
    ("bq_activities", "no_ancient_dates"): of_one_ride("activity_date = DATE '1970-01-01'"),
    ("bq_activities", "plausible_power"): of_one_ride("average_watts = 600"),
    ("bq_activities", "power_and_work_agree"): of_one_ride("kilojoules = kilojoules * 2"),
    ("bq_activities", "moving_within_elapsed"): of_one_ride("elapsed_time_s = moving_time_s - 1"),
    ("bq_activities", "power_meter_reports"): sql(
        "UPDATE bq_activities SET device_watts = FALSE WHERE activity_date > current_date - 28"
    ),
    ("activity_streams", "recordings_sound"): a_clock_that_went_back,
    ("activity_streams", "nothing_unreadable"): sql(
        f"UPDATE activity_streams SET status = 'unreadable', reason = 'odd' WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("activity_streams", "recordings_agree"): sql(
        f"UPDATE activity_streams SET heartrate_samples = samples / 2 WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("activity_streams", "rides_have_streams"): sql(
        "DELETE FROM activity_streams WHERE activity_id IN "
        "(SELECT activity_id FROM bq_activities WHERE activity_date > current_date - 20)"
    ),
    ("athlete_profile", "one_figure_a_day"): sql(
        "INSERT INTO athlete_profile SELECT * REPLACE (valid_from + 1 AS valid_from) FROM athlete_profile"
    ),
    ("athlete_profile", "ftp_known"): sql("UPDATE athlete_profile SET ftp_w = NULL"),
    ("ride_power", "key_unique"): doubled("ride_power"),
    ("ride_power", "numbers_finite"): sql("UPDATE ride_power SET xpower_w = 'NaN'"),
    ("ride_power", "normalized_at_least_average"): sql(
        "UPDATE ride_power SET normalized_power_w = average_watts / 2"
    ),
    ("ride_power", "seconds_agree_with_summary"): sql(
        f"UPDATE ride_power SET work_j = work_j * 2 WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("ride_bests", "key_unique"): doubled("ride_bests"),
    ("ride_bests", "numbers_finite"): sql("UPDATE ride_bests SET watts = 'Infinity'"),
    ("ride_bests", "energy_never_falls"): sql(
        "UPDATE ride_bests SET energy_j = energy_j / 2 WHERE duration_s = 1200"
    ),
    ("ride_bests", "multiple_no_stronger"): sql(
        "UPDATE ride_bests SET energy_j = energy_j * 2 WHERE duration_s >= 1800"
    ),
    ("ride_bests_after_work", "key_unique"): doubled("ride_bests_after_work"),
    ("ride_bests_after_work", "numbers_finite"): sql("UPDATE ride_bests_after_work SET watts = 'NaN'"),
    ("ride_bests_after_work", "no_stronger_than_fresh"): sql(
        "UPDATE ride_bests SET energy_j = 1 WHERE duration_s = 300"
    ),
    ("ride_bests_after_work", "more_work_no_stronger"): sql(
        "INSERT INTO ride_bests_after_work SELECT * REPLACE (3000 AS after_work, energy_j + 1 AS energy_j) "
        "FROM ride_bests_after_work WHERE after_work = 1000"
    ),
    ("recording_zones", "key_unique"): doubled("recording_zones"),
    ("recording_zones", "numbers_finite"): sql("UPDATE recording_zones SET heart_rate_load = 'NaN'"),
    ("recording_zones", "three_zones_are_seven"): sql(
        f"UPDATE recording_zones SET power_s = recorded_s + 1 WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("recording_zones", "agrees_with_ride_power"): sql(
        f"DELETE FROM recording_zones WHERE activity_id = {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("ride_w_balance", "key_unique"): doubled("ride_w_balance"),
    ("ride_w_balance", "numbers_finite"): sql("UPDATE ride_w_balance SET w_prime_kj = 'Infinity'"),
    ("ride_w_balance", "balance_possible"): sql(
        "UPDATE ride_w_balance SET critical_power_w = 250, lowest_balance_kj = NULL"
    ),
    ("ride_w_balance", "balance_near_zero_at_least"): sql(
        "UPDATE ride_w_balance SET lowest_balance_share = -0.51, figures_source = 'athlete'"
    ),
    ("durability", "late_no_stronger"): sql("UPDATE durability SET watts = fresh_watts + 1"),
    ("durability", "bests_of_living_rides"): sql("UPDATE durability SET activity_id = '4711'"),
    ("intensity_distribution", "seconds_conserved"): sql(
        "UPDATE intensity_distribution SET recorded_s = recorded_s + 1"
    ),
    ("intensity_distribution", "gaps_are_named"): sql(
        "UPDATE intensity_distribution SET missing_recordings = 100"
    ),
    ("weekly_watts", "weeks_contiguous"): sql(
        "DELETE FROM weekly_watts WHERE week = (SELECT MIN(week) + 21 FROM weekly_watts)"
    ),
    ("weekly_watts", "totals_conserved"): sql(
        "UPDATE weekly_watts SET distance_m = distance_m + 1 "
        "WHERE week = (SELECT MIN(week) FROM weekly_watts)"
    ),
    ("weekly_watts", "averages_within_rides"): sql("UPDATE weekly_watts SET average_watts = 400"),
    ("weekly_watts", "normalized_within_rides"): sql(
        "UPDATE weekly_watts SET normalized_power_w = 900 WHERE normalized_power_w IS NOT NULL"
    ),
    ("weekly_watts", "percentages_have_a_base"): sql("UPDATE weekly_watts SET average_watts_previous = NULL"),
    ("weekly_watts", "plausible_power_per_kg"): sql("UPDATE activity_measures SET weight_kg = 25"),
    ("daily_load", "days_contiguous"): sql(
        "DELETE FROM daily_load WHERE day = (SELECT MIN(day) + 21 FROM daily_load)"
    ),
    ("daily_load", "fitness_recomputed"): sql("UPDATE daily_load SET fitness_ctl = fitness_ctl + 1"),
    ("ftp_estimates", "estimates_rest_on_rides"): sql(
        "UPDATE ftp_estimates SET best_1200s_w = best_1200s_w + 1"
    ),
    ("ftp_estimates", "ftp_up_to_date"): sql("UPDATE ftp_estimates SET proposed_ftp_w = 300, ftp_w = 250"),
    ("activity_measures", "figures_follow_their_rule"): sql(
        "UPDATE activity_measures SET figures_from = 'summary', figures_reason = 'work_differs' "  # noqa: S608 - constants
        f"WHERE activity_id = {ONE_RIDE}"
    ),
    ("activity_measures", "load_is_tss_where_known"): sql(
        "UPDATE activity_measures SET load_method = 'tss', tss = training_load + 1 "  # noqa: S608 - constants
        f"WHERE activity_id = {ONE_RIDE}"
    ),
    ("suspicious_activities", "nothing_counts_twice"): sql(A_PAIR),
    ("suspicious_activities", "key_unique"): sql(A_PAIR, A_PAIR),
    ("planned_form", "days_contiguous"): sql(A_PLAN, "DELETE FROM planned_form WHERE days_ahead = 4"),
    ("planned_form", "key_unique"): sql(A_PLAN, A_PLAN),
    ("planned_form", "numbers_finite"): sql(A_PLAN, "UPDATE planned_form SET projected_form_tsb = 'NaN'"),
    # The plan rests and fitness stays: no exponential mean does that.
    ("planned_form", "projection_recomputed"): sql(A_PLAN),
    ("power_curve", "bests_of_living_rides"): sql(
        f"UPDATE power_curve SET activity_id = {ONE_RIDE} WHERE activity_id != {ONE_RIDE}"  # noqa: S608 - constants
    ),
    ("power_curve", "no_ride_stronger"): sql(
        "UPDATE power_curve SET watts = watts - 1 WHERE period = 'all_time' AND duration_s = 300"
    ),
    ("power_curve", "longer_no_weaker"): sql("UPDATE power_curve SET watts = 1 WHERE period_kind = 'year'"),
    ("power_profile_progress", "weeks_contiguous"): sql(
        "DELETE FROM power_profile_progress WHERE week = (SELECT MIN(week) + 21 FROM power_profile_progress)"
    ),
    ("power_profile_progress", "bests_of_living_rides"): sql(
        "UPDATE power_profile_progress SET best_300s_ride_id = '4711'"
    ),
    ("power_profile_progress", "fits_plausible"): sql(
        "UPDATE power_profile_progress SET critical_power_w = 300, w_prime_kj = 90, fit_quality = 'good'"
    ),
    ("power_profile_progress", "critical_power_below_best_20_minutes"): sql(
        "UPDATE power_profile_progress SET critical_power_w = best_1200s_w"
    ),
    ("power_profile_progress", "critical_power_recomputed"): sql(
        # A fit that may be shown, whatever the sample's rides were like.
        "UPDATE power_profile_progress SET critical_power_w = 999"
    ),
    ("sport_overview", "totals_conserved"): sql("UPDATE sport_overview SET activities = activities + 1"),
    ("personal_records", "records_live"): sql("UPDATE personal_records SET activity_id = '4711'"),
    ("weekly_watts", "no_double_recordings"): sql(
        "INSERT INTO activity_measures SELECT * REPLACE (activity_id || '1' AS activity_id, "  # noqa: S608 - constants
        "TRUE AS is_duplicate, activity_id AS duplicate_of) FROM activity_measures "
        f"WHERE activity_id = {ONE_RIDE}"
    ),
    ("quarterly_overview", "quarters_contiguous"): sql(
        "DELETE FROM quarterly_overview "
        "WHERE quarter = (SELECT MIN(quarter) + INTERVAL 3 MONTH FROM quarterly_overview)"
    ),
    ("quarterly_overview", "totals_conserved"): sql("UPDATE quarterly_overview SET rides = rides + 1"),
    ("quarterly_overview", "averages_within_rides"): sql(
        "UPDATE quarterly_overview SET average_watts = NULL"
    ),
    ("quarterly_overview", "normalized_within_rides"): sql(
        "UPDATE quarterly_overview SET normalized_power_w = NULL"
    ),
    ("quarterly_overview", "eddington_conserved"): sql(
        "UPDATE quarterly_overview SET eddington_km_end = eddington_km_end + 1"
    ),
    ("quarterly_overview", "percentages_have_a_base"): sql(
        "UPDATE quarterly_overview SET average_watts_previous = 0"
    ),
}


def every() -> dict[tuple[str, str], Tamper]:
    """All tamperings, including those for the checks that every mart has."""
    tamperings: dict[tuple[str, str], Tamper] = {}
    for mart in catalog.load():
        # A view has no rows of its own to tamper with, so a table replaces it.
        stored = _view_as_table(mart.name) if mart.is_view else []
        tamperings[mart.name, "key_unique"] = sql(
            *stored,
            f"INSERT INTO {mart.name} SELECT * FROM {mart.name} LIMIT 1",  # noqa: S608 - the catalog's names
        )
        column = _first_float(mart)
        if column:
            tamperings[mart.name, "numbers_finite"] = sql(*stored, f"UPDATE {mart.name} SET {column} = 'NaN'")  # noqa: S608 - the catalog's names
    return tamperings | BY_HAND


def _view_as_table(name: str) -> list[str]:
    return [
        f"CREATE TABLE copied AS SELECT * FROM {name}",  # noqa: S608 - the catalog's names
        f"DROP VIEW {name}",
        f"ALTER TABLE copied RENAME TO {name}",
    ]


def _first_float(mart: Mart) -> str | None:
    return next((column.name for column in mart.columns if column.type is ColumnType.FLOAT), None)
