"""The Amazon store beyond the contract: its versions on moto, and refusals as Amazon words them."""

from __future__ import annotations

import builtins
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("boto3", reason="the extra `aws` is not installed")

from strava_assets.errors import ConfigurationError
from strava_assets.secrets.aws import AmazonStore, secrets_manager
from strava_assets.secrets.errors import SecretStoreError
from strava_assets_tests.clouds.amazon import REGION, SECRET, Amazon, running_amazon
from strava_assets_tests.stores import open_store
from strava_assets_tests.strava.conversation import ENVIRON
from strava_assets_tests.warehouse.front import Front, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DENIED = "User: arn:aws:sts::123456789012:assumed-role/a/b is not authorized to perform: secretsmanager:X"


@pytest.fixture(scope="module")
def running() -> Iterator[Amazon]:
    with running_amazon() as amazon:
        yield amazon


@pytest.fixture
def amazon(running: Amazon, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    running.reset()
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return running


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """An Amazon that answers as it is told."""
    with standing() as front:
        for name, value in Amazon(front.address).environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        yield front


def refuse(front: Front, code: str, message: str = "as told", status: int = 400) -> None:
    front.order(r"^POST / ", status, {"__type": code, "Message": message, "message": message})


def test_a_new_version_takes_the_label_off_the_one_before(amazon: Amazon) -> None:
    store = AmazonStore(REGION, SECRET)
    for number in range(4):
        store.replace({"refresh_token": str(number)})
    versions = amazon.client("secretsmanager").list_secret_version_ids(
        SecretId=SECRET, IncludeDeprecated=True
    )
    labels = [version.get("VersionStages", []) for version in versions["Versions"]]
    assert [label for label in labels if label] == [["AWSCURRENT"]]


def test_what_terraform_made_is_empty_until_the_first_login(amazon: Amazon) -> None:
    amazon.client("secretsmanager").create_secret(Name=SECRET)
    store = AmazonStore(REGION, SECRET)
    assert store.read() == {}
    store.replace({"refresh_token": "first"})
    assert store.read() == {"refresh_token": "first"}


def test_a_bare_refresh_token_that_somebody_pasted_is_understood(amazon: Amazon) -> None:
    client = amazon.client("secretsmanager")
    client.create_secret(Name="text", SecretString="  pasted-token\n")
    client.create_secret(Name="binary", SecretBinary=b"pasted-token")
    for name in ("text", "binary"):
        assert AmazonStore(REGION, name).read() == {"refresh_token": "pasted-token"}


def test_nothing_is_left_to_recover_after_clearing(amazon: Amazon) -> None:
    store = AmazonStore(REGION, SECRET)
    store.replace({"refresh_token": "first"})
    store.clear()
    listed = amazon.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert listed == []


@pytest.mark.parametrize(
    ("code", "happened", "remedy"),
    [
        ("AccessDeniedException", "may not be", "Grant the account secretsmanager:"),
        ("UnrecognizedClientException", "could not be", "aws sso login"),
        ("ExpiredTokenException", "could not be", "aws sso login"),
        ("InternalServiceError", "could not be", "STRAVA_ASSETS_AWS_REGION"),
    ],
)
@pytest.mark.parametrize("attempt", ["read", "replace", "clear"])
def test_refusals_are_reported_with_a_remedy(
    front: Front, attempt: str, code: str, happened: str, remedy: str
) -> None:
    refuse(front, code, DENIED)
    store = AmazonStore(REGION, SECRET)
    call = (
        partial(store.replace, {"refresh_token": "canary"})
        if attempt == "replace"
        else getattr(store, attempt)
    )
    with pytest.raises(SecretStoreError, match=happened) as refused:
        call()
    assert remedy in refused.value.remedy
    assert "canary" not in str(refused.value)


def test_a_secret_that_is_marked_for_deletion_is_told(front: Front) -> None:
    text = "You can't perform this operation on the secret because it was marked for deletion."
    refuse(front, "InvalidRequestException", text)
    with pytest.raises(SecretStoreError, match="marked for deletion") as refused:
        AmazonStore(REGION, SECRET).read()
    assert "restore-secret" in refused.value.remedy


def test_a_version_that_cannot_be_retired_does_not_undo_the_rotation(
    amazon: Amazon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = AmazonStore(REGION, SECRET)
    store.replace({"refresh_token": "old"})
    with standing(amazon.address) as front:
        monkeypatch.setenv("AWS_ENDPOINT_URL", front.address)
        front.order("RemoveFromVersionId", 400, {"__type": "AccessDeniedException", "Message": DENIED})
        with caplog.at_level(logging.WARNING):
            AmazonStore(REGION, SECRET).replace({"refresh_token": "new"})
    assert "could not be retired (AccessDeniedException)" in caplog.text
    assert store.read() == {"refresh_token": "new"}


def test_two_first_writers_both_succeed_and_the_later_one_counts(
    amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing(amazon.address) as front:
        monkeypatch.setenv("AWS_ENDPOINT_URL", front.address)
        # The first question comes before the other process has made the secret.
        missing = {"__type": "ResourceNotFoundException", "Message": "as told"}
        front.order("ClientRequestToken", 400, missing, times=1)
        amazon.client("secretsmanager").create_secret(Name=SECRET, SecretString='{"refresh_token": "other"}')
        AmazonStore(REGION, SECRET).replace({"refresh_token": "mine"})
        assert AmazonStore(REGION, SECRET).read() == {"refresh_token": "mine"}


def test_a_missing_client_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_boto3(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] in {"boto3", "botocore"}:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_boto3)
    with pytest.raises(SecretStoreError, match="not installed") as refused:
        AmazonStore(REGION, SECRET).read()
    assert "strava_assets[aws]" in refused.value.remedy
    with pytest.raises(SecretStoreError, match="not installed"):
        secrets_manager(REGION)


def test_the_factory_wants_a_region(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="STRAVA_ASSETS_AWS_REGION is not set"):
        open_store("aws", environ=ENVIRON, path=tmp_path / "tokens.json")
    with pytest.raises(ConfigurationError, match="must look like eu-central-1"):
        open_store(
            "aws", environ=ENVIRON | {"STRAVA_ASSETS_AWS_REGION": "Frankfurt"}, path=tmp_path / "tokens.json"
        )
    given = ENVIRON | {"STRAVA_ASSETS_AWS_REGION": REGION}
    store = open_store("aws", environ=given, path=tmp_path / "tokens.json")
    assert f"{SECRET} in {REGION}" in store.name
    assert "sandbox" not in repr(store) + store.name
