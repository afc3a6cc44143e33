"""Opens the kind of secret store that the settings ask for.

A new kind is one branch here and one file beside; what a store does is in that file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from strava_assets.errors import ConfigurationError
from strava_assets.secrets.environment import EnvironmentStore, values_of
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.google import DEFAULT_SECRET, GoogleStore
from strava_assets.secrets.seeded import SeededStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    StoreKind = Literal["file", "env", "gcp"]


def open_store(
    kind: StoreKind,
    *,
    environ: Mapping[str, str],
    path: Path,
    project: str | None = None,
    secret: str = DEFAULT_SECRET,
) -> EnvironmentStore | SeededStore:
    """Open a secret store; nothing is read yet.

    Args:
        kind: `file` or `gcp`, both seeded from the environment, or `env`, which is read-only.
        environ: where STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN may be set.
        path: the token file, for `file`.
        project: the Google Cloud project, for `gcp`.
        secret: the id of the secret there, for `gcp`.

    Raises:
        ConfigurationError: `gcp` without a project.
    """
    if kind == "env":
        return EnvironmentStore(environ)
    if kind == "file":
        return SeededStore(FileStore(path), values_of(environ))
    if kind == "gcp":
        if not project:
            raise ConfigurationError(
                "Google Secret Manager needs a project.", remedy="Set STRAVA_ASSETS_GCP_PROJECT."
            )
        return SeededStore(GoogleStore(project, secret), values_of(environ))
    assert_never(kind)
