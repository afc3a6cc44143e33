"""Whether a table has passed its checks since it was last made: what is published or sent must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence


def missing_proof(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey], table: dg.AssetKey
) -> str:
    """Why a table is not proven, a full sentence; empty where it is.

    Args:
        instance: where materializations and evaluations are on record.
        checks: those that must have passed; warnings are none of them.
        table: whose.
    """
    made = instance.get_latest_materialization_event(table)
    for check in checks:
        record = instance.get_latest_asset_check_evaluation_record(check)
        evaluation = record.evaluation if record else None
        # A check that did not come to its turn is on record as planned.
        if not isinstance(evaluation, dg.AssetCheckEvaluation) or _is_older(evaluation, made):
            return f"its check {check.name} has no result since the table was made."
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            return f"its check {check.name} failed: {evaluation.description}"
    return ""


def _is_older(evaluation: dg.AssetCheckEvaluation, made: dg.EventLogEntry | None) -> bool:
    target = evaluation.target_materialization_data
    return made is not None and (target is None or target.timestamp < made.timestamp)
