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

from strava_assets import wiring
from strava_assets.assets.athlete_partitions import align_partitions, all_athletes, one_athlete
from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.definitions import build_defs
from strava_assets.landing.athlete_index import Athlete
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

    def __init__(self, result: ExecuteInProcessResult, instance: dg.DagsterInstance) -> None:
        self.result = result
        self._instance = instance
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

    def partitions(self, asset: str) -> dict[str, dict[str, Any]]:
        """The metadata of each materialized partition of an asset, also of a step that failed then."""
        entries = self._instance.all_logs(
            self.result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        materializations = [m for entry in entries if (m := entry.asset_materialization)]
        return {
            str(each.partition): {name: value.value for name, value in each.metadata.items()}
            for each in materializations
            if each.asset_key == dg.AssetKey(asset)
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
                several = wiring.has_several_athletes(settings)
                self._built = settings, build_defs(settings, several_athletes=several)
        return self._built[1]

    def add_athlete(self, other: Sandbox) -> None:
        """Another athlete logs in: tokens in a store of their own, and both athletes in the index."""
        self.sandbox.add_athlete(other)
        with wiring.changing_athletes(self.settings()) as index:
            for athlete in self.sandbox.athletes:
                entry = Athlete(
                    str(athlete.athlete["id"]),
                    datetime.now(UTC),
                    has_own_store=athlete is not self.sandbox,
                    logged_in=True,
                )
                index.put(entry)
        wiring.token_store(self.settings(), entry).write(
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "refresh_token": str(other.tokens.valid_refresh_token),
            }
        )
        self._built = None

    def run(
        self, job: str = "sync", ops: Mapping[str, Any] | None = None, athlete: str = "", **fields: Any
    ) -> Run:
        """Run a job with configuration by asset and settings of this run, for all athletes or for one."""
        return self.execute(self.definitions(**fields).resolve_job_def(job), ops, athlete)

    def compute(self, **fields: Any) -> Run:
        """Run `sync` without the report, which takes longer than everything else."""
        page = dg.AssetSelection.assets("insights_report")
        all_assets = dg.AssetSelection.all() - dg.AssetSelection.assets("archive_activities")
        return self._run_selection(all_assets - page, fields=fields)

    def ingest(self, ops: Mapping[str, Any] | None = None, athlete: str = "", **fields: Any) -> Run:
        """Run only `raw_activities` and `bq_activities`, without checks, for all athletes or for one."""
        both = dg.AssetSelection.assets("raw_activities", "bq_activities")
        return self._run_selection(both - dg.AssetSelection.all_asset_checks(), ops, fields, athlete)

    def run_assets(
        self, selection: dg.AssetSelection, ops: Mapping[str, Any] | None = None, athlete: str = ""
    ) -> Run:
        """Run only these assets, without their checks."""
        return self._run_selection(selection - dg.AssetSelection.all_asset_checks(), ops, athlete=athlete)

    def check(self, *names: tuple[str, str]) -> Run:
        """Run only these checks, each given as asset and name."""
        keys = [dg.AssetCheckKey(dg.AssetKey(asset), name) for asset, name in names]
        return self._run_selection(dg.AssetSelection.checks(*keys))

    def _run_selection(
        self,
        selection: dg.AssetSelection,
        ops: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        athlete: str = "",
    ) -> Run:
        job = dg.define_asset_job("selected", selection=selection)
        definitions = dg.Definitions.merge(self.definitions(**(fields or {})), dg.Definitions(jobs=[job]))
        return self.execute(definitions.resolve_job_def("selected"), ops, athlete)

    def execute(self, job: dg.JobDefinition, ops: Mapping[str, Any] | None = None, athlete: str = "") -> Run:
        """Run a resolved job, for all athletes or for one of several."""
        align_partitions(self.instance, wiring.athlete_index(self.settings()).athlete_ids())
        tags = one_athlete(athlete) if athlete else all_athletes(self.instance)
        config = {"ops": {name: {"config": dict(values)} for name, values in (ops or {}).items()}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("strava_assets.strava.client.FIRST_BACKOFF_S", 0)
            patch.setattr("strava_assets.wiring.time", SimpleNamespace(sleep=self.waits.append))
            result = job.execute_in_process(config, instance=self.instance, raise_on_error=False, tags=tags)
            return Run(result, self.instance)

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


def riding(days: int = 300, athlete_id: int = ATHLETE) -> Sandbox:
    """A rider with an activity every third day: most rides have a power meter, some do not, some are runs.

    No check warns about this history.
    """
    sandbox = Sandbox(athlete={"id": athlete_id, "ftp": 240, "weight": 70.0})
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
        if number % 10 == 1:
            ride |= {"moving_time": 9000, "elapsed_time": 9600}
        sandbox.history.add(**ride)
    return sandbox
