"""Sends alerts of runs: one when a run failed, one when its job succeeds again.

The daemon's sensors and the command line both report the runs they see. A run that was reported carries a
tag, and one process at a time reports a run, so that each alert is sent once.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.alerts import Message, deliver, not_delivered
from strava_assets.assets.failures import was_interrupted
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.settings import Settings

logger = logging.getLogger("strava_assets.alerts")

REPORTED = "strava_assets/alert"
"""The tag of a run that was reported: what was said, and the run's own id, for a retry inherits the tags."""
_FOLDER = "alerts"
_RUNS_LOOKED_AT = 100
_WITHOUT_A_REASON = "The run ended without saying why. See its log in the UI, under Runs."


class RunAlerts:
    """Reports runs to the receivers that the settings name.

    A plain object and no ConfigurableResource: the UI shows the fields of one, and the addresses are secrets.

    Args:
        settings: the receivers, and the home that the daemon and the commands share.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __repr__(self) -> str:
        return "RunAlerts()"

    def report_failure(self, instance: dg.DagsterInstance, run_id: str) -> bool:
        """Report that a run failed, unless it was reported before or a person stopped the run.

        Called by the daemon's sensor, by the run's own command, and by the process that finds the run dead.
        Returns whether a message was sent now.

        Raises:
            AlertNotDeliveredError: a receiver did not take it.
        """
        if not self._settings.alerts_wanted:
            return False
        with self._exclusive(run_id) as may_report:
            run = instance.get_run_by_id(run_id)
            if not may_report or run is None or _was_reported(run):
                return False
            text = _failure_text(instance, run_id)
            if text is None:
                return False
            message = Message("failed", f"strava_assets: {run.job_name} failed", text, run_id)
            self._send_of_run(instance, message)
        return True

    def report_success(self, instance: dg.DagsterInstance, run_id: str) -> bool:
        """Report that a job succeeds again, if its last failures were reported.

        Returns whether a message was sent now.

        Raises:
            AlertNotDeliveredError: a receiver did not take it.
        """
        if not self._settings.alerts_wanted:
            return False
        with self._exclusive(run_id) as may_report:
            run = instance.get_run_by_id(run_id)
            if not may_report or run is None or _was_reported(run):
                return False
            note = self._failure_note(run.job_name)
            if not note.exists() and not _was_reported_before(instance, run):
                return False
            text = "Nothing is to be done: what the failed runs missed has been caught up."
            message = Message("recovered", f"strava_assets: {run.job_name} succeeds again", text, run_id)
            self._send_of_run(instance, message)
            with suppress(OSError):
                note.unlink(missing_ok=True)
        return True

    def report_error(self, job_name: str, error: Exception) -> bool:
        """Report that a command ended before it had a run, or before the run could be recorded as failed.

        The job's next success is reported as well. Returns whether a message was sent now.

        Raises:
            AlertNotDeliveredError: a receiver did not take it.
        """
        if not self._settings.alerts_wanted:
            return False
        # The text of an error that is not ours may hold anything, secrets included.
        text = (
            str(error)
            if isinstance(error, StravaAssetsError)
            else f"It ended with {type(error).__name__}.\nWhat to do: See what the command printed."
        )
        deliveries = deliver(self._settings, Message("failed", f"strava_assets: {job_name} failed", text))
        note = self._failure_note(job_name)
        with suppress(OSError):
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            note.touch(mode=0o600)
        if problem := not_delivered(deliveries):
            raise problem
        return True

    def _send_of_run(self, instance: dg.DagsterInstance, message: Message) -> None:
        deliveries = deliver(self._settings, message)
        if any(not delivery.problem for delivery in deliveries):
            try:
                instance.add_run_tags(message.run_id, {REPORTED: f"{message.status} {message.run_id}"})
            except Exception:  # noqa: BLE001 - the message is out, and an unusable storage is reported elsewhere
                logger.warning("The run %s was reported, and that could not be noted.", message.run_id)
        if problem := not_delivered(deliveries):
            raise problem

    def _failure_note(self, job_name: str) -> Path:
        """The file that says that a failure without a run was reported."""
        return self._settings.dagster_home / _FOLDER / f"{job_name}.failed"

    @contextmanager
    def _exclusive(self, run_id: str) -> Iterator[bool]:
        """Whether this process may report the run, because no other one is doing so.

        Where the home cannot be written there is no lock, and the run is reported anyway.
        """
        path = self._settings.dagster_home / _FOLDER / f"{run_id}.lock"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield True
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            # The tag is the record, so the file is needed no longer than this.
            with suppress(OSError):
                path.unlink(missing_ok=True)
            os.close(descriptor)


def _failure_text(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """What happened, what it means and what to do, in the failure's words; None where a person stopped it."""
    events = [
        event
        for entry in instance.all_logs(
            run_id,
            of_type={
                dg.DagsterEventType.STEP_FAILURE,
                dg.DagsterEventType.ASSET_CHECK_EVALUATION,
                dg.DagsterEventType.RUN_FAILURE,
            },
        )
        if (event := entry.dagster_event)
    ]
    if any(was_interrupted(event) for event in events):
        return None
    steps = [event for event in events if event.event_type is dg.DagsterEventType.STEP_FAILURE]
    checks = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    lines = [
        f"{check.asset_key.to_user_string()}.{check.check_name}: {check.description or 'The check failed.'}"
        for check in checks
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    ]
    lines += [line for event in steps if (line := _step_text(event))]
    ends = [event.message for event in events if event.event_type is dg.DagsterEventType.RUN_FAILURE]
    return "\n".join(lines) or next(filter(None, ends), None) or _WITHOUT_A_REASON


def _step_text(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return f"{event.step_key}: {failure.user_failure_data.description}"
    kind = failure.error.cls_name if failure.error else None
    if kind == "DagsterAssetCheckFailedError":
        return ""
    # The text of an error that is not ours may hold anything, secrets included.
    cause = failure.error.cause.cls_name if failure.error and failure.error.cause else kind
    return f"{event.step_key}: It ended with {cause}.\nWhat to do: See the run's log in the UI, under Runs."


def _was_reported(run: dg.DagsterRun) -> bool:
    return run.tags.get(REPORTED, "").endswith(f" {run.run_id}")


def _was_reported_before(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a failure of the run's job was reported since its last success before this run."""
    record = instance.get_run_record_by_id(run.run_id)
    if record is None:
        return False
    before = record.create_timestamp
    succeeded = dg.RunsFilter(
        job_name=run.job_name, statuses=[dg.DagsterRunStatus.SUCCESS], created_before=before
    )
    last = next(iter(instance.get_run_records(succeeded, limit=1)), None)
    failed = dg.RunsFilter(
        job_name=run.job_name,
        statuses=[dg.DagsterRunStatus.FAILURE],
        created_before=before,
        created_after=last.create_timestamp if last else None,
    )
    return any(map(_was_reported, instance.get_runs(failed, limit=_RUNS_LOOKED_AT)))
