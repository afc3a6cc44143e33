"""Checks Dagster: the daemon, the schedule, dead runs, the last sync and the last run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.assets.attributes import FRESH
from strava_assets.assets.failures import was_interrupted
from strava_assets.cli.checkups.finding import Finding, broken, ok, spoken, warning
from strava_assets.cli.instance import CONFIGURATION, SHIPPED, configuration_is_edited
from strava_assets.execution.pools import holders_of
from strava_assets.execution.recovery import find_dead_runs
from strava_assets.execution.tags import PROCESS_TAG
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.settings import Settings

# Daemons send a heartbeat twice a minute. Dagster itself reports a stopped daemon only half an hour later.
ALIVE_WITHIN = timedelta(seconds=90)
SCHEDULE = "sync_every_6_hours"
START = "Start it with make run."
SYNC = "Run strava-assets sync."
RESTART = "Stop make run and start it again."
SEE_LOG = "See the run's log in the UI, under Runs."
REMEDY_PREFIX = "What to do: "
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def look(settings: Settings) -> Iterator[Finding]:
    """Check Dagster's home. Nothing is created there."""
    home = settings.dagster_home.absolute()
    if not (home / "dagster.yaml").is_file():
        yield warning("dagster", f"Nothing has run yet: there is no {home}.", START)
        return
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield ok("dagster", f"Its home is {home}.")
        if configuration_is_edited(home):
            yield ok(
                "dagster",
                f"{CONFIGURATION} has changes of yours; {SHIPPED} beside it is the version that ships.",
            )
        alive = yield from _daemon(instance)
        yield _schedule(instance, alive=alive)
        yield from _dead_runs(instance)
        yield from _held_pools(instance)
        yield _records(instance, home, settings.keep_runs_days)
        yield last_sync(instance)
        yield from _streams(instance)
        yield from _last_run(instance)


def last_heartbeat(instance: dg.DagsterInstance) -> datetime | None:
    """The last heartbeat of a daemon of this home, aware UTC; None if there was none."""
    beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
    return datetime.fromtimestamp(max(beats), UTC) if beats else None


def _daemon(instance: dg.DagsterInstance) -> Any:
    beat = last_heartbeat(instance)
    if beat is None:
        yield warning("daemon", "It has never run, so nothing is synced by itself.", START)
        return False
    if datetime.now(UTC) - beat > ALIVE_WITHIN:
        yield warning("daemon", f"It is not running; its last sign of life was {_ago(beat)} ago.", START)
        return False
    statuses = instance.get_daemon_statuses()
    silent = sorted(name for name, status in statuses.items() if status.required and not status.healthy)
    faults = [error for s in statuses.values() if s.last_heartbeat for error in s.last_heartbeat.errors or ()]
    if faults:
        first = faults[0].message.strip().splitlines()[0]
        yield broken("daemon", f"It runs, with an error: {first}", RESTART)
    elif silent:
        yield broken("daemon", f"Parts of it hang: {', '.join(silent)}.", RESTART)
    else:
        yield ok("daemon", "Running.")
    return True


def _schedule(instance: dg.DagsterInstance, *, alive: bool) -> Finding:
    states = {s.instigator_name: s.status.value for s in instance.all_instigator_state()}
    state = states.get(SCHEDULE)
    if state is None:
        return warning("schedule", "It has never been switched on.", START)
    if state == "STOPPED":
        return warning("schedule", "It is switched off.", "Switch it on in the UI, under Automation.")
    return ok("schedule", "Every six hours." if alive else "Switched on; it ticks while the daemon runs.")


def _dead_runs(instance: dg.DagsterInstance) -> Iterator[Finding]:
    """Runs whose process was killed. Later runs wait for the pools they hold."""
    for dead in find_dead_runs(instance):
        process = dead.run.tags.get(PROCESS_TAG, "its process")
        holds = f" It still holds the pool {' and '.join(dead.pools)}." if dead.pools else ""
        message = f"The run {dead.run.job_name} ({dead.run.run_id[:8]}) was killed: {process} is gone.{holds}"
        yield broken("dead run", message, "Run strava-assets doctor --fix; the next command does it as well.")


