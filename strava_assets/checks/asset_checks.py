"""Turns data checks into asset checks of Dagster."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.failures import as_dagster_failure
from strava_assets.data_checks import Subject
from strava_assets.resources import LandingResource, StreamsResource, WarehouseResource

if TYPE_CHECKING:
    from strava_assets.data_checks import Check, Finding

# As many rows as a person looks at; the number of all of them is in the measured value.
SHOWN_ROWS = 20
# Columns that hold an activity's id, shown as a link to it.
LINKED = ("activity_id", "duplicate_of")


def build_checks(asset: str, checks: "Sequence[Check]", note: str = "") -> dg.AssetChecksDefinition:
    """All checks of one asset in one step, which opens the warehouse once.

    A query that fails fails the step: a broken check is never reported as bad data.

    Args:
        asset: whose checks.
        checks: all of them.
        note: a sentence that is added to the message of a check that fails.
    """
    by_name = {check.name: check for check in checks}

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        specs=[
            dg.AssetCheckSpec(
                check.name,
                asset=asset,
                description=check.description,
                blocking=check.blocking,
            )
            for check in checks
        ],
        can_subset=True,
        pool=WAREHOUSE_POOL,
    )
    def look(
        context: dg.AssetCheckExecutionContext,
        warehouse: WarehouseResource,
        landing: LandingResource,
        streams: StreamsResource,
    ) -> Iterator[dg.AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        with as_dagster_failure(), warehouse.open() as engine:
            subject = Subject(engine, landing.open(), streams.open())
            findings = {name: by_name[name].look(subject) for name in by_name if name in chosen}
        for name, finding in findings.items():
            yield _result(asset, by_name[name], finding, note)

    return look


def _result(asset: str, check: "Check", finding: "Finding", note: str) -> dg.AssetCheckResult:
    # The threshold is text: it hardly ever changes, and the UI would plot it as a flat line of its own.
    metadata: dict[str, Any] = {"measured": finding.measured, "threshold": f"{finding.threshold:g}"}
    if finding.rows:
        metadata["rows"] = dg.MetadataValue.md(_as_table(finding.rows[:SHOWN_ROWS]))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN if check.warn else dg.AssetCheckSeverity.ERROR,
        description=finding.message if finding.passed or not note else f"{finding.message} {note}",
        metadata=metadata,
    )


def _as_table(rows: list[dict[str, Any]]) -> str:
    from strava_assets.report.markdown import table

    names = list(rows[0])
    return table(names, [[_cell(name, row[name]) for name in names] for row in rows])


def _cell(name: str, value: Any) -> str:
    from strava_assets.report.markdown import escaped

    if name in LINKED and str(value).isdecimal():
        return f"[{value}](https://www.strava.com/activities/{value})"
    return f"{value:g}" if isinstance(value, float) else escaped(str(value))
