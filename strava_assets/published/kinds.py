"""The forms of published table: which there are, what each needs, and how it is opened.

A new form is a module beside this one with a `Publisher`, and here an entry in `KINDS`. Nothing else asks
which form it is. The forms' libraries are imported where they are opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.published.publisher import Publisher
    from strava_assets.settings import Settings


@dataclass(frozen=True)
class PublishKind:
    """One form of published table.

    Args:
        open: the publisher that the settings describe, reading nothing yet; None publishes nothing.
        needs: fields of the settings without which it cannot be opened.
        schemes: the schemes of the addresses that it can write, a folder's being `file`; None for all.
        keeps_versions: whether an earlier version stays readable for a while, for readers that are at work.
    """

    open: Callable[[Settings], Publisher] | None
    needs: tuple[str, ...] = ()
    schemes: tuple[str, ...] | None = None
    keeps_versions: bool = False


def _parquet(settings: Settings) -> Publisher:
    from strava_assets.published.parquet import ParquetPublisher

    return ParquetPublisher(settings.publish_address)


def _iceberg(settings: Settings) -> Publisher:
    from strava_assets.published.iceberg import IcebergPublisher

    return IcebergPublisher(settings.publish_address, settings.publish_catalog)


def _delta(settings: Settings) -> Publisher:
    from strava_assets.published.delta import DeltaPublisher

    return DeltaPublisher(settings.publish_address)


KINDS = {
    "parquet": PublishKind(_parquet),
    "iceberg": PublishKind(_iceberg, needs=("publish_url",), schemes=("s3",), keeps_versions=True),
    "delta": PublishKind(_delta, schemes=("file", "s3", "az", "abfs", "abfss"), keeps_versions=True),
    "none": PublishKind(None),
}


def open_publisher(settings: Settings) -> Publisher | None:
    """The publisher that the settings choose; None where nothing is published."""
    opening = KINDS[settings.publish_kind].open
    return opening(settings) if opening else None
