"""The landing and the page in a bucket, through fsspec and gcsfs: the same promises as on a disk."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets_tests.deploy.google_storage import BUCKET, StorageEmulator

pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")

from strava_assets.landing import Landing, LandingError
from strava_assets.report.page_files import ReportError, write_page
from strava_assets_tests.landing import test_landing as contract
from strava_assets_tests.landing.test_landing import NOW, PAGES, commit
from strava_assets_tests.warehouse.front import refusal, standing

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def landing(storage: StorageEmulator) -> Landing:  # noqa: ARG001 - it must run
    return Landing(f"gs://{BUCKET}/landing-{uuid4().hex}")


@pytest.mark.parametrize(
    "promise",
    [
        contract.test_a_committed_batch_comes_back_exactly_as_it_was_written,
        contract.test_a_batch_without_a_manifest_does_not_exist,
        contract.test_batches_come_in_the_order_they_began,
        contract.test_two_batches_of_the_same_moment_keep_apart,
        contract.test_a_replaced_batch_is_left_out_and_swept,
        contract.test_a_sweep_spares_a_sync_that_runs_and_takes_one_that_died,
        contract.test_a_sync_whose_pages_were_given_up_meanwhile_commits_nothing,
        contract.test_a_removed_batch_is_gone_and_removing_it_again_is_no_error,
        contract.test_a_conclusion_stands_beside_its_batch,
        contract.test_an_erased_landing_can_be_used_again,
        contract.test_a_writable_landing_is_left_as_it_was_by_the_check,
    ],
    ids=lambda promise: promise.__name__.removeprefix("test_"),
)
def test_what_holds_on_a_disk_holds_in_a_bucket(landing: Landing, promise: Callable[[Landing], None]) -> None:
    promise(landing)


def test_every_promise_of_the_landing_is_kept_here_too() -> None:
    """A new test of the landing in general belongs into the list above."""
    [mark] = test_what_holds_on_a_disk_holds_in_a_bucket.pytestmark  # type: ignore[attr-defined]  # pytest's own
    general = [
        test
        for name, test in vars(contract).items()
        if name.startswith("test_") and list(test.__annotations__) == ["landing", "return"]
    ]
    assert mark.args[1] == general


def test_another_process_sees_a_batch_as_soon_as_it_is_committed(landing: Landing) -> None:
    other = Landing(landing.address)
    assert other.manifests() == []
    manifest = commit(landing)
    assert other.manifests() == [manifest]
    assert [page.body for page in other.pages(manifest)] == list(PAGES)


def test_a_landed_page_is_one_object_with_its_compression_kept(
    landing: Landing, storage: StorageEmulator
) -> None:
    import gzip

    manifest = commit(landing)
    folder = landing.address.removeprefix(f"gs://{BUCKET}/")
    assert storage.names(f"{folder}/") == [
        f"{folder}/{manifest.batch_id}/{name}"
        for name in ("manifest.json", "page-00001.json.gz", "page-00002.json.gz")
    ]
    stored = storage.content(f"{folder}/{manifest.batch_id}/page-00001.json.gz")
    assert gzip.decompress(stored) == PAGES[0]


@pytest.mark.deep
def test_a_hundred_batches_are_listed_in_their_order(landing: Landing) -> None:
    manifests = [commit(landing, NOW + timedelta(minutes=minute)) for minute in range(100)]
    assert landing.manifests() == manifests


def test_a_bucket_that_does_not_exist_is_told_before_anything_is_asked(storage: StorageEmulator) -> None:
    assert storage
    with pytest.raises(LandingError, match="cannot be used") as failure:
        Landing("gs://nobodys-bucket/landing").check_writable()
    assert "bucket name and role" in str(failure.value)


def test_the_page_is_put_into_the_bucket_and_replaced(storage: StorageEmulator) -> None:
    address = f"gs://{BUCKET}/report"
    assert write_page("first", address) == f"gs://{BUCKET}/report/index.html"
    write_page("second", address)
    assert storage.content("report/index.html") == b"second"


def test_a_page_for_a_bucket_that_does_not_exist_is_told(storage: StorageEmulator) -> None:
    assert storage
    with pytest.raises(ReportError, match="cannot be written"):
        write_page("page", "gs://nobodys-bucket/report")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Anonymous caller does not have storage.objects.create access"),
        (403, "strava-assets@a-project does not have storage.objects.create access"),
    ],
)
@pytest.mark.parametrize(
    ("at", "ask"), [("POST", Landing.check_writable), ("GET", Landing.manifests)], ids=["writing", "listing"]
)
def test_a_refusal_is_told_with_what_to_do_whatever_was_asked(
    storage: StorageEmulator,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    message: str,
    at: str,
    ask: Callable[[Landing], object],
) -> None:
    with standing(storage.address) as front:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", front.address)
        landing = Landing(f"gs://{BUCKET}/landing-{uuid4().hex}")
        front.order(f"^{at} ", status, refusal(status, "forbidden", message))
        with pytest.raises(LandingError, match="cannot be used") as failure:
            ask(landing)
        assert message in str(failure.value) or "Forbidden" in str(failure.value)
        assert "bucket name and role" in str(failure.value)
