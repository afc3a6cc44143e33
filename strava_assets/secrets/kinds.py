"""The kinds of token store. Each is registered here once, and nothing else tells them apart.

A new kind is a module beside this one with a `Keeper`, and an entry in `KINDS`. What a store says of itself
(`name`, `location`, `path`, `writable`) is what the command line and the doctor print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.secrets.aws import AmazonStore
from strava_assets.secrets.azure import AzureStore
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.google import GoogleStore
from strava_assets.secrets.seeded import CLIENT, Keeper, SeededStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strava_assets.settings import Settings


@dataclass(frozen=True)
class StoreKind:
    """One kind of token store.

    Args:
        keeper: makes what keeps the tokens, from the settings and an ending of the name, which is empty for
            the home's usual store; None where only the environment is read.
        needs: fields of the settings without which it cannot be opened.
        own_stores: finds the athletes who have stores of their own; None where that cannot be listed with the
            rights on single secrets.
    """

    keeper: Callable[[Settings, str], Keeper] | None
    needs: tuple[str, ...] = ()
    own_stores: Callable[[Settings], list[str]] | None = None


def _with_ending(path: Path, ending: str) -> Path:
    return path.with_stem(path.stem + ending)


def _athletes_of_files(settings: Settings) -> list[str]:
    path = settings.token_path.absolute()
    beginning = f"{path.stem}-"
    stems = [other.stem for other in path.parent.glob(f"*{path.suffix}") if other.stem.startswith(beginning)]
    endings = [stem.removeprefix(beginning) for stem in stems]
    return sorted(ending for ending in endings if ending.isascii() and ending.isdecimal())


KINDS = {
    "file": StoreKind(
        lambda settings, ending: FileStore(_with_ending(settings.token_path.absolute(), ending)),
        own_stores=_athletes_of_files,
    ),
    "env": StoreKind(None),
    "gcp": StoreKind(
        lambda settings, ending: GoogleStore(settings.gcp_project or "", settings.gcp_secret + ending),
        needs=("gcp_project",),
    ),
    "aws": StoreKind(
        lambda settings, ending: AmazonStore(settings.aws_region or "", settings.aws_secret + ending),
        needs=("aws_region",),
    ),
    "azure": StoreKind(
        lambda settings, ending: AzureStore(settings.azure_vault_url or "", settings.azure_secret + ending),
        needs=("azure_vault_url",),
    ),
}


def open_store(settings: Settings, athlete_id: str = "") -> EnvironmentStore | SeededStore:
    """The token store that the settings choose; nothing is read yet.

    Args:
        settings: which kind, and where it is.
        athlete_id: the athlete whose own store it is; empty for the home's usual one. A refresh token in the
            environment belongs to the usual one.

    Raises:
        SecretStoreError: athletes cannot have stores of their own in the environment.
    """
    keeper = KINDS[settings.secret_store_kind].keeper
    if not athlete_id:
        if keeper is None:
            return EnvironmentStore(settings.credentials)
        return SeededStore(keeper(settings, ""), settings.credentials)
    if keeper is None:
        raise SecretStoreError(
            f"The environment keeps the tokens of one athlete, so there are none of athlete {athlete_id}.",
            means="Nothing was read or changed.",
            remedy="Set STRAVA_ASSETS_SECRET_STORE=file, gcp, aws or azure, and run strava-assets login.",
        )
    application = {key: value for key, value in settings.credentials.items() if key in CLIENT}
    return SeededStore(keeper(settings, f"-{athlete_id}"), application)


def athletes_with_own_store(settings: Settings) -> list[str]:
    """The athletes who have token stores of their own, where this kind of store can tell; read from names."""
    own_stores = KINDS[settings.secret_store_kind].own_stores
    return own_stores(settings) if own_stores else []
