"""Secrets in Azure Key Vault: one secret with one JSON document, a new version whenever it changes.

Azure's clients are imported where they are used. The credentials of the environment are added in `seeded.py`.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.secrets.cloud_store import CloudStore
from strava_assets.secrets.document import document_text, parse_document
from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger("strava_assets.secrets")

TIMEOUT_S = 20


class AzureStore(CloudStore):
    """Credentials and tokens of one athlete as the newest version of one secret.

    Versions cost nothing, but stay until the secret is deleted. A token document is worth nothing once it is
    replaced, so the version before the new one is disabled and expires.

    `connect` makes the client of a vault; by default with the credentials that Azure's library finds.
    """

    def __init__(self, vault_url: str, secret: str, connect: Callable[[str], Any] | None = None) -> None:
        super().__init__(vault_url, secret, connect or key_vault)
        self.name = f"Azure's secret {secret} in {vault_url}"
        self.location = f"Azure Key Vault {vault_url}, secret {secret}"

    def read(self) -> dict[str, str]:
        """All values; empty where the secret does not exist yet.

        Raises:
            SecretStoreError: it cannot be read, or holds something else.
        """
        with self._explained("read", "getSecret/action"):
            newest = self._newest()
        return parse_document(newest.value or "", self.name) if newest else {}

    def replace(self, values: Mapping[str, str]) -> None:
        """Put `values` in the place of everything the secret holds; kept by Azure when this returns.

        Raises:
            SecretStoreError: no version can be added.
        """
        with self._explained("read", "getSecret/action"):
            before = self._newest()
        with self._explained("written", "setSecret/action"):
            self._client.set_secret(
                self._secret, document_text(values), content_type="application/json", enabled=True
            )
        if before:
            self._retire(before.properties.version)

    def clear(self) -> None:
        """Delete the secret with all its versions, for good where the account may purge it."""
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        with self._explained("deleted", "delete"), contextlib.suppress(ResourceNotFoundError):
            self._client.begin_delete_secret(self._secret).wait(TIMEOUT_S)
            try:
                self._client.purge_deleted_secret(self._secret)
            except HttpResponseError as error:
                logger.warning(
                    "%s is deleted, but can be recovered until its vault's retention ends (%s).",
                    self.name,
                    type(error).__name__,
                )

    def _newest(self) -> Any:
        """The newest version, or None where there is no secret."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_secret(self._secret)
        except ResourceNotFoundError:
            return None

    def _retire(self, version: str) -> None:
        """Disable the version that was replaced; the new one is safe already."""
        from azure.core.exceptions import AzureError

        try:
            self._client.update_secret_properties(
                self._secret, version, enabled=False, expires_on=datetime.now(UTC)
            )
        except AzureError as error:
            self._warn_not_retired(error)

    @contextlib.contextmanager
    def _explained(self, done: str, action: str) -> Iterator[None]:
        """Turn Azure's errors into ours; their texts are not repeated."""
        try:
            from azure.core.exceptions import AzureError, ResourceExistsError
        except ImportError as error:
            raise _not_installed() from error
        try:
            yield
        except ResourceExistsError as error:
            name = self._place.split("//")[-1].partition(".")[0]
            raise SecretStoreError(
                f"{self.name} could not be {done}: it was deleted, and its vault still remembers it.",
                means="It keeps its name until it is purged.",
                remedy=f"Run `az keyvault secret purge --vault-name {name} --name {self._secret}`, or "
                "`recover` in place of `purge`.",
            ) from error
        except AzureError as error:
            raise self._refused(
                error,
                done,
                grant=f"Grant the account {ACTIONS}/{action} on it, as deploy/azure does; a person "
                "needs the role Key Vault Secrets Officer. The newest version must be enabled.",
                otherwise="Check STRAVA_ASSETS_AZURE_VAULT_URL and the network.",
            ) from error


ACTIONS = "Microsoft.KeyVault/vaults/secrets"
"""The beginning of the names of all permissions on secrets."""


def key_vault(vault_url: str) -> Any:
    """The client of a vault."""
    try:
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.secrets import SecretClient
    except ImportError as error:
        raise _not_installed() from error
    return SecretClient(
        vault_url,
        DefaultAzureCredential(),
        connection_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retry_total=2,
    )


def _not_installed() -> SecretStoreError:
    return SecretStoreError(
        "Azure's clients are not installed.", remedy="Run `pip install 'strava_assets[azure]'`."
    )
