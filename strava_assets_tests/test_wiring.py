"""Every kind is registered once: whoever asks opens the same one and names the same location."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from strava_assets import secrets, wiring
from strava_assets.cli import up
from strava_assets.cli.checkups import credentials, storage
from strava_assets.cli.checkups.finding import State
from strava_assets.definitions import build_resources
from strava_assets.errors import ConfigurationError
from strava_assets.secrets.google import GoogleStore
from strava_assets.secrets.kinds import StoreKind
from strava_assets.settings_reader import changed_settings, load_settings
from strava_assets.warehouse import locations
from strava_assets.warehouse.locations import WarehouseLocation
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, own_environment
from strava_assets_tests.secrets.fake_secret_manager import client_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from strava_assets.settings import Settings
    from strava_assets.warehouse import Warehouse

TOKENS = {"client_id": "1", "client_secret": "canary-secret", "refresh_token": "canary-token"}


class Vault:
    """A place for tokens that this project does not have."""

    name = "the vault"
    location = "vault://home/strava"
    path = None
    settling_waits_s: tuple[float, ...] = ()

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        return dict(self.values)

    def replace(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def check_writable(self) -> None:
        pass

    def clear(self) -> None:
        self.values = {}

    def lock(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()


class Lake(WarehouseLocation):
    """An engine that this project does not have; any other one opened in its place would be noticed."""

    needs = ("gcp_project",)

    @property
    @override
    def address(self) -> str:
        return "lake.example.org/strava"

    @override
    def open(self, *, read_only: bool = False, wait_for_lock_s: float = 0) -> Warehouse:
        raise ConfigurationError("The lake is dry.")


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    vault = Vault()
    monkeypatch.setitem(secrets.KINDS, "vault", StoreKind(lambda _settings, _ending: vault))
    return vault


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(locations.KINDS, "lake", Lake)


def settings(home: Path, **variables: str) -> Settings:
    return load_settings({"STRAVA_ASSETS_HOME": str(home), **variables}, env_file=None)


def secrets_finding(settings: Settings) -> str:
    [finding] = [finding for finding in credentials.look(settings) if finding.about == "secrets"]
    assert finding.state is State.OK
    return finding.message


def test_a_registered_token_store_is_opened_and_named_everywhere(tmp_path: Path, vault: Vault) -> None:
    chosen = settings(tmp_path, STRAVA_ASSETS_SECRET_STORE="vault", **CREDENTIALS)
    assert secrets_finding(chosen) == (
        f"Set in the environment; what Strava gives for them is going to {vault.location}."
    )

    wiring.token_store(chosen).write({"access_token": "canary-access"})

    assert vault.values["access_token"] == "canary-access"
    assert secrets_finding(chosen) == f"Client id, client secret and refresh token are in {vault.location}."
    assert build_resources(chosen)["strava"].tokens == vault.location
    assert not chosen.token_path.exists()


def test_logging_out_of_a_registered_token_store_empties_it_and_says_where(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_environment(monkeypatch, tmp_path)
    vault.values = dict(TOKENS)

    result = Terminal(tmp_path).run("logout", STRAVA_ASSETS_SECRET_STORE="vault")

    assert f"are removed from {vault.location}." in result.out
    assert vault.values == {}


@pytest.fixture
def google_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStore]:
    with serving() as google:
        store = GoogleStore("mine", "strava", lambda: client_of(google.port))
        monkeypatch.setitem(secrets.KINDS, "gcp", StoreKind(lambda _settings, _ending: store))
        yield store


def test_the_doctor_names_secret_manager_where_the_tokens_are_in_it(
    tmp_path: Path, google_store: GoogleStore
) -> None:
    chosen = settings(tmp_path, STRAVA_ASSETS_SECRET_STORE="gcp", STRAVA_ASSETS_GCP_PROJECT="mine")
    google_store.replace(TOKENS)

    location = "Google Secret Manager, project mine, secret strava"
    assert secrets_finding(chosen) == f"Client id, client secret and refresh token are in {location}."


@pytest.mark.usefixtures("lake")
def test_a_registered_warehouse_is_opened_instead_of_duckdb(tmp_path: Path) -> None:
    chosen = settings(tmp_path, STRAVA_ASSETS_WAREHOUSE="lake", STRAVA_ASSETS_GCP_PROJECT="mine")
    resource: Any = build_resources(chosen)["warehouse"]

    assert (resource.kind, resource.address) == ("lake", "lake.example.org/strava")
    with pytest.raises(ConfigurationError, match="dry"):
        resource.open()
    [finding] = storage.look_at_warehouse(chosen)
    assert finding.message == "The lake is dry."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("lake")
def test_what_a_kind_needs_is_asked_for_by_the_settings_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(tmp_path, STRAVA_ASSETS_WAREHOUSE="lake", STRAVA_ASSETS_SECRET_STORE="gcp")

    assert (
        "STRAVA_ASSETS_GCP_PROJECT is not set, and STRAVA_ASSETS_WAREHOUSE=lake and "
        "STRAVA_ASSETS_SECRET_STORE=gcp needs it"
    ) in str(refused.value)


@pytest.mark.parametrize("field", ["warehouse", "secret_store"])
def test_a_kind_that_nobody_registered_is_refused_and_nothing_else_is_opened(
    tmp_path: Path, field: str
) -> None:
    with pytest.raises(ConfigurationError, match="possible: "):
        changed_settings(settings(tmp_path), **{field: "punched cards"})

    unchecked = settings(tmp_path).model_copy(update={field: "punched cards"})
    with pytest.raises(KeyError, match="punched cards"):
        build_resources(unchecked)


def test_up_says_where_the_tables_of_the_chosen_warehouse_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = settings(tmp_path, STRAVA_ASSETS_WAREHOUSE="bigquery", STRAVA_ASSETS_GCP_PROJECT="mine")

    up._print_summary(up.Platform(chosen, {}, "sync", None), succeeded=True)

    assert "The warehouse:  mine.strava" in capsys.readouterr().out


@pytest.mark.usefixtures("google_store")
@pytest.mark.parametrize("kind", ["file", "env", "gcp"])
def test_credentials_come_from_the_settings_and_not_from_the_process(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAVA_REFRESH_TOKEN", "of another account")
    fields = {"STRAVA_ASSETS_SECRET_STORE": kind, "STRAVA_ASSETS_GCP_PROJECT": "mine"}

    stored = wiring.token_store(settings(tmp_path, **fields, **CREDENTIALS)).read()

    assert stored["refresh_token"] == CREDENTIALS["STRAVA_REFRESH_TOKEN"]
