"""Secrets in Google Secret Manager: one secret with one JSON document, a new version whenever it changes.

Google's client is imported where it is used. The credentials of the environment are added in `seeded.py`.
"""

from __future__ import annotations

import contextlib
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.secrets.cloud_store import NOTHING_ASKED, CloudStore
from strava_assets.secrets.document import document_text, parse_document
from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger("strava_assets.secrets")


class GoogleStore(CloudStore):
    """Credentials and tokens of one athlete as the latest version of one secret.

    A secret that holds a bare text instead of a JSON object is taken for a refresh token somebody pasted.
    A version costs money until it is destroyed, and a token document is worth nothing once it is replaced.
    So a new version disables the one before it and destroys the one before that.

    `connect` makes the client; by default with the application default credentials.
    """

    def __init__(self, project: str, secret: str, connect: Callable[[], Any] | None = None) -> None:
        super().__init__(project, secret, connect or _default_client)
        self._path = f"projects/{project}/secrets/{secret}"
        self.name = f"Google's secret {self._path}"
        self.location = f"Google Secret Manager, project {project}, secret {secret}"

    def read(self) -> dict[str, str]:
        """All values; empty where the secret or its first version does not exist yet.

        Raises:
            SecretStoreError: it cannot be read, or holds something else.
        """
        with self._explained("read", "roles/secretmanager.secretAccessor"):
            data = self._access_latest()
        if data is None:
            return {}
        return parse_document(data.decode("utf-8", "replace"), self.name)

    def replace(self, values: Mapping[str, str]) -> None:
        """Put `values` in the place of everything the secret holds; kept by Google when this returns.

        Raises:
            SecretStoreError: no version can be added.
        """
        payload = {"data": document_text(values).encode()}
        with self._explained("written", "roles/secretmanager.secretVersionManager"):
            added = self._add_version(payload)
        self._retire_older(int(added.name.rpartition("/")[2]))

    def clear(self) -> None:
        """Delete the secret with all its versions."""
        from google.api_core.exceptions import NotFound

        with self._explained("deleted", "roles/secretmanager.admin"), contextlib.suppress(NotFound):
            self._client.delete_secret(name=self._path)

    @cached_property
    @override
    def _client(self) -> Any:
        # The client is of no project; each request names one.
        return self._connect()

    def _access_latest(self) -> bytes | None:
        from google.api_core.exceptions import NotFound

        try:
            version = self._client.access_secret_version(name=f"{self._path}/versions/latest")
        except NotFound:
            return None
        data: bytes = version.payload.data
        return data

    def _add_version(self, payload: dict[str, bytes]) -> Any:
        from google.api_core.exceptions import AlreadyExists, NotFound

        try:
            return self._client.add_secret_version(parent=self._path, payload=payload)
        except NotFound:
            with contextlib.suppress(AlreadyExists):
                self._client.create_secret(
                    parent=f"projects/{self._place}",
                    secret_id=self._secret,
                    secret={"replication": {"automatic": {}}},
                )
            return self._client.add_secret_version(parent=self._path, payload=payload)

    def _retire_older(self, newest: int) -> None:
        """Disable the version before `newest`, destroy the one before that; the new one is safe already."""
        from google.api_core.exceptions import FailedPrecondition, GoogleAPICallError, NotFound

        steps = (
            (newest - 1, self._client.disable_secret_version),
            (newest - 2, self._client.destroy_secret_version),
        )
        for number, retire in steps:
            try:
                # Gone already, or never there: somebody else has tidied up.
                with contextlib.suppress(NotFound, FailedPrecondition):
                    if number > 0:
                        retire(name=f"{self._path}/versions/{number}")
            except GoogleAPICallError as error:
                logger.warning(
                    "%s has a new version, but its version %d could not be retired (%s) and goes on costing.",
                    self.name,
                    number,
                    type(error).__name__,
                )

    @contextlib.contextmanager
    def _explained(self, done: str, role: str) -> Iterator[None]:
        """Turn Google's errors into ours; Google's words on permissions name no secret value."""
        try:
            from google.api_core.exceptions import GoogleAPIError, PermissionDenied
            from google.auth.exceptions import GoogleAuthError
        except ImportError as error:
            raise _not_installed() from error
        try:
            yield
        except PermissionDenied as error:
            raise SecretStoreError(
                f"{self.name} may not be {done} by this account.",
                means=NOTHING_ASKED,
                remedy=f"Grant the account {role} on it; creating a secret needs roles/secretmanager.admin.",
            ) from error
        except GoogleAuthError as error:
            raise SecretStoreError(
                "No usable Google credentials were found.",
                means=f"{self.name} could not be {done}.",
                remedy="Run `gcloud auth application-default login`, or run under a service account.",
            ) from error
        except GoogleAPIError as error:
            raise SecretStoreError(
                f"{self.name} could not be {done} ({type(error).__name__}).",
                remedy="Check the project's id and that the Secret Manager API is enabled; then run again.",
            ) from error


def _default_client() -> Any:
    try:
        from google.cloud.secretmanager import SecretManagerServiceClient
    except ImportError as error:
        raise _not_installed() from error
    return SecretManagerServiceClient()


def _not_installed() -> SecretStoreError:
    return SecretStoreError(
        "Google's Secret Manager client is not installed.", remedy="Run `pip install 'strava_assets[gcp]'`."
    )
