"""What every place that keeps tokens promises, on each of them over the wire."""

from __future__ import annotations

import pickle
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.secrets.seeded import Keeper, SeededStore
from strava_assets.strava.auth import Authenticator
from strava_assets_tests.clouds.amazon import REGION, running_amazon
from strava_assets_tests.stores import values_of
from strava_assets_tests.strava.conversation import ENVIRON, HandTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "strava-assets"
FIRST = {"refresh_token": "canary-first", "access_token": "canary", "expires_at": "9"}
Place = tuple[Keeper, "Callable[[str], None]"]
"""A keeper, and how somebody writes a text where it reads."""


@contextmanager
def _file(folder: Path) -> Iterator[Place]:
    from strava_assets.secrets.file import FileStore

    path = folder / "home" / "tokens.json"
    path.parent.mkdir()
    yield FileStore(path), lambda text: void(path.write_text(text))


@contextmanager
def _google(_: Path) -> Iterator[Place]:
    pytest.importorskip("google.cloud.secretmanager", reason="the extra `gcp` is not installed")
    from google.cloud import secretmanager as sm

    from strava_assets.secrets.google import GoogleStore
    from strava_assets_tests.secrets.fake_secret_manager import client_of, serving

    with serving() as fake:
        path = "projects/a-project/secrets/strava-assets"

        def paste(text: str) -> None:
            fake.secrets.setdefault(path, [])
            fake.AddSecretVersion(sm.AddSecretVersionRequest(parent=path, payload={"data": text.encode()}))

        yield GoogleStore("a-project", SECRET, connect=partial(client_of, fake.port)), paste


def _client_at(address: str, region: str) -> Any:
    import boto3

    return boto3.client(
        "secretsmanager",
        region_name=region,
        endpoint_url=address,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )


@contextmanager
def _amazon(_: Path) -> Iterator[Place]:
    pytest.importorskip("boto3", reason="the extra `aws` is not installed")
    from strava_assets.secrets.aws import AmazonStore

    with running_amazon() as amazon:
        client = amazon.client("secretsmanager")
        yield (
            AmazonStore(REGION, SECRET, connect=partial(_client_at, amazon.address)),
            lambda text: void(client.create_secret(Name=SECRET, SecretString=text)),
        )


@contextmanager
def _azure(_: Path) -> Iterator[Place]:
    pytest.importorskip("azure.keyvault.secrets", reason="the extra `azure` is not installed")
    from strava_assets.secrets.azure import AzureStore
    from strava_assets_tests.clouds.key_vault import Connect, serving_key_vault

    with serving_key_vault() as vault:
        yield (
            AzureStore(vault.address, SECRET, connect=Connect(vault.certificate)),
            lambda text: void(vault.handle("PUT", f"/secrets/{SECRET}", {"value": text})),
        )


PLACES = {"file": _file, "gcp": _google, "aws": _amazon, "azure": _azure}
# `test_aws.py` and `test_azure.py` are quick.
QUICK = {"file", "gcp"}
PARAMS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.deep) for name in PLACES]


def void(_: object) -> None:
    """Leave a result out."""


@pytest.fixture(scope="module", params=PARAMS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        yield stack.enter_context(PLACES[request.param](tmp_path_factory.mktemp("store")))


@pytest.fixture
def place(running: Place) -> Iterator[Place]:
    yield running
    running[0].clear()


@pytest.fixture
def keeper(place: Place) -> Keeper:
    return place[0]


def test_what_does_not_exist_is_empty_and_made_on_the_first_write(keeper: Keeper) -> None:
    assert keeper.read() == {}
    keeper.replace(FIRST)
    assert keeper.read() == FIRST


def test_the_last_writer_replaces_everything(keeper: Keeper) -> None:
    for number in range(4):
        keeper.replace({"refresh_token": str(number)} | ({"scope": "read"} if number == 0 else {}))
    assert keeper.read() == {"refresh_token": "3"}


def test_clearing_forgets_everything_and_may_be_repeated(keeper: Keeper) -> None:
    keeper.replace(FIRST)
    keeper.clear()
    keeper.clear()
    assert keeper.read() == {}
    keeper.replace({"refresh_token": "second"})
    assert keeper.read() == {"refresh_token": "second"}


@pytest.mark.parametrize("text", ['{"refresh_token": 5}', '{"refresh_token": "canary', '{"canary": []}'])
def test_another_programs_document_is_left_alone_and_not_quoted(place: Place, text: str) -> None:
    keeper, paste = place
    paste(text)
    with pytest.raises(SecretStoreError, match="not") as refused:
        keeper.read()
    assert refused.value.__cause__ is None
    assert "canary" not in str(refused.value)
    assert refused.value.remedy


def test_it_moves_to_another_process_without_its_connection(keeper: Keeper) -> None:
    keeper.replace(FIRST)
    assert pickle.loads(pickle.dumps(keeper)).read() == FIRST  # noqa: S301 - our own


def test_it_shows_nothing_of_what_it_keeps(keeper: Keeper) -> None:
    keeper.replace(FIRST)
    assert "canary" not in repr(keeper) + keeper.name + keeper.location


def test_a_rotation_is_kept_and_the_next_run_reuses_the_token(keeper: Keeper) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    store = SeededStore(keeper, values_of(ENVIRON))
    with serve(sandbox) as server:
        first = Authenticator(store, f"{server.base_url}/oauth", clock=time.clock)
        token = first.access_token(server.base_url)
        again = Authenticator(store, f"{server.base_url}/oauth", clock=time.clock)
        assert again.access_token(server.base_url) == token
    assert (first.calls, again.calls) == (1, 0)
    assert keeper.read()["refresh_token"] == sandbox.tokens.valid_refresh_token


# A file's lock excludes the race.
@pytest.mark.parametrize("running", PARAMS[1:], indirect=True)
def test_a_run_that_lost_the_race_takes_what_the_other_has_written(keeper: Keeper) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    store = SeededStore(keeper, values_of(ENVIRON))
    refresh = sandbox.tokens.refresh

    def overtaken(refresh_token: str) -> object:
        # Another run is faster: it has rotated and stored before this one's request is looked at.
        grant = refresh(refresh_token)
        names = ("access_token", "refresh_token", "expires_at")
        store.write({name: str(getattr(grant, name)) for name in names})
        return refresh(refresh_token)

    with serve(sandbox) as server:
        late = Authenticator(store, f"{server.base_url}/oauth", clock=time.clock)
        sandbox.tokens.refresh = overtaken  # type: ignore[method-assign, assignment]  # the moment is in the server
        assert sandbox.tokens.accepts(late.access_token(server.base_url))
    assert keeper.read()["refresh_token"] == sandbox.tokens.valid_refresh_token
