"""Opens the kind of secret store that the settings ask for.

A new kind is one branch here and one file beside; what a store does is in that file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from strava_assets.secrets.environment import EnvironmentStore, values_of
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.seeded import SeededStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    StoreKind = Literal["file", "env"]


def open_store(kind: StoreKind, *, environ: Mapping[str, str], path: Path) -> EnvironmentStore | SeededStore:
    """Open a secret store; nothing is read yet.

    Args:
        kind: `file` (seeded from the environment) or `env` (read-only).
        environ: where STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN may be set.
        path: the token file, for `file`.
    """
    if kind == "env":
        return EnvironmentStore(environ)
    if kind == "file":
        return SeededStore(FileStore(path), values_of(environ))
    assert_never(kind)
