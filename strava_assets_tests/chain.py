"""A complete platform for tests: a home, a sandbox over HTTP, and a Dagster instance.

Assertions are in the tests. Nothing here waits.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pytest

from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.definitions import build_defs
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, RunningSandbox, Sandbox, serve
from strava_assets.secrets.file import FileStore
from strava_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dagster import AssetCheckEvaluation, ExecuteInProcessResult

ATHLETE = 7


class Run:
    """The result of one run, as a user sees it."""

    def __init__(self, result: ExecuteInProcessResult) -> None:
        self.result = result
        self.succeeded = result.success

    def materialized(self) -> dict[str, dict[str, Any]]:
        """The metadata of each materialized asset."""
        return {
            event.asset_key.to_user_string(): {
                name: value.value for name, value in event.materialization.metadata.items()
            }
            for event in self.result.get_asset_materialization_events()
            if event.asset_key
        }

    def checks(self) -> dict[tuple[str, str], AssetCheckEvaluation]:
        """The evaluated checks by asset and name."""
        return {
            (evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation
            for evaluation in self.result.get_asset_check_evaluations()
        }

    def failures(self) -> dict[str, str]:
        """The messages of the failed steps."""
        messages = {}
        for event in self.result.get_step_failure_events():
            failure = event.step_failure_data
            own = failure.user_failure_data
            messages[str(event.step_key)] = (own.description or "") if own else f"CRASH: {failure.error}"
        return messages

    def retries(self) -> int:
        """The number of step retries."""
        return sum(event.event_type is dg.DagsterEventType.STEP_RESTARTED for event in self.result.all_events)


class Chain:
    """A running platform.

    Attributes:
        home: Its home folder.
        sandbox: Its Strava.
        instance: Its Dagster instance.
        fields: Settings of all runs, in addition to the defaults.
        waits: The seconds that the rate limiter would have waited.
    """

    def __init__(
        self, home: Path, server: RunningSandbox, instance: dg.DagsterInstance, fields: Mapping[str, Any]
    ) -> None:
        self.home = home
        self.sandbox = server.sandbox
        self.instance = instance
        self.fields = dict(fields)
        self.waits: list[float] = []
        self._base_url = server.base_url
        self._built: tuple[Settings, dg.Definitions] | None = None
        tokens = FileStore(self.settings().token_path)
        kept_values = {key: value for key, value in tokens.read().items() if key == "athlete_id"}
        credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        tokens.replace(
            kept_values | credentials | {"refresh_token": str(self.sandbox.tokens.valid_refresh_token)}
        )

    def settings(self, **fields: Any) -> Settings:
        """The settings of a run."""
        return Settings.model_validate(
            {
                "home": self.home,
                "api_base_url": self._base_url,
                "oauth_base_url": f"{self._base_url}/oauth",
                # Streams need a call per ride; tests of streams enable them.
                "streams": "none",
                **self.fields,
                **fields,
            }
        )

    def definitions(self, **fields: Any) -> dg.Definitions:
        """The code location, with retries that do not wait; kept for the next run with the same settings."""
        settings = self.settings(**fields)
        if self._built is None or self._built[0] != settings:
            with pytest.MonkeyPatch.context() as patch:
                bound = dg.RetryPolicy(max_retries=RETRY_TRANSIENT.max_retries)
                patch.setattr("strava_assets.definitions.RETRY_TRANSIENT", bound)
                self._built = settings, build_defs(settings)
        return self._built[1]

    def run(self, job: str = "sync", ops: Mapping[str, Any] | None = None, **fields: Any) -> Run:
        """Run a job with configuration by asset and with settings of this run."""
        return self.execute(self.definitions(**fields).resolve_job_def(job), ops)

    def compute(self, **fields: Any) -> Run:
        """Run `sync` without the report, which takes longer than everything else."""
        page = dg.AssetSelection.assets("insights_report")
        all_assets = dg.AssetSelection.all() - dg.AssetSelection.assets("archive_activities")
        return self._run_selection(all_assets - page, fields=fields)

    def ingest(self, ops: Mapping[str, Any] | None = None, **fields: Any) -> Run:
        """Run only `raw_activities` and `bq_activities`, without their checks."""
        both = dg.AssetSelection.assets("raw_activities", "bq_activities")
        return self._run_selection(both - dg.AssetSelection.all_asset_checks(), ops, fields)

    def check(self, *names: tuple[str, str]) -> Run:
        """Run only these checks, each given as asset and name."""
        keys = [dg.AssetCheckKey(dg.AssetKey(asset), name) for asset, name in names]
        return self._run_selection(dg.AssetSelection.checks(*keys))

    def _run_selection(
        self,
        selection: dg.AssetSelection,
        ops: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Run:
        job = dg.define_asset_job("selected", selection=selection)
        definitions = dg.Definitions.merge(self.definitions(**(fields or {})), dg.Definitions(jobs=[job]))
        return self.execute(definitions.resolve_job_def("selected"), ops)

    def execute(self, job: dg.JobDefinition, ops: Mapping[str, Any] | None = None) -> Run:
        """Run a resolved job."""
        config = {"ops": {name: {"config": dict(values)} for name, values in (ops or {}).items()}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("strava_assets.strava.client.FIRST_BACKOFF_S", 0)
            patch.setattr("strava_assets.wiring.time", SimpleNamespace(sleep=self.waits.append))
            return Run(job.execute_in_process(config, instance=self.instance, raise_on_error=False))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        with duckdb.connect(str(self.settings().duckdb_path), read_only=True) as connection:
            table: Any = connection.sql(sql).to_arrow_table()
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    def tamper(self, *statements: str) -> None:
        """Change the warehouse directly."""
        with duckdb.connect(str(self.settings().duckdb_path)) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def chain(
    home: Path, sandbox: Sandbox, instance: dg.DagsterInstance | None = None, **fields: Any
) -> Iterator[Chain]:
    """A platform for a block.

    Args:
        home: Its folder, which may already contain files.
        sandbox: Its Strava.
        instance: By default an instance in memory.
        fields: Settings of all runs.
    """
    with serve(sandbox) as server:
        if instance:
            yield Chain(home, server, instance, fields)
            return
        with dg.DagsterInstance.ephemeral() as own:
            yield Chain(home, server, own, fields)


def copy_home(home: Path, to: Path) -> Path:
    """A copy of a home that the test may change."""
    return shutil.copytree(home, to)


def riding(days: int = 300) -> Sandbox:
    """A rider with an activity every third day: most rides have a power meter, some do not, some are runs.

    No check warns about this history.
    """
    sandbox = Sandbox(athlete={"id": ATHLETE, "ftp": 240, "weight": 70.0})
    now = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    for number, ago in enumerate(range(days, 0, -3)):
        watts = 150.0 + 7 * (number % 11)
        ride: dict[str, Any] = {
            "start_date": now - timedelta(days=ago),
            "moving_time": 3600 + 60 * (number % 13),
            "elapsed_time": 4800,
            "average_watts": watts,
            "weighted_average_watts": int(watts) + 12,
            "gear_id": f"b{number % 2}",
            "commute": number % 9 == 4,
        }
        if number % 10 == 7:
            sandbox.history.add(start_date=ride["start_date"], sport_type="Run", gear_id="g1")
            continue
        if number % 10 == 3:
            ride |= {"device_watts": False, "weighted_average_watts": None, "max_watts": None}
        if number % 8 == 5:
            ride |= {"sport_type": "VirtualRide", "trainer": True}
        sandbox.history.add(**ride)
    return sandbox
