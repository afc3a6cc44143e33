"""Converts errors of the domain to failed runs with a remedy, retried only if they are transient."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERRUPTS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt", "StoppedError")

# A sync is already retried call by call; three more tries over a quarter of an hour ride out an outage of
# Strava's that is worth riding out, and the next tick of the schedule does the rest.
RETRY_TRANSIENT = dg.RetryPolicy(
    max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def was_interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a step or a run failed because somebody ended it."""
    if event.event_type is dg.DagsterEventType.STEP_FAILURE:
        error = event.step_failure_data.error
    elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
        # A run that another process has marked as failed has no such data.
        error = event.job_failure_data.error if event.event_specific_data else None
    else:
        return False
    return error is not None and error.cls_name in _INTERRUPTS


@contextmanager
def saying_what_is_kept(instance: dg.DagsterInstance) -> Iterator[None]:
    """Add to an error of a fetch what it leaves as it was, and since when.

    Dagster marks all assets of a failed run red, also those whose data is as good as before.
    """
    try:
        yield
    except StravaAssetsError as error:
        if table := instance.get_latest_materialization_event(dg.AssetKey("bq_activities")):
            loaded = datetime.fromtimestamp(table.timestamp, UTC)
            unchanged = (
                f"All tables and the page are still good; they are those of {loaded:%Y-%m-%d %H:%M} UTC."
            )
            error.means = f"{error.means} {unchanged}".strip()
        raise


@contextmanager
def as_dagster_failure() -> Iterator[None]:
    """Turn an error of ours into a `Failure` whose text is the error's own, without a traceback.

    Transient failures may be retried by the asset's policy; no other may.
    """
    try:
        yield
    except StravaAssetsError as error:
        raise dg.Failure(
            description=str(error),
            metadata={
                # Text, not markdown: names of files and records stand in it as others wrote them.
                "what happened": error.happened,
                "what to do": error.remedy or "See the message.",
            },
            allow_retries=error.transient,
        ) from None
