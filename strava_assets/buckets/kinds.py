"""The clouds' buckets by the schemes of their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.buckets.bucket import Bucket


def _amazon(name: str, address: str) -> Bucket:
    from strava_assets.buckets.amazon import AmazonBucket

    return AmazonBucket(name, address)


def _google(name: str, address: str) -> Bucket:
    from strava_assets.buckets.google import GoogleBucket

    return GoogleBucket(name, address)


def _azure(name: str, address: str) -> Bucket:
    from strava_assets.buckets.azure import AzureBucket

    return AzureBucket(name, address)


_OPENING: dict[str, Callable[[str, str], Bucket]] = {
    "s3": _amazon,
    "gs": _google,
    "gcs": _google,
    "az": _azure,
    "abfs": _azure,
    "abfss": _azure,
}
SCHEMES = tuple(_OPENING)


def open_bucket(address: str) -> tuple[Bucket, str] | None:
    """The bucket of an address and the key in it; None where the address is in no bucket.

    Nothing is read or written yet.
    """
    scheme, _, rest = address.partition("://")
    if scheme not in _OPENING:
        return None
    name, _, key = rest.partition("/")
    # Azure's long form names the account behind the container.
    return _OPENING[scheme](name.partition("@")[0], address), key.strip("/")
