"""How deltalake reaches a storage: it knows neither Azure's connection strings nor all of its identities.

The other libraries find their credentials by themselves, each in its cloud's usual places.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("az", "abfs", "abfss")
_SCOPE = "https://storage.azure.com/.default"
_KNOWN_TO_DELTALAKE = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY")


def delta_options(url: str, environ: Mapping[str, str] = os.environ) -> dict[str, str] | None:
    """The options with which deltalake opens an address; None where it finds everything by itself."""
    scheme = url.partition("://")[0]
    if scheme == "s3":
        # An emulator on this machine speaks plain HTTP.
        plain = environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        return {"allow_http": "true"} if plain else None
    if scheme not in SCHEMES:
        return None
    if connection := environ.get("AZURE_STORAGE_CONNECTION_STRING"):
        return _of_connection_string(connection)
    if any(environ.get(name) for name in _KNOWN_TO_DELTALAKE):
        return None
    # A managed identity, a workload identity or a person's login, as adlfs uses them.
    from azure.identity import DefaultAzureCredential

    with DefaultAzureCredential() as credential:
        return {"bearer_token": credential.get_token(_SCOPE).token}


def _of_connection_string(text: str) -> dict[str, str]:
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    options = {"account_name": parts.get("AccountName", "")}
    if key := parts.get("AccountKey"):
        options["account_key"] = key
    if sas := parts.get("SharedAccessSignature"):
        options["sas_token"] = sas
    if endpoint := parts.get("BlobEndpoint"):
        options |= {"azure_storage_endpoint": endpoint.rstrip("/"), "allow_http": "true"}
    return options
