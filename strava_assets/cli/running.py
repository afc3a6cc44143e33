"""Runs a job in this process and prints what happens as lines a person can follow."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO, cast

import dagster as dg
from rich.markup import escape

from strava_assets import wiring
from strava_assets.assets.athlete_partitions import align_partitions, all_athletes, one_athlete
from strava_assets.assets.failures import was_interrupted
from strava_assets.assets.fetching_athletes import fetched_some
from strava_assets.buckets import ObjectReplacedError
from strava_assets.cli.alerting import report_errors, report_runs
from strava_assets.cli.console import MARKS, StderrWithoutRawErrors, say, uncaptured_console
from strava_assets.errors import StravaAssetsError
from strava_assets.plurals import counted
from strava_assets.schedules import LOAD_FETCHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from strava_assets.settings import Settings

_LOGGER = "command_line"


def run_job(
    settings: Settings, job: str, run_config: dict[str, Any], without: str = "", athlete_id: str = ""
) -> bool:
    """Run a job of the code location to its end, once more if another run was faster to store the tables.

    If some of several athletes could not be fetched, what landed of the others is loaded.

    Args, result and errors are those of `_run_once`.
    """
    location = wiring.warehouse(settings)
    with report_errors(settings, job):
        location.fetch()
    succeeded = _run_and_load(settings, job, run_config, without, athlete_id)
    try:
        location.store()
    except ObjectReplacedError as error:
        say("warning", f"{error.happened} Running once more on what it stored.")
        location.fetch()
        succeeded = _run_and_load(settings, job, run_config, without, athlete_id)
        with report_errors(settings, job):
            location.store()
    return succeeded


def _run_and_load(
    settings: Settings, job: str, run_config: dict[str, Any], without: str, athlete_id: str
) -> bool:
    outcome = _run_once(settings, job, run_config, without, athlete_id)
    if outcome.fetched_some:
        say("step", "Loading what was fetched of the others ...")
        _run_once(settings, LOAD_FETCHED, {}, "", athlete_id)
    return outcome.succeeded


@dataclass(frozen=True)
class _Outcome:
    """How a run ended, and whether some athletes could not be fetched while others were."""

    succeeded: bool
    fetched_some: bool


def _run_once(
    settings: Settings, job: str, run_config: dict[str, Any], without: str, athlete_id: str
) -> _Outcome:
    """Run a job; its events are kept as those of any run.

    Args:
        settings: the settings in force; Dagster's home must be prepared.
        job: its name, e.g. `sync` or `rebuild`.
        run_config: configuration of single assets, over the job's own.
        without: an asset of the job that has been materialized already.
        athlete_id: the one of several athletes for whom it runs; empty for all.

    Raises:
        KeyboardInterrupt: a signal ended it; what was committed before stays.
        StravaAssetsError: it broke off outside its steps, as on a full disk.
    """
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run_iterator

    from strava_assets.definitions import build_defs

    began = datetime.now(UTC)
    with uncaptured_console() as console, dg.DagsterInstance.get() as instance:
        definitions = dg.Definitions.merge(
            build_defs(
                settings,
                retry_transient=False,
                several_athletes=wiring.has_several_athletes(settings),
            ),
            dg.Definitions(loggers={_LOGGER: _Printer(console).definition()}),
        )
        resolved = definitions.resolve_job_def(job)
        if without:
            chosen = set(resolved.asset_layer.executable_asset_keys) - {dg.AssetKey(without)}
            resolved = resolved.get_subset(asset_selection=chosen)
        with (
            redirect_stderr(cast("TextIO", StderrWithoutRawErrors(sys.stderr))),
            report_errors(settings, job),
            _new_run(instance, resolved, run_config, _partitions(settings, instance, athlete_id)) as run,
        ):
            events = list(execute_run_iterator(InMemoryJob(resolved), run, instance))
        report_runs(settings, instance, run.run_id, began)
        fetched = fetched_some(instance, run.run_id)
    if any(was_interrupted(event) for event in events):
        # Dagster takes the signal for a failure of the step that was at work.
        raise KeyboardInterrupt
    if error := _error_outside_steps(events):
        raise error
    succeeded = events[-1].event_type is dg.DagsterEventType.RUN_SUCCESS
    say(
        "ok" if succeeded else "broken",
        _outcome(job, events, len(set(resolved.asset_layer.executable_asset_keys))),
    )
    return _Outcome(succeeded, fetched)


def _partitions(settings: Settings, instance: dg.DagsterInstance, athlete_id: str) -> dict[str, str]:
    """The tags that say for which athletes a run is; none where nothing is partitioned."""
    align_partitions(instance, wiring.athlete_index(settings).athlete_ids())
    everyone = all_athletes(instance)
    return one_athlete(athlete_id) if everyone and athlete_id else everyone


def _error_outside_steps(events: list[dg.DagsterEvent]) -> StravaAssetsError | None:
    """Why a run broke off where no step of ours has failed and said so."""
    from strava_assets.cli.storage_errors import stored_as_storage_error

    ending = events[-1]
    if ending.event_type is not dg.DagsterEventType.RUN_FAILURE or not ending.job_failure_data.error:
        return None
    if any(_explains_itself(event) for event in events):
        return None
    text = ending.job_failure_data.error.to_string()
    return stored_as_storage_error(text) or StravaAssetsError(
        f"The run broke off: {ending.job_failure_data.error.message.strip()}",
        means="What was committed before is safe.",
        remedy="Run the same command again. If it breaks off again, please report the run's log in the UI.",
    )


def _explains_itself(event: dg.DagsterEvent) -> bool:
    """Whether a step failed with a message of ours, which was printed then."""
    return (
        event.event_type is dg.DagsterEventType.STEP_FAILURE
        and event.step_failure_data.user_failure_data is not None
    )


def _outcome(job: str, events: list[dg.DagsterEvent], assets: int) -> str:
    """How a run ended, in one sentence: the last line of a command that runs one."""
    refreshed = len(
        {event.asset_key for event in events if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION}
    )
    checks = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    complaints = sum(not check.passed for check in checks)
    if events[-1].event_type is dg.DagsterEventType.RUN_SUCCESS:
        ending = f"; {counted(complaints, 'check')} complained, see above" if complaints else ""
        return f"{job} succeeded: {counted(refreshed, 'asset')} materialized{ending}."
    unchanged = f"{assets - refreshed:,} left as they were"
    return f"{job} failed, see above: {counted(refreshed, 'asset')} materialized, {unchanged}."


@contextmanager
def _new_run(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition,
    run_config: dict[str, Any],
    partitions: dict[str, str],
) -> Iterator[dg.DagsterRun]:
    """A run on record, with its lock held before it is there and its pools free after it has ended."""
    from strava_assets.execution.run_locks import lock_for_new_run
    from strava_assets.execution.tags import STARTED_BY_TAG

    with lock_for_new_run(instance) as (run_id, tags):
        yield instance.create_run_for_job(
            job,
            run_id=run_id,
            run_config=run_config | {"loggers": {_LOGGER: {}}},
            tags={**job.run_tags, **tags, **partitions, STARTED_BY_TAG: "command line"},
            asset_selection=job.asset_selection,
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


class _Printer(logging.Handler):
    """Prints a run's events as lines."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def definition(self) -> dg.LoggerDefinition:
        """This handler as a Dagster logger."""

        @dg.logger(config_schema={}, description="Lines for a person at a terminal")
        def command_line(_: dg.InitLoggerContext) -> logging.Logger:
            logger = logging.getLogger("strava_assets.command_line")
            logger.setLevel(logging.DEBUG)  # Dagster's events come at this level
            logger.propagate = False
            logger.handlers = [self]
            return logger

        return command_line

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            # Errors come as events of their own, with the failure they belong to.
            if meta.get("orig_message") and record.levelno in (logging.INFO, logging.WARNING):
                self._console.print(
                    f"  {MARKS['step']} [dim]{escape(meta['orig_message'])}[/]", soft_wrap=True
                )
            return
        line = _line(event)
        if line:
            self._console.print(line, soft_wrap=True)


