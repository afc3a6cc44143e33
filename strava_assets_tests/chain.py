"""A whole platform for a test: a home of its own, a sandbox that answers over HTTP, an instance of Dagster's.

What is asserted about it stands in the tests; nothing here waits for anything.
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
    """What one run did, in the words a person sees."""

    def __init__(self, result: ExecuteInProcessResult) -> None:
        self.result = result
        self.succeeded = result.success

    def materialized(self) -> dict[str, dict[str, Any]]:
        """The metadata of every asset that was materialized."""
        return {
            event.asset_key.to_user_string(): {
                name: value.value for name, value in event.materialization.metadata.items()
            }
            for event in self.result.get_asset_materialization_events()
            if event.asset_key
        }

    def checks(self) -> dict[tuple[str, str], AssetCheckEvaluation]:
        """Every check that was evaluated, by asset and name."""
        return {
            (evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation
            for evaluation in self.result.get_asset_check_evaluations()
        }

    def failures(self) -> dict[str, str]:
        """The failed steps' own words."""
        messages = {}
        for event in self.result.get_step_failure_events():
            failure = event.step_failure_data
            own = failure.user_failure_data
            messages[str(event.step_key)] = (own.description or "") if own else f"CRASH: {failure.error}"
        return messages

    def retries(self) -> int:
        """How often a step was tried again."""
        return sum(event.event_type is dg.DagsterEventType.STEP_RESTARTED for event in self.result.all_events)


class Chain:
    """A platform at work.

    Attributes:
        home: its folder of local state.
        sandbox: the Strava it asks.
        instance: where its runs are kept.
        fields: settings of every run, over the usual ones.
        waits: the seconds that the pacer of the rate limits would have waited.
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
                # A call a ride: who tests streams asks for them.
                "streams": "none",
                **self.fields,
                **fields,
            }
        )

    def definitions(self, **fields: Any) -> dg.Definitions:
        """The code location, which never waits."""
        with pytest.MonkeyPatch.context() as patch:
            bound = dg.RetryPolicy(max_retries=RETRY_TRANSIENT.max_retries)
            patch.setattr("strava_assets.definitions.RETRY_TRANSIENT", bound)
            return build_defs(self.settings(**fields))

    def run(self, job: str = "sync", ops: Mapping[str, Any] | None = None, **fields: Any) -> Run:
        """Run a job to its end.

        Args:
            job: its name.
            ops: configuration by asset.
            fields: settings of this run.
        """
        return self.execute(self.definitions(**fields).resolve_job_def(job), ops)

    def compute(self, **fields: Any) -> Run:
        """Run `sync` without the page, which takes longer to draw than everything else together."""
        page = dg.AssetSelection.assets("insights_report")
        all_assets = dg.AssetSelection.all() - dg.AssetSelection.assets("archive_activities")
        return self._run_selection(all_assets - page, fields=fields)

    def ingest(self, ops: Mapping[str, Any] | None = None, **fields: Any) -> Run:
        """Run `raw_activities` and `bq_activities` alone, without their checks."""
        both = dg.AssetSelection.assets("raw_activities", "bq_activities")
        return self._run_selection(both - dg.AssetSelection.all_asset_checks(), ops, fields)

    def check(self, *names: tuple[str, str]) -> Run:
        """Run these checks alone, each given as asset and name."""
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
        """What the warehouse answers."""
        with duckdb.connect(str(self.settings().duckdb_path), read_only=True) as connection:
            table: Any = connection.sql(sql).to_arrow_table()
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    def tamper(self, *statements: str) -> None:
        """Change the warehouse behind everyone's back."""
        with duckdb.connect(str(self.settings().duckdb_path)) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def chain(
    home: Path, sandbox: Sandbox, instance: dg.DagsterInstance | None = None, **fields: Any
) -> Iterator[Chain]:
    """A platform that is gone after the block.

    Args:
        home: its folder; what is in it already is kept.
        sandbox: the Strava it asks.
        instance: by default one in memory.
        fields: settings of every run.
    """
    with serve(sandbox) as server:
        if instance:
            yield Chain(home, server, instance, fields)
            return
        with dg.DagsterInstance.ephemeral() as own:
            yield Chain(home, server, own, fields)


def copy_home(home: Path, to: Path) -> Path:
    """A copy of a home, to be changed at will."""
    return shutil.copytree(home, to)


def riding(days: int = 300) -> Sandbox:
    """A rider who goes out every third day, over four quarters: most rides with a meter, some without, a run.

    Nothing in it deserves a warning.
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
