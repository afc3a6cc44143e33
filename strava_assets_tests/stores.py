"""Token stores as the settings open them, for tests that hold a token file and an environment in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets import secrets
from strava_assets.settings_reader import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from strava_assets.secrets.environment import EnvironmentStore
    from strava_assets.secrets.seeded import SeededStore

CREDENTIALS = {
    "client_id": "STRAVA_CLIENT_ID",
    "client_secret": "STRAVA_CLIENT_SECRET",
    "refresh_token": "STRAVA_REFRESH_TOKEN",
}


def open_store(
    kind: str, *, environ: Mapping[str, str], path: Path, project: str = ""
) -> EnvironmentStore | SeededStore:
    """A token store of a kind, as `wiring` opens it.

    Args:
        kind: e.g. `file`.
        environ: where the credentials may be set.
        path: the file of the kind `file`; its folder is the home.
        project: the Google Cloud project of the kind `gcp`.
    """
    settings = load_settings(
        {
            **environ,
            "STRAVA_ASSETS_HOME": str(path.parent),
            "STRAVA_ASSETS_SECRET_STORE": kind,
            "STRAVA_ASSETS_GCP_PROJECT": project,
        },
        env_file=None,
    )
    assert settings.token_path == path
    return secrets.open_store(settings)


def values_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The credentials of an environment, by the keys of the stores."""
    return {key: environ[variable] for key, variable in CREDENTIALS.items() if environ.get(variable)}
