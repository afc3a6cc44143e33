"""Checks the permissions of the account on Azure; findings name each missing permission and its role.

The roles are those that deploy/azure grants; a test compares them. Each permission is tried with a request
that changes nothing. Azure's clients are imported where they are used. Only what the settings place there is
checked.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strava_assets.cli.checkups.finding import Finding, broken, warning
from strava_assets.cli.checkups.verdict import checked, granted_by, verdict
from strava_assets.secrets.azure import ACTIONS, key_vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.settings import Settings

TOKENS_ROLE = "the role strava-assets tokens of deploy/azure"
FILES_ROLE = "Storage Blob Data Contributor"
ON_SECRET = dict.fromkeys(
    (f"{ACTIONS}/getSecret/action", f"{ACTIONS}/setSecret/action", f"{ACTIONS}/update/action"), TOKENS_ROLE
)
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ON_CONTAINER = dict.fromkeys((f"{_BLOBS}/read", f"{_BLOBS}/write", f"{_BLOBS}/delete"), FILES_ROLE)
TIMEOUT_S = 20
"""The user is waiting, so no request is repeated."""

_INSTALL = "Run pip install 'strava_assets[azure]'."
_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
_SCHEMES = {"abfs", "abfss", "az"}


def look(settings: Settings, connect: Callable[[str], Any] = key_vault) -> Iterator[Finding]:
    """Check the permissions that a sync needs on Azure. Nothing is left there.

    Args:
        settings: They tell what is on Azure.
        connect: Another way to make the client of a vault, for tests.
    """
    if settings.secret_store_kind == "azure":  # noqa: S105 - the name of a kind
        yield checked("azure tokens", partial(_secret, settings, connect), _INSTALL)
    for account, container in _containers(settings):
        yield checked("azure files", partial(_container, account, container), _INSTALL)


def _secret(settings: Settings, connect: Callable[[str], Any]) -> Finding:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.core.rest import HttpRequest

    name = settings.azure_secret
    client = connect(settings.azure_vault_url or "")
    versions: list[str] = []

    def get() -> None:
        with contextlib.suppress(ResourceNotFoundError):
            versions.append(client.get_secret(name).properties.version)

    def put() -> None:
        # Without a value there is nothing to store: Key Vault answers that the request is bad, after it has
        # decided about the permission.
        answer = client.send_request(HttpRequest("PUT", f"/secrets/{name}", json={}))
        if answer.status_code in {401, 403}:
            raise HttpResponseError(response=answer)

    def update() -> None:
        if versions:
            client.update_secret_properties(name, versions[0], enabled=True)

    with client:
        granted = granted_by(dict(zip(ON_SECRET, (get, put, update), strict=True)))
    where = f"the secret {name} in {settings.azure_vault_url}"
    finding = verdict("azure tokens", where, ON_SECRET, granted)
    if not versions and len(granted) == len(ON_SECRET):
        message = f"There are no tokens in {where} yet, so that disabling a version was not tried."
        return warning("azure tokens", message, "Apply deploy/azure, then run strava-assets login.")
    return finding


def _container(account: str, name: str) -> Finding:
    from azure.core.exceptions import ResourceNotFoundError

    where = f"the container {name}" + (f" of {account}" if account else "")
    probe = f".write-test-{secrets.token_hex(4)}"
    with _container_client(account, name) as client:
        blob = client.get_blob_client(probe)

        def delete() -> None:
            with contextlib.suppress(ResourceNotFoundError):
                blob.delete_blob()

        attempts: tuple[Callable[[], object], ...] = (
            lambda: next(iter(client.list_blob_names(results_per_page=1)), None),
            partial(blob.upload_blob, b"", overwrite=True),
            delete,
        )
        try:
            granted = granted_by(dict(zip(ON_CONTAINER, attempts, strict=True)))
        except ResourceNotFoundError:
            named = "STRAVA_ASSETS_LANDING_URL, _STREAMS_URL and _REPORT_URL"
            remedy = f"Apply deploy/azure, which makes one, or correct {named}."
            return broken("azure files", f"There is no {where.removeprefix('the ')}.", remedy)
    return verdict("azure files", where, ON_CONTAINER, granted)


def _container_client(account: str, name: str) -> Any:
    """Azure's client with the credentials that adlfs would use."""
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import ContainerClient

    options: dict[str, Any] = {"retry_total": 0, "connection_timeout": TIMEOUT_S, "read_timeout": TIMEOUT_S}
    if connection := os.environ.get(_CONNECTION):
        return ContainerClient.from_connection_string(connection, name, **options)
    host = f"{account or os.environ.get('AZURE_STORAGE_ACCOUNT_NAME', '')}.blob.core.windows.net"
    return ContainerClient(f"https://{host}", name, DefaultAzureCredential(), **options)


def _containers(settings: Settings) -> list[tuple[str, str]]:
    """The account and name of each container that the settings name, each once."""
    containers: dict[tuple[str, str], None] = {}
    for part in map(urlsplit, settings.file_locations):
        if part.scheme in _SCHEMES:
            container, _, host = part.netloc.rpartition("@")
            name = container or part.netloc
            containers[host.partition(".")[0] if container else "", name] = None
    return list(containers)
