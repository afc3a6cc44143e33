"""Landing, recordings and page keep their promises in every place where files may be."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from strava_assets.landing import Landing, LandingError
from strava_assets.report.page_files import ReportError, write_page
from strava_assets.streams import StreamsError, StreamStore
from strava_assets_tests.clouds.file_homes import HOMES, FileHome
from strava_assets_tests.landing import test_landing as landing_contract
from strava_assets_tests.landing.test_landing import PAGES, commit
from strava_assets_tests.streams import test_store as streams_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType


def promises(contract: ModuleType, argument: str) -> list[Callable[..., None]]:
    """The tests of a contract that need nothing but the place itself."""
    return [
        test
        for name, test in vars(contract).items()
        if name.startswith("test_") and list(test.__annotations__) == [argument, "return"]
    ]


def named(promise: Callable[..., None]) -> str:
    return promise.__name__.removeprefix("test_")


OF_LANDING = promises(landing_contract, "landing")
OF_STREAMS = promises(streams_contract, "store")


# Starting the emulators takes seconds each; Google's is started for other tests as well.
QUICK = {"folder", "gs"}
PARAMS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.deep) for name in HOMES]


@pytest.fixture(scope="module", params=PARAMS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileHome]:
    with HOMES[request.param](tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture
def home(running: FileHome, monkeypatch: pytest.MonkeyPatch) -> FileHome:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    # Filesystems are cached by address, and another test may have used another server.
    running.forget_clients()
    return running


def test_there_are_promises_to_be_kept() -> None:
    assert len(OF_LANDING) > 9
    assert len(OF_STREAMS) > 15


@pytest.mark.deep
@pytest.mark.parametrize("promise", OF_LANDING, ids=named)
def test_what_holds_for_a_landing_holds_here(home: FileHome, promise: Callable[[Landing], None]) -> None:
    promise(Landing(home.address("landing")))


@pytest.mark.deep
@pytest.mark.parametrize("promise", OF_STREAMS, ids=named)
def test_what_holds_for_recordings_holds_here(home: FileHome, promise: Callable[[StreamStore], None]) -> None:
    promise(StreamStore(home.address("streams")))


def test_another_process_sees_a_batch_as_soon_as_it_is_committed(home: FileHome) -> None:
    landing = Landing(home.address("landing"))
    other = Landing(landing.address)
    assert other.manifests() == []
    manifest = commit(landing)
    assert other.manifests() == [manifest]
    assert [page.body for page in other.pages(manifest)] == list(PAGES)


def test_a_landed_page_is_one_object_with_its_compression_kept(home: FileHome) -> None:
    landing = Landing(home.address("landing"))
    manifest = commit(landing)
    batch = f"{home.path(landing.address)}/athlete=7/{manifest.batch_id}"
    assert home.names(home.path(landing.address)) == [
        f"{batch}/{name}" for name in ("manifest.json", "page-00001.json.gz", "page-00002.json.gz")
    ]
    assert gzip.decompress(home.content(f"{batch}/page-00001.json.gz")) == PAGES[0]


def test_a_check_leaves_nothing_behind_and_an_erased_landing_is_empty(home: FileHome) -> None:
    landing = Landing(home.address("landing"))
    landing.check_writable()
    commit(landing)
    landing.erase()
    assert home.names(home.path(landing.address)) == []


def test_recordings_are_one_object_and_are_read_back(home: FileHome) -> None:
    store = StreamStore(home.address("streams"))
    streams_contract.keep(store, "1", "2")
    other = StreamStore(store.address)
    assert len(other.entries()) == 2
    assert len(list(other.read(other.entries().values()))) == 2
    [name] = home.names(home.path(store.address))
    assert name.startswith(f"{home.path(store.address)}/athlete=7/year=2026/part-")


def test_the_page_is_replaced_as_a_whole(home: FileHome) -> None:
    address = home.address("report")
    write_page("first", address)
    write_page("second", address)
    assert home.content(f"{home.path(address)}/index.html") == b"second"


def test_a_place_that_does_not_exist_is_told_and_not_created(home: FileHome) -> None:
    for _ in range(2):
        with pytest.raises(LandingError, match="cannot be used") as refused:
            Landing(home.nobodys).check_writable()
        assert refused.value.remedy
    with pytest.raises(StreamsError, match="cannot be used"):
        StreamStore(home.nobodys).check_writable()
    with pytest.raises(ReportError, match="cannot be written"):
        write_page("page", home.nobodys)


@pytest.mark.parametrize("running", [pytest.param("abfs", marks=pytest.mark.deep)], indirect=True)
def test_folders_that_a_hierarchical_namespace_keeps_are_not_taken_for_files(home: FileHome) -> None:
    from azure.storage.blob import ContainerClient

    landing = Landing(home.address("landing"))
    manifest = commit(landing)
    connection = home.environment["AZURE_STORAGE_CONNECTION_STRING"]
    path = home.path(landing.address)
    with ContainerClient.from_connection_string(connection, "strava") as container:
        for folder in (path, f"{path}/athlete=7", f"{path}/athlete=7/{manifest.batch_id}", f"{path}/empty"):
            container.upload_blob(folder, b"", metadata={"hdi_isfolder": "true"}, overwrite=True)
    assert landing.manifests() == [manifest]
    assert [page.body for page in landing.pages(manifest)] == list(PAGES)
    landing.erase()
    assert landing.manifests() == []
    store = StreamStore(home.address("streams"))
    streams_contract.keep(store, "1")
    assert len(store.entries()) == 1
