"""The published tables: an asset a mart, all in one step behind the marts' checks, each read back at once.

One step, because a step of its own for every table would cost a sync more than the publishing does.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets import wiring
from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.proofs import missing_proof
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.checks.marts import checks_of
from strava_assets.marts.publishable import publishable
from strava_assets.resources import WarehouseResource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.marts.catalog import Mart
    from strava_assets.published import Publisher
    from strava_assets.schema.columns import Table
    from strava_assets.settings import Settings
    from strava_assets.warehouse import Warehouse

GROUP = "published"
READ_BACK = "read_back"
# A reader that began with an earlier version can finish; syncs come every six hours.
KEEP_EARLIER = timedelta(days=1)


def build(settings: "Settings", marts: "Sequence[Mart]") -> list[dg.AssetsDefinition]:
    """The published tables; none where the settings publish nothing.

    Args:
        settings: the form and the place.
        marts: the whole catalog.
    """
    publisher = wiring.publisher(settings)
    if publisher is None:
        return []
    tables = publishable(marts)
    proofs = {
        mart.name: [dg.AssetCheckKey(dg.AssetKey(mart.name), c.name) for c in checks_of(mart) if not c.warn]
        for mart in marts
    }

    versions = {mart.name: mart.code_version for mart in marts}

    @dg.multi_asset(
        name="published",
        specs=[_spec(settings, publisher, table, versions[table.name]) for table in tables],
        check_specs=[
            dg.AssetCheckSpec(
                READ_BACK,
                asset=_key(table.name),
                description="Another library reads the published table and gets the mart's rows. It fails "
                "where the mart was not published, and says why.",
            )
            for table in tables
        ],
        can_subset=True,
        pool=WAREHOUSE_POOL,
        # Behind every check that could run as well: only what they let pass is published.
        op_tags={"dagster/priority": "-1"},
    )
    @platform_step
    def published(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
        from strava_assets.published.errors import ForeignTableError

        step = _Step(context, publisher)
        refusals = []
        with warehouse.open() as engine:
            for table in tables:
                try:
                    yield from step.take(table, engine, proofs[table.name])
                except ForeignTableError as error:
                    context.log.warning("%s", error)
                    refusals.append(error)
        if refusals:
            raise refusals[0]

    return [published]


def check_keys(assets: "Sequence[dg.AssetsDefinition]") -> list[dg.AssetCheckKey]:
    """The checks that are made in the assets' own step."""
    return [key for asset in assets for key in asset.check_keys]


class _Step:
    """What one run of the step is to do with a table."""

    def __init__(self, context: dg.AssetExecutionContext, publisher: "Publisher") -> None:
        self._context = context
        self._publisher = publisher
        self._to_publish = context.selected_asset_keys
        self._to_check = {key.asset_key for key in context.selected_asset_check_keys}

    def take(
        self, table: "Table", engine: "Warehouse", proofs: "Sequence[dg.AssetCheckKey]"
    ) -> Iterator[Any]:
        """Publish and read back a table, as far as it was chosen."""
        from strava_assets.warehouse.errors import MissingTableError

        key = _key(table.name)
        if key not in self._to_publish | self._to_check:
            return
        if not engine.exists(table.name):
            raise MissingTableError(table.name, engine.address)
        metadata = {}
        if key in self._to_publish:
            if reason := missing_proof(self._context.instance, proofs, dg.AssetKey(table.name)):
                self._context.log.warning("%s is not published: %s", table.name, reason)
                yield from self._not_published(table, reason)
                return
            metadata = self._publish(table, engine)
        results = [self._read_back(table, engine)] if key in self._to_check else []
        if key in self._to_publish:
            yield dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=results)
        else:
            yield from results

    def _publish(self, table: "Table", engine: "Warehouse") -> dict[str, Any]:
        from strava_assets.published.draft import drafted
        from strava_assets.warehouse.comparing import read_table

        with drafted(table, read_table(engine, table, by_key=True)) as draft:
            published = self._publisher.publish(table, draft)
        if published.is_new:
            self._publisher.expire(table.name, datetime.now(UTC) - KEEP_EARLIER)
        return {
            "dagster/row_count": published.rows,
            "address": published.address,
            "version": published.version,
            "rows_changed": published.is_new,
        }

    def _read_back(self, table: "Table", engine: "Warehouse") -> dg.AssetCheckResult:
        from strava_assets.published.read_back import compare
        from strava_assets.warehouse.comparing import read_table

        comparison = compare(self._publisher, table, read_table(engine, table, by_key=True))
        problem = self._publisher.reader_problem(table.name)
        message = f"Another library reads {comparison.rows:,} rows, and they are the mart's."
        if comparison.different:
            message = (
                f"{comparison.different:,} rows of the published table are not the mart's, e.g. "
                f"{comparison.example}. Materialize it again; if this stays, please report it."
            )
        return _result(
            table,
            comparison.different,
            message=problem or message,
            passed=not (comparison.different or problem),
        )

    def _not_published(self, table: "Table", reason: str) -> "Iterator[dg.AssetCheckResult]":
        if _key(table.name) in self._to_check:
            message = f"{table.name} is not published: {reason} Readers see the version before."
            yield _result(table, 1, message=message, passed=False)


def _result(table: "Table", measured: int, *, message: str, passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_key(table.name),
        check_name=READ_BACK,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=message,
        metadata={"measured": measured, "threshold": "0"},
    )


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, name])


def _spec(settings: "Settings", publisher: "Publisher", table: "Table", code_version: str) -> dg.AssetSpec:
    address = publisher.table_address(table.name)
    return dg.AssetSpec(
        _key(table.name),
        deps=[table.name],
        group_name=GROUP,
        kinds={settings.publish_kind},
        tags=PERSONAL,
        code_version=code_version,
        # A mart that its checks did not let pass is left out, and the others are published.
        skippable=True,
        description=f"{table.description}\n\nA copy of `{table.name}` for other tools, at `{address}`. It is "
        "replaced whole, after the mart's checks, and only if its rows changed.",
        metadata={
            "dagster/uri": address,
            "dagster/column_schema": table_metadata(table)["dagster/column_schema"],
        },
    )
