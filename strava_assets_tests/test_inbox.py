"""The inbox on the platform: its sensor launches an import, and the page is written from the new file."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.archive import file_activity_id
from strava_assets.cli import up
from strava_assets.definitions import build_defs
from strava_assets.sandbox import Sandbox
from strava_assets.settings import Settings
from strava_assets_tests.archive.devices import a_ride, fit
from strava_assets_tests.chain import chain
from strava_assets_tests.locked_folders import lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Chain]:
    """A small platform with an inbox; Strava refuses every request."""
    (tmp_path / "inbox").mkdir()
    sandbox = Sandbox(athlete={"id": 7})
    sandbox.tokens.revoke()
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(tmp_path / "home", sandbox, instance, inbox=str(tmp_path / "inbox")) as small,
    ):
        yield small


class Watch:
    """The sensor, which ticks when a test says so."""

    def __init__(self, platform: Chain) -> None:
        self._instance = platform.instance
        self._repository = platform.definitions().get_repository_def()
        self._cursor: str | None = None

    def tick(self) -> dg.SensorResult:
        context = dg.build_sensor_context(
            self._instance, cursor=self._cursor, repository_def=self._repository
        )
        with context:
            result = self._repository.get_sensor_def("inbox_files")(context)
        assert isinstance(result, dg.SensorResult)
        self._cursor = result.cursor
        return result


def test_without_the_setting_there_is_no_inbox() -> None:
    definitions = build_defs(Settings())

    assert "inbox_files" not in {sensor.name for sensor in definitions.sensors or ()}
    names = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert not {"inbox", "inbox_activities"} & names
    assert "import_inbox" not in {job.name for job in definitions.resolve_all_job_defs()}


def test_no_other_job_imports_the_inbox(tmp_path: Path) -> None:
    definitions = build_defs(Settings(inbox=str(tmp_path)))

    jobs = {
        job.name: {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
        for job in definitions.resolve_all_job_defs()
        if not job.name.startswith("__")
    }
    assert [name for name, assets in jobs.items() if "inbox_activities" in assets] == ["import_inbox"]
    assert jobs["import_inbox"] - jobs["import_archive"] == {"inbox_activities"}
    graph = definitions.resolve_asset_graph()
    assert graph.get(dg.AssetKey("inbox")).is_external
    assert dg.AssetKey("inbox_activities") in graph.get(dg.AssetKey("bq_activities")).parent_keys
    statuses = {sensor.name: sensor.default_status for sensor in definitions.sensors or ()}
    assert statuses["inbox_files"] is dg.DefaultSensorStatus.RUNNING


def test_a_zip_in_the_inbox_is_counted_and_not_imported(platform: Chain, tmp_path: Path) -> None:
    """It is what Garmin Connect's *Export Original* gives."""
    watch = Watch(platform)
    (tmp_path / "inbox" / "1234.ZIP").write_bytes(b"PK")

    ticks = [watch.tick() for _ in range(3)]

    assert all("Zip files, to be unpacked there: 1." in str(tick.skip_reason) for tick in ticks)
    assert not any(tick.run_requests for tick in ticks)


@pytest.mark.parametrize(
    "whole",
    [pytest.param(False, id="to the week"), pytest.param(True, id="whole job", marks=pytest.mark.deep)],
)
def test_a_new_file_is_imported_and_reaches_the_marts(platform: Chain, tmp_path: Path, whole: bool) -> None:
    watch = Watch(platform)
    assert watch.tick().run_requests in (None, [])
    content = fit(a_ride(120), sport=(2, 7))
    (tmp_path / "inbox" / "ride.fit").write_bytes(content)
    growing = watch.tick()

    ready = watch.tick()

    assert "Still growing: 1." in str(growing.skip_reason)
    [request] = ready.run_requests or []
    [observation] = ready.asset_events
    assert isinstance(observation, dg.AssetObservation)
    assert observation.asset_key == dg.AssetKey("inbox")
    assert observation.tags["dagster/data_version"]
    assert request.run_config["ops"]["inbox_activities"] == {"config": {"files": ["ride.fit"]}}
    config = {name: step["config"] for name, step in request.run_config["ops"].items()}
    if whole:
        run = platform.run("import_inbox", config)
    else:
        of_week = dg.AssetSelection.assets("weekly_watts").upstream().required_multi_asset_neighbors()
        fetched = dg.AssetSelection.assets("raw_activities", "archive_activities")
        run = platform.run_assets(of_week - fetched, config)
    assert run.succeeded, run.failures()
    assert run.materialized()["inbox_activities"]["added"] == 1
    [week] = platform.rows("SELECT SUM(rides) AS rides FROM weekly_watts")
    assert week["rides"] == 1
    [row] = platform.rows("SELECT activity_id, athlete_id FROM bq_activities")
    assert row == {"activity_id": file_activity_id(content), "athlete_id": "local"}
    assert watch.tick().run_requests in (None, [])


def test_a_missing_inbox_is_a_reason_to_wait(platform: Chain, tmp_path: Path) -> None:
    (tmp_path / "inbox").rmdir()

    assert "does not exist" in str(Watch(platform).tick().skip_reason)


def test_a_folder_of_the_inbox_that_cannot_be_read_is_named(
    platform: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inbox" / "watch").mkdir()
    watch = Watch(platform)
    lock(tmp_path / "inbox" / "watch", monkeypatch)
    assert "must be able to read: watch/." in str(watch.tick().skip_reason)
    lock(tmp_path / "inbox", monkeypatch)

    assert f"must be able to read: {tmp_path / 'inbox'}." in str(watch.tick().skip_reason)


def test_while_an_import_runs_the_next_one_waits(platform: Chain, tmp_path: Path) -> None:
    watch = Watch(platform)
    (tmp_path / "inbox" / "ride.fit").write_bytes(fit(a_ride(60)))
    watch.tick()
    job = platform.definitions().resolve_job_def("import_inbox")
    run = platform.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    waiting = watch.tick()
    platform.instance.delete_run(run.run_id)

    assert "Waiting for the import that runs: 1." in str(waiting.skip_reason)
    assert len(watch.tick().run_requests or []) == 1


def test_names_given_at_a_launch_are_counted_and_never_quoted(platform: Chain, tmp_path: Path) -> None:
    (tmp_path / "inbox" / "ride.fit").write_bytes(fit(a_ride(60)))
    asset = dg.AssetSelection.assets("inbox_activities")

    run = platform._run_selection(asset, {"inbox_activities": {"files": ["ride.fit", "../secret.fit"]}})

    assert run.succeeded, run.failures()
    metadata = run.materialized()["inbox_activities"]
    assert (metadata["added"], metadata["no_longer_there"]) == (1, 1)
    assert "secret" not in str(metadata)


def test_with_an_inbox_and_no_account_up_shows_the_inbox_and_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRAVA_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRAVA_ASSETS_INBOX", str(tmp_path / "inbox"))

    with ExitStack() as stack:
        platform = up._decide(stack, None)

    assert platform.job == "import_inbox"
    assert not platform.settings.is_sample
    assert not platform.settings.schedules_running
