"""What holds for a bucket of every cloud that an emulator stands in for."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.buckets import Bucket, ObjectReplacedError, Retention, open_bucket
from strava_assets.buckets.amazon import AmazonBucket
from strava_assets.buckets.bucket import BucketError
from strava_assets.buckets.google import GoogleBucket
from strava_assets_tests.deploy.google_storage import BUCKET as GOOGLE_BUCKET
from strava_assets_tests.deploy.google_storage import StorageEmulator
from strava_assets_tests.published.places import BUCKET, Emulator, azure_client, s3_client
from strava_assets_tests.warehouse.front import refusal, standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.deep


@pytest.fixture(params=["s3", "az"])
def place(request: pytest.FixtureRequest, use: Callable[[Emulator], None]) -> tuple[Bucket, str]:
    """A bucket and a key in it."""
    use(request.getfixturevalue({"s3": "amazon", "az": "azure"}[request.param]))
    opened = open_bucket(f"{request.param}://{BUCKET}/{uuid4().hex}/warehouse.duckdb")
    assert opened
    return opened


def test_an_object_is_written_once_and_then_only_over_the_version_that_was_read(
    place: tuple[Bucket, str], tmp_path: Path
) -> None:
    bucket, key = place
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(b"first")
    assert bucket.version(key) is None
    assert bucket.fetch(key, copy) is None

    first = bucket.put(key, source, replaces=None)
    with pytest.raises(ObjectReplacedError, match="was written by another run"):
        bucket.put(key, source, replaces=None)
    source.write_bytes(b"second")
    second = bucket.put(key, source, replaces=first)
    source.write_bytes(b"third")
    with pytest.raises(ObjectReplacedError):
        bucket.put(key, source, replaces=first)

    assert bucket.fetch(key, copy) == second == bucket.version(key)
    assert copy.read_bytes() == b"second"


def test_an_object_that_was_removed_since_is_not_brought_back(
    place: tuple[Bucket, str], tmp_path: Path
) -> None:
    bucket, key = place
    source = tmp_path / "source"
    source.write_bytes(b"first")
    version = bucket.put(key, source, replaces=None)

    bucket.remove(key)
    bucket.remove(key)

    with pytest.raises(ObjectReplacedError):
        bucket.put(key, source, replaces=version)
    assert bucket.version(key) is None


def test_a_bucket_that_does_not_exist_is_told_without_a_secret(
    place: tuple[Bucket, str], tmp_path: Path
) -> None:
    bucket, key = place
    source = tmp_path / "source"
    source.write_bytes(b"rows")
    missing = type(bucket)("nobodys-bucket", "s3://nobodys-bucket/key")
    with pytest.raises(BucketError, match="cannot be used") as failure:
        missing.put(key, source, replaces=None)
    assert "may read and write it" in str(failure.value)


def test_old_versions_and_markers_of_our_objects_are_removed_and_no_others(
    amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    client, name = s3_client(amazon), uuid4().hex
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("home/ours", "home/theirs", "elsewhere/ours"):
        for body in (b"1", b"2"):
            client.put_object(Bucket=name, Key=key, Body=body)
    client.delete_object(Bucket=name, Key="home/ours")
    opened = open_bucket(f"s3://{name}/home")
    assert opened
    bucket, _ = opened

    assert bucket.purge("home/", lambda key: key.endswith("ours")) == 3

    listed = client.list_object_versions(Bucket=name)
    left = sorted((v["Key"], v["IsLatest"]) for v in listed["Versions"])
    assert left == [
        *(("elsewhere/ours", False), ("elsewhere/ours", True)),
        *(("home/theirs", False), ("home/theirs", True)),
    ]
    assert not listed.get("DeleteMarkers")
    assert bucket.retention() == Retention(timedelta(0), "")


def test_a_removed_object_does_not_return_while_its_old_versions_are_removed(
    amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    """Without its marker the version before would be the current one, on a page that is still to come."""
    use(amazon)
    client, name = s3_client(amazon), uuid4().hex
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        client.put_object(Bucket=name, Key="home/ours", Body=body)
    client.delete_object(Bucket=name, Key="home/ours")
    bucket = AmazonBucket(name, f"s3://{name}/home")
    bucket._client.meta.events.register(
        "before-parameter-build.s3.ListObjectVersions", lambda params, **_: params.update(MaxKeys=1)
    )

    assert bucket.purge("home/", lambda _: True) == 3

    listed = client.list_object_versions(Bucket=name)
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed


class FakeGoogleBucket:
    """Objects with their generations, of which somebody writes a new one after each listing."""

    def __init__(self) -> None:
        self.generations = [1, 2]
        self._next = 3

    def list_blobs(self, *, prefix: str, versions: bool = False) -> list[SimpleNamespace]:
        listed = self.generations if versions else self.generations[-1:]
        blobs = [SimpleNamespace(name=f"{prefix}ours", generation=generation) for generation in listed]
        self.generations.append(self._next)
        self._next += 1
        return blobs

    def blob(self, name: str, *, generation: int) -> SimpleNamespace:
        assert name == "home/ours"
        return SimpleNamespace(delete=lambda: self.generations.remove(generation))


def test_what_google_stored_during_a_purge_stays() -> None:
    bucket = GoogleBucket("a-bucket", "gs://a-bucket/home")
    fake = bucket.__dict__["_bucket"] = FakeGoogleBucket()

    assert bucket.purge("home/", lambda _: True) == 2

    assert fake.generations == [3, 4], "the current one, and the one that was when the purge looked"


def test_snapshots_are_removed_and_soft_delete_is_told(
    azure: Emulator, use: Callable[[Emulator], None]
) -> None:
    from azure.storage.blob import RetentionPolicy

    use(azure)
    opened = open_bucket(f"az://{BUCKET}/home")
    assert opened
    bucket, _ = opened
    with azure_client(azure) as client:
        blob = client.get_blob_client(BUCKET, "home/ours")
        blob.upload_blob(b"1")
        blob.create_snapshot()
        assert bucket.retention() == Retention(timedelta(0), "")
        client.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=7))
        assert bucket.retention() == Retention(timedelta(days=7), "soft delete of 7 days")
        client.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=False))

    assert bucket.purge("home/", lambda _: True) == 1
    assert bucket.version("home/ours")


def test_google_refuses_a_generation_that_is_not_the_current_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The emulator of Google's storage enforces no precondition, so a server that only refuses stands in."""
    source = tmp_path / "source"
    source.write_bytes(b"rows")
    with standing(None) as front:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", front.address)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
        front.order("^POST ", 412, refusal(412, "conditionNotMet", "generation does not match"))
        opened = open_bucket(f"gs://{BUCKET}/warehouse.duckdb")
        assert opened
        bucket, key = opened
        with pytest.raises(ObjectReplacedError):
            bucket.put(key, source, replaces="17")
        assert any("ifGenerationMatch=17" in request for request in front.seen)
        with pytest.raises(ObjectReplacedError):
            bucket.put(key, source, replaces=None)
        assert any("ifGenerationMatch=0" in request for request in front.seen)


@pytest.mark.parametrize("address", ["/home/me/data", "memory://x", "file:///home/me"])
def test_what_is_in_no_bucket_is_none(address: str) -> None:
    assert open_bucket(address) is None


def test_google_keeps_and_gives_objects_by_their_generation(storage: StorageEmulator, tmp_path: Path) -> None:
    assert storage
    opened = open_bucket(f"gs://{GOOGLE_BUCKET}/home/warehouse.duckdb")
    assert opened
    bucket, key = opened
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(b"rows")
    assert bucket.version(key) is None
    assert bucket.fetch(key, copy) is None

    version = bucket.put(key, source, replaces=None)

    assert bucket.version(key) == version == bucket.fetch(key, copy)
    assert copy.read_bytes() == b"rows"
    bucket.remove(key)
    bucket.remove(key)
    assert bucket.version(key) is None