def _line(event: dg.DagsterEvent) -> str:
    if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
        return _materialized(event.step_materialization_data.materialization)
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return _checked(event.asset_check_evaluation_data)
    if event.event_type is dg.DagsterEventType.STEP_FAILURE:
        if was_interrupted(event):
            return f"{MARKS['warning']} [bold]{event.step_key}[/] was interrupted"
        failure = event.step_failure_data.user_failure_data
        text = failure.description if failure else event.step_failure_data.error_display_string
        return f"{MARKS['broken']} [bold]{event.step_key}[/] failed\n{escape(str(text))}"
    if event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY:
        return f"{MARKS['warning']} [bold]{event.step_key}[/] will be tried again"
    return ""


def _materialized(materialization: dg.AssetMaterialization) -> str:
    values: dict[str, Any] = {name: value.value for name, value in materialization.metadata.items()}
    name = materialization.asset_key.to_user_string()
    whose = f" of athlete {materialization.partition}" if materialization.partition else ""
    if name == "raw_activities" and "activities" not in values:
        result = str(values["why"])
    elif name == "raw_activities":
        result = f"{counted(values['activities'], 'activity', 'activities')} in "
        result += f"{counted(values['pages'], 'page')}, {counted(values['calls'], 'call')}"
    elif name == "bq_activities":
        result = f"{counted(values['living'], 'activity', 'activities')}: {values['added']:,} new, "
        result += f"{values['changed']:,} changed, {values['deleted']:,} deleted, "
        result += f"{values['set_aside']:,} set aside"
    elif "dagster/row_count" in values:
        result = counted(values["dagster/row_count"], "row")
    else:
        result = "done"
    seconds = f" [dim]({values['seconds']:.1f} s)[/]" if "seconds" in values else ""
    return f"{MARKS['ok']} [bold]{name}[/]{whose}: {result}{seconds}"


def _checked(evaluation: dg.AssetCheckEvaluation) -> str:
    if evaluation.passed:
        return ""
    mark = MARKS["warning" if evaluation.severity is dg.AssetCheckSeverity.WARN else "broken"]
    description = escape(str(evaluation.description))
    return f"  {mark} {evaluation.asset_key.to_user_string()}.{evaluation.check_name}: {description}"
