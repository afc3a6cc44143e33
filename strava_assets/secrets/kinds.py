"""The kinds of token store. Each is registered here once, and nothing else tells them apart.

A new kind is a module beside this one with a `Keeper`, and an entry in `KINDS`. What a store says of itself
(`name`, `location`, `path`, `writable`) is what the command line and the doctor print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.google import GoogleStore
from strava_assets.secrets.seeded import Keeper, SeededStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.settings import Settings


@dataclass(frozen=True)
class StoreKind:
    """One kind of token store.

    Args:
        keeper: makes what keeps the tokens, from the settings; None where only the environment is read.
        needs: fields of the settings without which it cannot be opened.
    """

    keeper: Callable[[Settings], Keeper] | None
    needs: tuple[str, ...] = ()


KINDS = {
    "file": StoreKind(lambda settings: FileStore(settings.token_path.absolute())),
    "env": StoreKind(None),
    "gcp": StoreKind(
        lambda settings: GoogleStore(settings.gcp_project or "", settings.gcp_secret), needs=("gcp_project",)
    ),
}


def open_store(settings: Settings) -> EnvironmentStore | SeededStore:
    """The token store that the settings choose; nothing is read yet."""
    keeper = KINDS[settings.secret_store_kind].keeper
    if keeper is None:
        return EnvironmentStore(settings.credentials)
    return SeededStore(keeper(settings), settings.credentials)
