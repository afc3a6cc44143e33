"""The Azure store beyond the contract: its versions and refusals, by Azure's own client over HTTPS."""

from __future__ import annotations

import builtins
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("azure.keyvault.secrets", reason="the extra `azure` is not installed")

from strava_assets.errors import ConfigurationError
from strava_assets.secrets.azure import AzureStore, key_vault
from strava_assets.secrets.errors import SecretStoreError
from strava_assets_tests.clouds.key_vault import Connect, FakeKeyVault, serving_key_vault
from strava_assets_tests.stores import open_store
from strava_assets_tests.strava.conversation import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "strava-assets"


@pytest.fixture
def vault() -> Iterator[FakeKeyVault]:
    with serving_key_vault() as vault:
        yield vault


def store_of(vault: FakeKeyVault) -> AzureStore:
    return AzureStore(vault.address, SECRET, connect=Connect(vault.certificate))


def test_a_new_version_disables_the_one_before_and_lets_it_expire(vault: FakeKeyVault) -> None:
    store = store_of(vault)
    for number in range(3):
        store.replace({"refresh_token": str(number)})
    versions = vault.secrets[SECRET]
    assert [version.attributes["enabled"] for version in versions] == [False, False, True]
    assert ["exp" in version.attributes for version in versions] == [True, True, False]


def test_a_bare_refresh_token_that_somebody_pasted_is_understood(vault: FakeKeyVault) -> None:
    vault.handle("PUT", f"/secrets/{SECRET}", {"value": "  pasted-token\n"})
    assert store_of(vault).read() == {"refresh_token": "pasted-token"}


def test_clearing_purges_so_that_nothing_is_left_to_recover(vault: FakeKeyVault) -> None:
    store = store_of(vault)
    store.replace({"refresh_token": "first"})
    store.clear()
    assert (vault.secrets, vault.deleted) == ({}, {})


def test_an_account_that_may_not_purge_is_told_how_long_it_stays(
    vault: FakeKeyVault, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(vault)
    store.replace({"refresh_token": "first"})
    vault.refuse["DELETE /deletedsecrets"] = (403, "Forbidden")
    with caplog.at_level(logging.WARNING):
        store.clear()
    assert "can be recovered until its vault's retention ends" in caplog.text
    assert store.read() == {}
    with pytest.raises(SecretStoreError, match="still remembers it") as refused:
        store.replace({"refresh_token": "canary"})
    name = vault.address.removeprefix("https://").partition(".")[0]
    assert f"az keyvault secret purge --vault-name {name} --name {SECRET}`" in refused.value.remedy
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "code", "happened", "remedy"),
    [
        (403, "Forbidden", "may not be", "Grant the account Microsoft.KeyVault/vaults/secrets/"),
        (401, "Unauthorized", "could not be", "az login"),
        (500, "InternalServerError", "could not be", "Check the network"),
        (418, "Teapot", "could not be", "STRAVA_ASSETS_AZURE_VAULT_URL"),
    ],
)
@pytest.mark.parametrize("attempt", ["read", "replace", "clear"])
def test_refusals_are_reported_with_a_remedy(
    vault: FakeKeyVault, attempt: str, status: int, code: str, happened: str, remedy: str
) -> None:
    store = store_of(vault)
    store.replace({"refresh_token": "old"})
    method = {"read": "GET", "replace": "PUT", "clear": "DELETE"}[attempt]
    vault.refuse[method] = (status, code)
    call = (
        partial(store.replace, {"refresh_token": "canary"})
        if attempt == "replace"
        else getattr(store, attempt)
    )
    with pytest.raises(SecretStoreError, match=happened) as refused:
        call()
    assert remedy in refused.value.remedy
    assert "canary" not in str(refused.value)
    del vault.refuse[method]
    assert store.read() == {"refresh_token": "old"}


def test_a_version_that_cannot_be_retired_does_not_undo_the_rotation(
    vault: FakeKeyVault, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(vault)
    store.replace({"refresh_token": "old"})
    vault.refuse["PATCH"] = (403, "Forbidden")
    with caplog.at_level(logging.WARNING):
        store.replace({"refresh_token": "new"})
    assert store.read() == {"refresh_token": "new"}
    assert "could not be retired (Forbidden)" in caplog.text


def test_a_vault_that_does_not_answer_is_told(vault: FakeKeyVault) -> None:
    with pytest.raises(SecretStoreError, match="did not answer") as refused:
        AzureStore("https://127.0.0.1:9", SECRET, connect=Connect(vault.certificate)).read()
    assert "Check the network" in refused.value.remedy


def test_a_missing_client_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_azure(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "azure":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_azure)
    with pytest.raises(SecretStoreError, match="not installed") as refused:
        AzureStore("https://a.vault.azure.net", SECRET).read()
    assert "strava_assets[azure]" in refused.value.remedy
    with pytest.raises(SecretStoreError, match="not installed"):
        key_vault("https://a.vault.azure.net")


@pytest.mark.parametrize("url", ["http://a.vault.azure.net", "https://a.vault.azure.net/secrets/x"])
def test_the_factory_wants_a_vault_and_its_host_alone(tmp_path: Path, url: str) -> None:
    path = tmp_path / "tokens.json"
    with pytest.raises(ConfigurationError, match="STRAVA_ASSETS_AZURE_VAULT_URL is not set"):
        open_store("azure", environ=ENVIRON, path=path)
    with pytest.raises(ConfigurationError, match="the vault's host alone"):
        open_store("azure", environ=ENVIRON | {"STRAVA_ASSETS_AZURE_VAULT_URL": url}, path=path)
    good = ENVIRON | {"STRAVA_ASSETS_AZURE_VAULT_URL": "https://a.vault.azure.net"}
    store = open_store("azure", environ=good, path=path)
    assert f"{SECRET} in https://a.vault.azure.net" in store.name
    assert "sandbox" not in repr(store) + store.name
