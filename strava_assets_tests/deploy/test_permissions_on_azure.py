"""`doctor` on Azure: what is missing is named with its role.

Azurite and the fake of Key Vault know no roles, so a front and the fake refuse as Azure does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("azure.keyvault.secrets", reason="the extra `azure` is not installed")

from strava_assets.cli.checkups import azure
from strava_assets.cli.checkups.finding import Finding, State
from strava_assets.settings import Settings
from strava_assets_tests.clouds.azure_storage import ACCOUNT, CONTAINER, AzureStorage, running_azure_storage
from strava_assets_tests.clouds.key_vault import Connect, FakeKeyVault, serving_key_vault
from strava_assets_tests.deploy.terraform_files import AZURE, permissions_of
from strava_assets_tests.deploy.test_terraform import azure_roles_of
from strava_assets_tests.warehouse.front import Front, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "strava-assets"
REQUESTS = dict(zip(azure.ON_SECRET, ("GET", "PUT", "PATCH"), strict=True))


@pytest.fixture(scope="module")
def storage() -> Iterator[AzureStorage]:
    with running_azure_storage() as storage:
        yield storage


@pytest.fixture
def front(storage: AzureStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with standing(storage.address) as front:
        address = AzureStorage(front.address)
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", address.connection_string)
        yield front


@pytest.fixture
def vault() -> Iterator[FakeKeyVault]:
    with serving_key_vault() as vault:
        vault.handle("PUT", f"/secrets/{SECRET}", {"value": json.dumps({"refresh_token": "canary"})})
        yield vault


def looked(vault: FakeKeyVault, **fields: Any) -> dict[str, Finding]:
    root = f"abfs://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net"
    places = {name: f"{root}/{name}" for name in ("landing_url", "streams_url", "report_url")}
    settings = Settings.model_validate({"env": "azure", "azure_vault_url": vault.address} | places | fields)
    return {finding.about: finding for finding in azure.look(settings, Connect(vault.certificate))}


def test_an_account_that_may_do_everything_is_told_so_and_nothing_is_left_behind(
    vault: FakeKeyVault, front: Front, storage: AzureStorage
) -> None:
    findings = looked(vault)
    assert list(findings) == ["azure tokens", "azure files"]
    assert {finding.state for finding in findings.values()} == {State.OK}, findings
    assert len(vault.secrets[SECRET]) == 1
    assert front.seen
    with storage.container() as container:
        assert list(container.list_blob_names()) == []


@pytest.mark.parametrize(("permission", "method"), REQUESTS.items())
def test_a_missing_permission_on_the_secret_is_named(
    vault: FakeKeyVault, front: Front, permission: str, method: str
) -> None:
    assert front
    vault.refuse[method] = (403, "Forbidden")
    finding = looked(vault)["azure tokens"]
    assert finding.state is State.BROKEN
    assert finding.message.startswith(f"The account lacks {permission} on the secret")
    assert finding.remedy.startswith("Grant it the role strava-assets tokens of deploy/azure on")
    assert "canary" not in finding.message


@pytest.mark.parametrize(
    ("permission", "request_form"),
    zip(azure.ON_CONTAINER, (r"^GET ", r"^PUT ", r"^DELETE "), strict=True),
)
def test_a_missing_permission_on_the_files_is_named(
    vault: FakeKeyVault, front: Front, permission: str, request_form: str
) -> None:
    front.order(request_form, 403, {"error": {"code": "AuthorizationPermissionMismatch", "message": "no"}})
    finding = looked(vault)["azure files"]
    assert finding.state is State.BROKEN
    assert finding.message.startswith(f"The account lacks {permission} on the container {CONTAINER}")
    assert "Storage Blob Data Contributor" in finding.remedy


def test_what_does_not_exist_is_told(vault: FakeKeyVault, front: Front) -> None:
    assert front
    nobodys = f"abfs://nobodys@{ACCOUNT}.dfs.core.windows.net/landing"
    findings = looked(vault, azure_secret="nobodys", landing_url=nobodys, streams_url=None, report_url=None)
    assert findings["azure tokens"].state is State.WARNING
    assert "strava-assets login" in findings["azure tokens"].remedy
    assert findings["azure files"].message == f"There is no container nobodys of {ACCOUNT}."


def test_credentials_and_network_are_told(vault: FakeKeyVault, front: Front) -> None:
    assert front
    vault.refuse["GET"] = (401, "Unauthorized")
    finding = looked(vault)["azure tokens"]
    assert finding.state is State.BROKEN
    assert "az login" in finding.remedy
    vault.refuse["GET"] = (503, "ServiceUnavailable")
    assert looked(vault)["azure tokens"].state is State.WARNING


def test_what_is_tried_is_what_terraform_grants(tmp_path: Path) -> None:
    assert set(permissions_of(AZURE, tmp_path)["data_actions"]) == set(azure.ON_SECRET)
    # The image is pulled before anything of ours runs.
    of_sync = azure_roles_of("azurerm_user_assigned_identity.sync.principal_id") - {"AcrPull"}
    assert of_sync == {"tokens", azure.FILES_ROLE}


def test_nothing_is_asked_where_nothing_is_on_azure() -> None:
    assert list(azure.look(Settings())) == []
