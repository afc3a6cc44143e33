"""A whole sync as the container runs it: nothing worth keeping stays on its disk, the next one continues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, own_environment
from strava_assets_tests.clouds.amazon import REGION, SECRET, Amazon
from strava_assets_tests.clouds.file_homes import amazon as amazon_files
from strava_assets_tests.clouds.file_homes import azure as azure_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox
    from strava_assets_tests.clouds.file_homes import FileHome

pytestmark = [
    pytest.mark.deep,
    # Azure's client hands a file over in one piece; Python shows no such warning by default.
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),
]
PLACES = {f"STRAVA_ASSETS_{name.upper()}_URL": name for name in ("landing", "streams", "report")}


@pytest.fixture
def strava() -> Iterator[RunningSandbox]:
    with serve(Sandbox.many(12)) as server:
        yield server


def container(
    folder: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox, home: FileHome
) -> Terminal:
    """A container's terminal with an empty disk."""
    folder.mkdir()
    own_environment(monkeypatch, folder)
    home.forget_clients()
    places = {variable: f"{home.root}/{name}" for variable, name in PLACES.items()}
    return Terminal(folder, {**home.environment, **places}).at(strava)


def sync_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox, home: FileHome, **environ: str
) -> list[str]:
    """Two syncs, each in a container of its own; returns their outputs."""
    outputs = []
    for name in ("first", "second"):
        terminal = container(tmp_path / name, monkeypatch, strava, home)
        result = terminal.run("sync", **environ)
        assert result.status == 0, result.out + result.err
        assert "sync succeeded:" in result.out
        outputs.append(result.out)
        # From here on everything is in the secret but what a person gives anew.
        environ = {key: value for key, value in environ.items() if key not in CREDENTIALS}
    assert b"</html>" in home.content("report/index.html")
    batches = [key for key in home.names("landing") if key.endswith("/manifest.json")]
    assert len(batches) == 2
    return outputs


def test_on_amazon_the_second_container_continues_with_what_the_first_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox
) -> None:
    pytest.importorskip("boto3", reason="the extra `aws` is not installed")
    with amazon_files(tmp_path) as home:
        client = Amazon(home.environment["AWS_ENDPOINT_URL"]).client("secretsmanager")
        settings = {"STRAVA_ASSETS_ENV": "aws", "STRAVA_ASSETS_AWS_REGION": REGION}
        outputs = sync_twice(tmp_path, monkeypatch, strava, home, **settings, **CREDENTIALS)
        stored = json.loads(client.get_secret_value(SecretId=SECRET)["SecretString"])
    assert stored["access_token"]
    assert not any(stored["access_token"] in output for output in outputs)


def test_on_azure_the_second_container_continues_with_what_the_first_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox
) -> None:
    pytest.importorskip("azure.keyvault.secrets", reason="the extra `azure` is not installed")
    from strava_assets_tests.clouds.key_vault import managed_identity, serving_key_vault

    with azure_files(tmp_path) as home, serving_key_vault() as vault, managed_identity(vault) as identity:
        settings = {"STRAVA_ASSETS_ENV": "azure", "STRAVA_ASSETS_AZURE_VAULT_URL": vault.address}
        outputs = sync_twice(tmp_path, monkeypatch, strava, home, **settings, **identity, **CREDENTIALS)
        stored = json.loads(vault.secrets[SECRET][-1].value)
    assert stored["access_token"]
    assert not any(stored["access_token"] in output for output in outputs)


def test_an_account_without_permission_is_told_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox
) -> None:
    with amazon_files(tmp_path) as home:
        server = Amazon(home.environment["AWS_ENDPOINT_URL"])
        settings = {"STRAVA_ASSETS_ENV": "aws", "STRAVA_ASSETS_AWS_REGION": REGION}
        terminal = container(tmp_path / "first", monkeypatch, strava, home)
        assert terminal.run("sync", **settings, **CREDENTIALS).status == 0
        before = home.names("landing")
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "s3:List*"], "Resource": "*"}],
        }
        refused = container(tmp_path / "second", monkeypatch, strava, home)
        result = refused.run("sync", **settings, **server.account_with(policy))
        server.check_nobody()
        assert result.status == 1
        assert "The list of the athletes in s3://a-bucket/landing cannot be read" in result.err
        # The object is asked for with HEAD, whose refusal has no other word.
        assert "lacks the permission (403)" in result.out + result.err
        assert "strava-assets doctor" in result.out + result.err
        assert "Traceback" not in result.out + result.err
        assert home.names("landing") == before
