"""What all assets of the platform share, mapped once over their finished specs.

Owners, freshness, engine and source links belong here. What makes one asset differ from another is said where
that asset is defined.
"""

from __future__ import annotations

import inspect
import warnings
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

import strava_assets
from strava_assets.assets import archive, inbox
from strava_assets.assets.athlete_partitions import with_partitions
from strava_assets.marts import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.settings import Settings

OWNERS = ["team:athlete"]
# The schedule ticks every six hours: an hour of grace is a warning, two missed ticks are red.
FRESH = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=7), fail_window=timedelta(hours=13))
# An export comes when a person asks for one, a file when there was a ride; neither is ever late.
ON_DEMAND = {archive.NAME, inbox.NAME}

_CHECKOUT = Path(strava_assets.__file__).parent.parent
_MOST_KINDS = 3
"""Dagster accepts no more."""


def with_shared_attributes(
    assets: Iterable[dg.AssetsDefinition], settings: Settings, *, several_athletes: bool
) -> list[dg.AssetsDefinition]:
    """The same assets, each with its owners, freshness policy, engine and source link.

    Args:
        assets: all that the platform materializes.
        settings: which engine holds the tables, and where the code can be read.
        several_athletes: whether what is made for one athlete at a time has a partition for each.
    """

    def complete(asset: dg.AssetsDefinition, spec: dg.AssetSpec) -> dg.AssetSpec:
        metadata = {
            **spec.metadata,
            "dagster/code_references": _source_link(asset, spec, settings.source_url),
        }
        kinds = set(spec.kinds)
        if "dagster/table_name" in metadata:
            metadata["dagster/storage_kind"] = settings.warehouse_kind
            if len(kinds) < _MOST_KINDS:
                kinds.add(settings.warehouse_kind)
        freshness = None if spec.key.to_user_string() in ON_DEMAND else FRESH
        return spec.replace_attributes(
            owners=OWNERS, kinds=kinds, metadata=metadata, freshness_policy=freshness
        )

    with warnings.catch_warnings():
        # Code references and backfill policies are beta features; each start would print a warning for every
        # asset.
        warnings.simplefilter("ignore", dg.BetaWarning)
        finished = [asset.map_asset_specs(partial(complete, asset)) for asset in assets]
        return [with_partitions(asset) for asset in finished] if several_athletes else finished


def _source_link(
    asset: dg.AssetsDefinition, spec: dg.AssetSpec, base_url: str | None
) -> dg.CodeReferencesMetadataValue:
    """What the UI opens as an asset's source: a mart's SQL file, or the function of any other asset.

    Dagster's `with_source_code_references` would name the file of the step's decorator.

    Args:
        asset: with the function.
        spec: of one of its tables.
        base_url: where the checkout can be read, e.g. `https://github.com/me/strava_assets/blob/main`; None
            links to the file on this machine.
    """
    file, line = catalog.FOLDER / f"{spec.key.to_user_string()}.sql", 1
    if not file.is_file():
        function: Any = inspect.unwrap(asset.op.compute_fn.decorated_fn)  # type: ignore[union-attr]  # every asset here is a decorated function
        file, line = Path(function.__code__.co_filename), function.__code__.co_firstlineno
    reference: Any
    if base_url:
        path = file.resolve().relative_to(_CHECKOUT.resolve()).as_posix()
        reference = dg.UrlCodeReference(url=f"{base_url.rstrip('/')}/{path}#L{line}", label=file.name)
    else:
        reference = dg.LocalFileCodeReference(
            file_path=str(file.resolve()), line_number=line, label=file.name
        )
    return dg.CodeReferencesMetadataValue(code_references=[reference])
