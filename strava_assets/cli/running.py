"""Runs a job in this process, and tells what happens as lines a person can follow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import dagster as dg
from rich.markup import escape

from strava_assets.assets.failures import was_interrupted
from strava_assets.cli.alerting import report_run
from strava_assets.cli.console import MARKS, console

if TYPE_CHECKING:
    from strava_assets.settings import Settings


def run_job(settings: Settings, job: str, run_config: dict[str, Any], without: str = "") -> bool:
    """Run a job of the code location to its end; its events are kept as those of any run.

    Args:
        settings: the settings in force; Dagster's home must be prepared.
        job: its name, e.g. `sync` or `rebuild`.
        run_config: configuration of single assets, over the job's own.
        without: an asset of the job that has been materialised already.

    Returns:
        Whether it succeeded.

    Raises:
        KeyboardInterrupt: Ctrl-C ended it; what was committed before stays.
    """
    from strava_assets.definitions import build_defs

    teller = _Teller()
    definitions = dg.Definitions.merge(
        build_defs(settings, patient=False), dg.Definitions(loggers={"told": teller.definition()})
    )
    resolved = definitions.resolve_job_def(job)
    chosen = set(resolved.asset_layer.executable_asset_keys) - {dg.AssetKey(without)}
    with dg.DagsterInstance.get() as instance:
        result = resolved.execute_in_process(
            run_config=run_config | {"loggers": {"told": {}}},
            instance=instance,
            asset_selection=list(chosen) if without else None,
            raise_on_error=False,
            tags={"strava_assets/started_by": "command line"},
        )
        report_run(settings, instance, result)
    if any(was_interrupted(event) for event in result.get_step_failure_events()):
        # Dagster takes the signal for a failure of the step that was at work.
        raise KeyboardInterrupt
    return result.success


class _Teller(logging.Handler):
    """Turns a run's events into lines."""

    def definition(self) -> dg.LoggerDefinition:
        """This handler as a Dagster logger."""

        @dg.logger(config_schema={}, description="Lines for a person at a terminal")
        def told(_: dg.InitLoggerContext) -> logging.Logger:
            logger = logging.getLogger("strava_assets.told")
            logger.setLevel(logging.DEBUG)  # Dagster's events come at this level
            logger.propagate = False
            logger.handlers = [self]
            return logger

        return told

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            # Errors come as events of their own, with the failure they belong to.
            if meta.get("orig_message") and record.levelno in (logging.INFO, logging.WARNING):
                console.print(f"  {MARKS['step']} [dim]{escape(meta['orig_message'])}[/]", soft_wrap=True)
            return
        line = _line(event)
        if line:
            console.print(line, soft_wrap=True)


def _line(event: dg.DagsterEvent) -> str:
    if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
        return _materialized(event.step_materialization_data.materialization)
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return _checked(event.asset_check_evaluation_data)
    if event.event_type is dg.DagsterEventType.STEP_FAILURE:
        if was_interrupted(event):
            return f"{MARKS['warning']} [bold]{event.step_key}[/] was interrupted"
        told = event.step_failure_data.user_failure_data
        text = told.description if told else event.step_failure_data.error_display_string
        return f"{MARKS['broken']} [bold]{event.step_key}[/] failed\n{escape(str(text))}"
    if event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY:
        return f"{MARKS['warning']} [bold]{event.step_key}[/] will be tried again"
    return ""


def _materialized(materialization: dg.AssetMaterialization) -> str:
    values = {name: value.value for name, value in materialization.metadata.items()}
    name = materialization.asset_key.to_user_string()
    if name == "raw_activities":
        told = f"{values['activities']} activities in {values['pages']} pages, {values['calls']} calls"
    elif name == "bq_activities":
        told = f"{values['living']} activities: {values['added']} new, {values['changed']} changed"
        told += f", {values['deleted']} deleted, {values['set_aside']} set aside"
    elif "dagster/row_count" in values:
        told = f"{values['dagster/row_count']} rows"
    else:
        told = "done"
    seconds = f" [dim]({values['seconds']:.1f} s)[/]" if "seconds" in values else ""
    return f"{MARKS['ok']} [bold]{name}[/]: {told}{seconds}"


def _checked(evaluation: dg.AssetCheckEvaluation) -> str:
    if evaluation.passed:
        return ""
    mark = MARKS["warning" if evaluation.severity is dg.AssetCheckSeverity.WARN else "broken"]
    told = escape(str(evaluation.description))
    return f"  {mark} {evaluation.asset_key.to_user_string()}.{evaluation.check_name}: {told}"
