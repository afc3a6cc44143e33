"""The receipt of `forget` where buckets keep old versions and removed objects."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.cli.receipt import last_sentence, receipts
from strava_assets.landing import Landing
from strava_assets.landing.athlete_index import Athlete, AthleteIndex
from strava_assets.published.parquet import ParquetPublisher
from strava_assets.settings import Settings
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.events import Event
from strava_assets_tests.cli.terminal import Terminal, own_environment
from strava_assets_tests.landing.test_landing import commit
from strava_assets_tests.published.places import Emulator, azure_client, s3_client
from strava_assets_tests.published.samples import publish, weeks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.deep


def settings(home: Path, root: str) -> Settings:
    return Settings.model_validate(
        {
            "home": home,
            "landing_url": f"{root}/landing",
            "streams_url": f"{root}/streams",
            "report_url": f"{root}/report",
            "publish_url": f"{root}/published",
            "duckdb_url": f"{root}/warehouse.duckdb",
            "events_url": f"{root}/events",
        }
    )


def test_old_versions_in_a_bucket_are_removed_in_every_place(
    tmp_path: Path, amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    client, name = s3_client(amazon), uuid4().hex
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    of = settings(tmp_path, f"s3://{name}/home")
    landing, publisher = Landing(of.landing_address), ParquetPublisher(of.publish_address)
    manifest = commit(landing)
    for watts in (100, 200):
        publish(publisher, weeks(10, watts=watts))
    client.put_object(Bucket=name, Key="home/report/index.html", Body=b"a page")
    client.put_object(Bucket=name, Key="home/warehouse.duckdb", Body=b"tables")
    client.put_object(Bucket=name, Key="home/landing/holiday.jpg", Body=b"not ours")
    events = EventStore(of.events_address)
    events.add(Event("7", "activity", "1", "create", 1_790_000_000))
    # What `forget` does with the current objects.
    landing.remove([manifest])
    publisher.remove("weekly_watts")
    events.remove("7", events.waiting("7"))
    for key in ("report/index.html", "warehouse.duckdb", "landing/holiday.jpg"):
        client.delete_object(Bucket=name, Key=f"home/{key}")

    given = list(receipts(of))

    removed = {receipt.place: receipt.old_versions for receipt in given}
    assert removed == {
        "landing": 2 * len(manifest.pages) + 2,
        "recordings": 0,
        "report": 2,
        "published tables": 3,
        "warehouse file": 2,
        "events": 2,
        "tables": 0,
    }
    left = client.list_object_versions(Bucket=name)
    assert {v["Key"] for v in left["Versions"] + left["DeleteMarkers"]} == {"home/landing/holiday.jpg"}
    assert last_sentence(given) == "Nothing is left in any of these places."


def test_no_version_of_the_athletes_name_outlasts_the_receipt(
    tmp_path: Path, amazon: Emulator, use: Callable[[Emulator], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(amazon)
    own_environment(monkeypatch, tmp_path)
    client, name = s3_client(amazon), uuid4().hex
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    address = f"s3://{name}/landing"
    AthleteIndex(address).put(Athlete("7", datetime(2026, 1, 1, tzinfo=UTC), name="Ada"))

    result = Terminal(tmp_path).run("forget", "--yes", STRAVA_ASSETS_LANDING_URL=address)

    assert result.status == 0, result.out + result.err
    listed = client.list_object_versions(Bucket=name)
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed
    assert "removed, with 2 old versions; nothing is left." in " ".join(result.out.split())


def test_soft_delete_gives_the_date(tmp_path: Path, azure: Emulator, use: Callable[[Emulator], None]) -> None:
    from azure.storage.blob import RetentionPolicy

    use(azure)
    with azure_client(azure) as client:
        client.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=7))
        given = list(receipts(settings(tmp_path, f"az://a-bucket/{uuid4().hex}")))
        client.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=False))

    until = datetime.now(UTC) + timedelta(days=7)
    assert f"after {until:%Y-%m-%d}" in last_sentence(given)
    assert "soft delete of 7 days" in str(given[0])


def test_a_bucket_that_cannot_be_asked_is_named(
    tmp_path: Path, amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    given = list(receipts(settings(tmp_path, "s3://nobodys-bucket/home")))

    assert "cannot be told for: landing, recordings, report, published tables" in last_sentence(given)
    assert "old versions could not be looked for" in str(given[0])
    shutil.rmtree(tmp_path, ignore_errors=True)
