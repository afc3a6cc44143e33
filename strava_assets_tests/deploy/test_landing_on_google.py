"""The landing in Google's bucket beyond what `clouds/test_file_homes.py` asks: refusals, size."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets_tests.deploy.google_storage import BUCKET, StorageEmulator

pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")
pytest.importorskip("gcp_storage_emulator", reason="the storage emulator is not installed")

from strava_assets.landing import Landing, LandingError
from strava_assets_tests.landing.test_landing import NOW, commit
from strava_assets_tests.warehouse.front import refusal, standing

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def landing(storage: StorageEmulator) -> Landing:  # noqa: ARG001 - it must run
    return Landing(f"gs://{BUCKET}/landing-{uuid4().hex}")


@pytest.mark.deep
def test_a_hundred_batches_are_listed_in_their_order(landing: Landing) -> None:
    manifests = [commit(landing, NOW + timedelta(minutes=minute)) for minute in range(100)]
    assert landing.manifests() == manifests


@pytest.mark.parametrize(
    ("status", "happened", "remedy"),
    [
        (401, "no credentials that it accepts were found", "gcloud auth application-default login"),
        (403, "Forbidden", "bucket name and role"),
    ],
)
@pytest.mark.parametrize(
    ("at", "ask"), [("POST", Landing.check_writable), ("GET", Landing.manifests)], ids=["writing", "listing"]
)
def test_a_refusal_is_told_with_what_to_do_whatever_was_asked(
    storage: StorageEmulator,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    happened: str,
    remedy: str,
    at: str,
    ask: Callable[[Landing], object],
) -> None:
    with standing(storage.address) as front:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", front.address)
        landing = Landing(f"gs://{BUCKET}/landing-{uuid4().hex}")
        message = "strava-assets@a-project does not have storage.objects.create access"
        front.order(f"^{at} ", status, refusal(status, "forbidden", message))
        with pytest.raises(LandingError, match="cannot be used") as failure:
            ask(landing)
        assert happened in failure.value.happened
        assert remedy in failure.value.remedy
