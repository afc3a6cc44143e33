"""The Google store beyond the contract: its versions and refusals, by Google's own client over gRPC."""

from __future__ import annotations

import builtins
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("google.cloud.secretmanager", reason="the extra `gcp` is not installed")

import grpc

from strava_assets.errors import ConfigurationError
from strava_assets.sandbox import Sandbox, serve
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.secrets.google import GoogleStore
from strava_assets.secrets.seeded import SeededStore
from strava_assets.strava import errors
from strava_assets.strava.auth import Authenticator
from strava_assets_tests.secrets.fake_secret_manager import FakeSecretManager, client_of, serving
from strava_assets_tests.stores import open_store, values_of
from strava_assets_tests.strava.conversation import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "projects/a-project/secrets/strava-assets"


@pytest.fixture
def google() -> Iterator[FakeSecretManager]:
    with serving() as fake:
        yield fake


def store_of(google: FakeSecretManager) -> GoogleStore:
    return GoogleStore("a-project", "strava-assets", connect=partial(client_of, google.port))


def test_a_new_version_disables_the_one_before_and_destroys_the_one_before_that(
    google: FakeSecretManager,
) -> None:
    store = store_of(google)
    for number in range(4):
        store.replace({"refresh_token": str(number)})
    assert google.states(PATH) == ["DESTROYED", "DESTROYED", "DISABLED", "ENABLED"]
    assert store.read() == {"refresh_token": "3"}


def test_a_bare_refresh_token_that_somebody_pasted_is_understood(google: FakeSecretManager) -> None:
    google.secrets[PATH] = []
    google.AddSecretVersion(_version(b"  pasted-token\n"))
    assert store_of(google).read() == {"refresh_token": "pasted-token"}


@pytest.mark.parametrize(
    ("code", "text"),
    [(grpc.StatusCode.PERMISSION_DENIED, "roles/"), (grpc.StatusCode.INVALID_ARGUMENT, "project's id")],
)
@pytest.mark.parametrize("rpc", ["AccessSecretVersion", "AddSecretVersion", "DeleteSecret"])
def test_googles_refusals_are_reported_with_a_remedy(
    google: FakeSecretManager, rpc: str, code: grpc.StatusCode, text: str
) -> None:
    store = store_of(google)
    google.refuse[rpc] = code
    with pytest.raises(SecretStoreError, match=r"could not be|may not be") as refused:
        {"AccessSecretVersion": store.read, "DeleteSecret": store.clear}.get(
            rpc, partial(store.replace, {"refresh_token": "canary"})
        )()
    assert text in refused.value.remedy
    assert "canary" not in str(refused.value)


def test_a_version_that_cannot_be_retired_does_not_undo_the_rotation(
    google: FakeSecretManager, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(google)
    store.replace({"refresh_token": "old"})
    google.refuse["DisableSecretVersion"] = grpc.StatusCode.PERMISSION_DENIED
    with caplog.at_level(logging.WARNING):
        store.replace({"refresh_token": "new"})
    assert store.read() == {"refresh_token": "new"}
    assert "could not be retired (PermissionDenied)" in caplog.text


def test_google_without_credentials_is_reported_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(SecretStoreError, match="No usable Google credentials") as refused:
        GoogleStore("a-project", "strava-assets").read()
    assert "gcloud auth application-default login" in refused.value.remedy


def test_a_missing_client_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_secret_manager(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("google.cloud.secretmanager"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_secret_manager)
    with pytest.raises(SecretStoreError, match="not installed") as refused:
        GoogleStore("a-project", "strava-assets").read()
    assert "strava_assets[gcp]" in refused.value.remedy


def test_the_secret_remembers_the_host_that_its_credentials_belong_to(google: FakeSecretManager) -> None:
    store = SeededStore(store_of(google), values_of(ENVIRON))
    with serve(Sandbox()) as server:
        token = Authenticator(store, f"{server.base_url}/oauth").access_token(server.base_url)
    assert json.loads(google.data(PATH))["oauth_host"] == "localhost"
    elsewhere = Authenticator(store, "https://elsewhere.example/oauth")
    with pytest.raises(errors.ForeignHostError):
        elsewhere.refresh(reject=token)


def test_the_factory_wants_a_project_and_shows_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_store("gcp", environ=ENVIRON, path=tmp_path / "tokens.json")
    assert "STRAVA_ASSETS_GCP_PROJECT is not set, and STRAVA_ASSETS_SECRET_STORE=gcp needs it" in str(
        refused.value
    )
    store = open_store("gcp", environ=ENVIRON, path=tmp_path / "tokens.json", project="a-project")
    assert PATH in store.name
    assert "sandbox" not in repr(store) + store.name


def test_a_token_revoked_for_good_is_told_after_looking_for_another_runs(google: FakeSecretManager) -> None:
    sandbox = Sandbox()
    sandbox.tokens.revoke()
    keeper = store_of(google)
    keeper.settling_waits_s = (0.0, 0.0)
    with serve(sandbox) as server:
        auth = Authenticator(SeededStore(keeper, values_of(ENVIRON)), f"{server.base_url}/oauth")
        with pytest.raises(errors.InvalidRefreshTokenError):
            auth.access_token(server.base_url)
    assert google.calls.count("AccessSecretVersion") == 4


def _version(data: bytes) -> Any:
    from google.cloud import secretmanager as sm

    return sm.AddSecretVersionRequest(parent=PATH, payload={"data": data})
