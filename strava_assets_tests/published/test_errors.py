"""What other libraries' errors say of a place, without what signs their requests."""

from __future__ import annotations

import pytest

from strava_assets.published.errors import PlaceUnusableError, quoted_reason

CANARY = "c4n4ry"


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://a.blob.core.windows.net/c?sv=2024&sig={CANARY}&se=2026 gave 403",
        f"AccountName=a;AccountKey={CANARY};EndpointSuffix=core.windows.net is not usable",
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={CANARY}&X-Amz-Date=1",
        f"headers: {{'Authorization': 'Bearer {CANARY}'}}",
        f"Authorization: SharedKey a:{CANARY}",
    ],
)
def test_what_signs_a_request_is_not_repeated(text: str) -> None:
    assert CANARY not in str(PlaceUnusableError.because("s3://bucket/table", OSError(text)))


def test_a_reason_is_short_and_on_one_line() -> None:
    reason = quoted_reason(OSError("first\n   second " + "x" * 1_000))
    assert reason.startswith("OSError: first second xxx")
    assert len(reason) < 320
