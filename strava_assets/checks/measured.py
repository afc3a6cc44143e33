"""The form every check has: a measured value, a threshold, and the rows that a person should look at.

What is checked stands beside this file, by table.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.failures import as_dagster_failure
from strava_assets.resources import LandingResource, StreamsResource, WarehouseResource

if TYPE_CHECKING:
    from strava_assets.landing import Landing
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.engine import Warehouse

# As many rows as a person looks at; the number of all of them is in the measured value.
SHOWN_ROWS = 20
# Columns that hold an activity's id, shown as a link to it.
LINKED = ("activity_id", "duplicate_of")


@dataclass(frozen=True)
class Finding:
    """What a check saw.

    Args:
        measured: the value, as a number that plots.
        threshold: what it is held against.
        passed: whether it holds.
        told: one sentence for a person.
        rows: the offenders, with `activity_id` where there is one to link to.
    """

    measured: float
    threshold: float
    passed: bool
    told: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def none_of(cls, rows: list[dict[str, Any]], what: str) -> "Finding":
        """A finding that passes when there are no offenders."""
        told = f"{what[0].upper()}{what[1:]}: {len(rows)}." if rows else f"No {what}."
        return cls(len(rows), 0, not rows, told, rows)


@dataclass(frozen=True)
class Subject:
    """What a check may look at."""

    warehouse: "Warehouse"
    landing: "Landing"
    streams: "StreamStore"

    def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """The rows a query answers with."""
        rows: list[dict[str, Any]] = self.warehouse.query(sql, params or None).to_pylist()
        return rows

    def none_of(self, what: str, sql: str, **params: Any) -> Finding:
        """A finding that passes when a query answers with nothing."""
        return Finding.none_of(self.rows(sql, **params), what)


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        name: unique within its asset.
        description: what is held, and why it matters.
        look: measures it.
        blocking: whether a failure stops what is downstream; only where wrong data would flow on.
        warn: whether a failure is a warning: worth a look, no fault of the data's processing.
    """

    name: str
    description: str
    look: Callable[[Subject], Finding]
    blocking: bool = False
    warn: bool = False


def build_checks(asset: str, checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """All checks of one asset in one step, which opens the warehouse once.

    A query that fails fails the step: a broken check is never reported as bad data.

    Args:
        asset: what is checked.
        checks: how.
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
            yield _result(asset, by_name[name], finding)

    return look


def _result(asset: str, check: Check, finding: Finding) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"measured": finding.measured, "threshold": finding.threshold}
    if finding.rows:
        metadata["rows"] = dg.MetadataValue.md(_as_table(finding.rows[:SHOWN_ROWS]))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN if check.warn else dg.AssetCheckSeverity.ERROR,
        description=finding.told,
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