def _held_pools(instance: dg.DagsterInstance) -> Iterator[Finding]:
    for pool in sorted(instance.event_log_storage.get_concurrency_keys()):
        if holders := holders_of(instance, pool):
            yield ok("pool", f"{pool} is held by {' and '.join(map(str, holders))}.")


def _records(instance: dg.DagsterInstance, home: Path, keep_days: int) -> Finding:
    """The size of the run records and how fast they grow."""
    size_mb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
    runs = instance.get_runs_count()
    message = f"{counted(runs, 'run')}, {size_mb:,.1f} MB. They are removed after {keep_days} days."
    oldest = instance.get_run_records(limit=1, ascending=True)
    if oldest:
        days = (datetime.now(UTC) - oldest[0].create_timestamp).total_seconds() / 86_400
        if days >= 1:
            message += f" They have grown by {size_mb / days:,.1f} MB a day."
    return ok("run records", message)


def last_sync(instance: dg.DagsterInstance) -> Finding:
    """The result and the age of the last sync; of several athletes that of one."""
    event = instance.get_latest_materialization_event(dg.AssetKey("raw_activities"))
    if event is None or event.asset_materialization is None:
        return warning("last sync", "There was none yet.", SYNC)
    values = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    ended = datetime.fromtimestamp(event.timestamp, UTC)
    message = f"{_ago(ended)} ago, {values['mode']}: "
    if "activities" in values:
        message += f"{values['activities']} activities in {values['calls']} calls."
    else:
        message += str(values["why"])
    if "stopped_by" in values:
        stopped_by = values["stopped_by"]
        return warning("last sync", f"{message} It stopped: {stopped_by}", "Run strava-assets sync then.")
    if datetime.now(UTC) - ended > FRESH.fail_window.to_timedelta():
        return warning(
            "last sync", f"{message} The data is not fresh.", "Run strava-assets sync or make run."
        )
    return ok("last sync", message)


def _streams(instance: dg.DagsterInstance) -> Iterator[Finding]:
    """The progress of fetching streams, from the metadata of its last run."""
    event = instance.get_latest_materialization_event(dg.AssetKey("activity_streams"))
    if event is None or event.asset_materialization is None:
        return
    values: dict[str, Any] = {
        name: value.value for name, value in event.asset_materialization.metadata.items()
    }
    remaining = values["remaining"]
    message = f"{values['with_streams']:,} activities have their streams"
    if not remaining:
        yield ok("fetching", f"{message}; none is waiting.")
    elif "expected_done" not in values:
        yield ok("fetching", f"{message}, {remaining:,} are waiting for the next sync.")
    else:
        done = datetime.fromtimestamp(values["expected_done"], UTC)
        message += f", {remaining:,} are waiting."
        yield ok(
            "fetching", f"{message} At the pace of the quota all are there by {done:%Y-%m-%d %H:%M} UTC."
        )


def _last_run(instance: dg.DagsterInstance) -> Iterator[Finding]:
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED), limit=1)
    if not records:
        return
    [record] = records
    run = record.dagster_run
    ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
    when = f"{_ago(ended)} ago ({run.job_name})"
    if run.status is dg.DagsterRunStatus.SUCCESS:
        yield ok("last run", f"Succeeded {when}.")
    elif run.status is dg.DagsterRunStatus.CANCELED:
        yield warning("last run", f"Was canceled {when}.", SYNC)
    else:
        yield _failure(instance, run.run_id, when)


def _failure(instance: dg.DagsterInstance, run_id: str, when: str) -> Finding:
    """The failed step's own message and remedy, if it has them."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        if was_interrupted(entry.get_dagster_event()):
            return warning("last run", f"Was interrupted {when}.", SYNC)
        data = entry.get_dagster_event().step_failure_data
        description = data.user_failure_data.description if data.user_failure_data else None
        if description:
            happened, _, remedy = description.partition(REMEDY_PREFIX)
            return broken("last run", f"Failed {when}: {' '.join(happened.split())}", remedy or SEE_LOG)
        if data.error and data.error.cls_name != "DagsterAssetCheckFailedError":
            return broken("last run", f"Failed {when}: {data.error.cls_name} in {entry.step_key}.", SEE_LOG)
    return broken("last run", f"Failed {when}.", "See its checks and log in the UI, under Runs.")


def _ago(moment: datetime) -> str:
    return spoken(datetime.now(UTC) - moment)
