"""A batch counts as soon as it has a manifest, files are written as a whole, and damage is reported."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.landing import Conclusion, Landing, LandingError, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.landing.manifest import Kind

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
PAGES = (b'[{"id": 1}, {"id": 2}]', '[{"id": 3, "name": "Fürstenweg 🚴"}]'.encode())


@pytest.fixture(params=["file", "memory"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Landing]:
    if request.param == "file":
        yield Landing(str(tmp_path / "landing"))
        return
    landing = Landing(f"memory://landing-{uuid4().hex}")
    yield landing
    landing.erase()


def commit(
    landing: Landing,
    at: datetime = NOW,
    pages: tuple[bytes, ...] = PAGES,
    replaces: tuple[str, ...] = (),
    kind: Kind | None = None,
    *,
    athlete: str | None = "7",
    in_root: bool = False,
) -> Manifest:
    """Commit a batch of an athlete, in the athlete's folder or in the root."""
    kind = kind or ("compacted" if replaces else "full")
    batch = landing.begin(kind, at, None if in_root else athlete)
    for number, body in enumerate(pages, 1):
        batch.write_page(number, body, at, len(json.loads(body)))
    manifest = Manifest(
        batch_id=batch.batch_id,
        kind=kind,
        source="api",
        athlete_id=athlete,
        started_at=at,
        finished_at=at + timedelta(seconds=3),
        complete=True,
        after=None,
        before=1_700_000_000,
        pages=tuple(batch.pages),
        records=3,
        activity_ids=("1", "2", "3"),
        newest_start=at - timedelta(days=1),
        calls={"list": 3},
        replaces=replaces,
    )
    return batch.commit(manifest)


def test_a_committed_batch_comes_back_exactly_as_it_was_written(landing: Landing) -> None:
    manifest = commit(landing)
    assert landing.manifests() == [manifest]
    assert [page.body for page in landing.pages(manifest)] == list(PAGES)
    assert [page.entry.records for page in landing.pages(manifest)] == [2, 1]


def test_a_batch_without_a_manifest_does_not_exist(landing: Landing) -> None:
    landing.begin("full", NOW, "7").write_page(1, PAGES[0], NOW, 2)
    assert landing.manifests() == []


def test_batches_come_in_the_order_they_began(landing: Landing) -> None:
    late, early = commit(landing, NOW), commit(landing, NOW - timedelta(hours=6))
    assert landing.manifests() == [early, late]


def test_two_batches_of_the_same_moment_keep_apart(landing: Landing) -> None:
    commit(landing)
    commit(landing)
    assert len(landing.manifests()) == 2


def test_a_replaced_batch_is_left_out_and_swept(landing: Landing) -> None:
    old = commit(landing, NOW - timedelta(hours=6))
    new = commit(landing, replaces=(old.batch_id,))
    assert landing.manifests() == [new]
    assert landing.sweep(NOW) == [old.batch_id]
    assert landing.manifests() == [new]


def test_a_sweep_spares_a_sync_that_runs_and_takes_one_that_died(landing: Landing) -> None:
    committed = commit(landing, NOW - timedelta(days=9))
    running = landing.begin("full", NOW - timedelta(hours=1), "7")
    running.write_page(1, PAGES[0], NOW, 2)
    died = landing.begin("full", NOW - timedelta(days=2), "7")
    died.write_page(1, PAGES[0], NOW, 2)
    assert landing.sweep(NOW) == [died.batch_id]
    assert landing.uncommitted() == [running.place]
    assert list(landing.uncommitted_pages(running.place)) == [PAGES[0]]
    assert landing.manifests() == [committed]


def test_a_sync_whose_pages_were_given_up_meanwhile_commits_nothing(landing: Landing) -> None:
    slow = landing.begin("full", NOW - timedelta(days=2), "7")
    slow.write_page(1, PAGES[0], NOW, 2)
    committed = commit(landing, NOW - timedelta(days=3))
    landing.sweep(NOW)
    manifest = replace(committed, batch_id=slow.batch_id, pages=tuple(slow.pages))
    with pytest.raises(LandingError, match=r"1 of 1 pages of the batch .* are missing"):
        slow.commit(manifest)
    assert landing.manifests() == [committed]


def test_a_sweep_takes_the_file_of_a_writing_test_that_died(on_disk: Landing) -> None:
    manifest = commit(on_disk)
    Path(on_disk.address, ".write-test-0a1b2c3d").write_bytes(b"")
    assert on_disk.sweep(NOW) == [".write-test-0a1b2c3d"]
    assert [path.name for path in Path(on_disk.address).iterdir()] == ["athlete=7"]
    assert on_disk.manifests() == [manifest]


def test_a_removed_batch_is_gone_and_removing_it_again_is_no_error(landing: Landing) -> None:
    removed, remaining = commit(landing), commit(landing)
    landing.remove([removed])
    landing.remove([removed])
    assert landing.manifests() == [remaining]


def test_a_removed_batch_does_not_bring_back_those_that_it_replaced(landing: Landing) -> None:
    oldest = commit(landing, NOW - timedelta(hours=2))
    older = commit(landing, NOW - timedelta(hours=1), replaces=(oldest.batch_id,), kind="compacted")
    newest = commit(landing, replaces=(older.batch_id,), kind="compacted")
    # As crashes between the commits and the removals leave it.
    assert landing.remove([newest]) == [oldest.batch_id, older.batch_id, newest.batch_id]
    assert landing.manifests() == []
    assert landing.uncommitted() == []


def test_a_conclusion_stands_beside_its_batch(landing: Landing) -> None:
    manifest = commit(landing)
    assert landing.conclusion(manifest) is None
    concluded = Conclusion(deleted=("1",), held_back=("2", "3"))
    landing.conclude(manifest, concluded)
    assert landing.conclusion(manifest) == concluded


def test_an_erased_landing_can_be_used_again(landing: Landing) -> None:
    commit(landing)
    landing.erase()
    assert landing.manifests() == []
    manifest = commit(landing)
    assert landing.manifests() == [manifest]


def test_batches_of_the_root_are_moved_to_their_athletes(landing: Landing) -> None:
    first, second = commit(landing, in_root=True), commit(landing, in_root=True, athlete="8")
    unknown, settled = commit(landing, athlete=None), commit(landing)
    concluded = Conclusion(deleted=("1",), held_back=())
    landing.conclude(second, concluded)
    before = landing.manifests()
    other = Landing(landing.address)
    assert landing.move_to_athletes() == 2
    assert landing.move_to_athletes() == 0
    for reader in (landing, Landing(landing.address)):
        assert reader.manifests() == before
        assert reader.manifests("7") == [manifest for manifest in before if manifest in (first, settled)]
        assert reader.manifests("8") == [second]
        assert reader.conclusion(second) == concluded
        assert [page.body for page in reader.pages(first)] == list(PAGES)
    # A reader that listed before finds it, too.
    assert [page.body for page in other.pages(first)] == list(PAGES)
    assert landing.athletes() == {"7", "8"}
    assert landing.uncommitted() == []
    assert landing.remove(before) == [manifest.batch_id for manifest in before]
    assert Landing(landing.address).manifests() == []
    assert unknown in before


def test_a_writable_landing_is_left_as_it_was_by_the_check(landing: Landing) -> None:
    landing.check_writable()
    assert landing.uncommitted() == []


def test_other_athletes_are_not_read(landing: Landing) -> None:
    own, in_root = commit(landing), commit(landing, NOW + timedelta(hours=1), in_root=True)
    theirs = commit(landing, athlete="8")
    landing._folder.put(f"athlete=8/{theirs.batch_id}/manifest.json", b"damaged")
    assert landing.manifests("7") == [own, in_root]
    with pytest.raises(LandingError, match=r"cannot be read"):
        landing.manifests()


def page_file(landing: Landing, manifest: Manifest) -> Path:
    return Path(landing.address, "athlete=7", manifest.batch_id, manifest.pages[0].name)


@pytest.fixture
def on_disk(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-12]),
        lambda file: file.write_bytes(b"not gzip at all"),
        lambda file: file.write_bytes(file.read_bytes()[:14] + b"\xff" * 14),
        lambda file: file.write_bytes(gzip.compress(b"[]")),
    ],
    ids=["missing", "empty", "cut", "foreign", "scrambled", "replaced"],
)
def test_a_damaged_page_is_named_with_its_remedy(on_disk: Landing, damage: Callable[[Path], object]) -> None:
    manifest = commit(on_disk)
    damage(page_file(on_disk, manifest))
    with pytest.raises(LandingError, match=manifest.pages[0].name) as failure:
        list(on_disk.pages(manifest))
    assert "Restore the file from a backup" in str(failure.value)


NESTED = "[" * 100_000


def changed(text: str, **fields: object) -> str:
    return json.dumps(json.loads(text) | fields)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: "", "Invalid JSON"),
        (lambda _: "{", "Invalid JSON"),
        (lambda _: "[]", "Input should be an object"),
        (lambda _: "{}", "batch_id: Field required"),
        (lambda _: "7", "Input should be an object"),
        (lambda _: NESTED, "recursion limit exceeded"),
        (lambda text: text[:-2] + f', "odd": {NESTED}', "recursion limit exceeded"),
        (lambda text: changed(text, format=99), "format: Input should be 1"),
        (lambda text: changed(text, odd=1), "odd: Unexpected"),
        (lambda text: changed(text, started_at="2026-11-23T06:00:00"), "started_at: .*timezone"),
        (lambda text: changed(text, finished_at=1_764_000_000), "finished_at: .*datetime"),
        (lambda text: changed(text, newest_start="0001-01-01T00:00:00+02:00"), "newest_start: .*range"),
        (lambda text: changed(text, complete="yes"), "complete: .*boolean"),
        (lambda text: changed(text, records=True), "records: .*integer"),
        (lambda text: changed(text, activity_ids={"1": 2}), "activity_ids: .*array"),
        (lambda text: changed(text, replaces=[1]), "replaces.0: .*string"),
        (lambda text: changed(text, pages=[7]), "pages.0: "),
        (lambda text: text.replace("page-00001", "../page-00001"), "pages.0.name: "),
        (lambda text: text.replace('"pages"', '"pagse"'), "pagse"),
        (lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "pages"}), "pages: "),
        (lambda text: changed(text, batch_id="20261123T060000.000000Z-full-abcdef"), "it is the manifest of"),
    ],
)
def test_a_damaged_manifest_stops_the_reading_instead_of_skipping_its_batch(
    on_disk: Landing, damage: Callable[[str], str], reason: str
) -> None:
    manifest = commit(on_disk)
    file = Path(on_disk.address, "athlete=7", manifest.batch_id, "manifest.json")
    file.write_text(damage(file.read_text()))
    with pytest.raises(
        LandingError, match=f"{manifest.batch_id}/manifest.json cannot be read: .*{reason}"
    ) as failure:
        on_disk.manifests()
    assert "Restore the file from a backup" in str(failure.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "7", "null", NESTED, '{"deleted": [1], "held_back": []}', '{"deleted": ["1"]}'],
    ids=lambda text: text[:20] or "empty",
)
def test_a_damaged_conclusion_is_named_with_what_to_do(on_disk: Landing, text: str) -> None:
    manifest = commit(on_disk)
    Path(on_disk.address, "athlete=7", manifest.batch_id, "concluded.json").write_text(text)
    with pytest.raises(LandingError, match=r"concluded\.json is damaged") as failure:
        on_disk.conclusion(manifest)
    assert "strava-assets rebuild" in str(failure.value)


def test_a_batch_whose_pages_the_disk_does_not_keep_does_not_count(
    on_disk: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_power(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    on_disk.check_writable()
    monkeypatch.setattr(os, "fsync", lose_power)
    with pytest.raises(LandingError, match="No space left"):
        commit(on_disk)
    assert on_disk.manifests() == []


def test_a_write_that_dies_half_way_leaves_nothing_under_the_final_name(
    on_disk: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_power(_from: Path, _to: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", lose_power)
    batch = on_disk.begin("full", NOW, "7")
    with pytest.raises(LandingError, match="No space left"):
        batch.write_page(1, PAGES[0], NOW, 2)
    assert not list(Path(on_disk.address).rglob("*.gz"))


def test_a_place_that_cannot_be_a_folder_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LandingError, match="cannot be used") as failure:
        Landing(str(tmp_path / "file" / "landing")).check_writable()
    assert "STRAVA_ASSETS_LANDING_URL" in str(failure.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "landing"
    folder.mkdir(mode=0o500)
    with pytest.raises(LandingError, match="cannot be used"):
        Landing(str(folder)).check_writable()


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(LandingError, match="cannot be used"):
        Landing("carrierpigeon://loft").check_writable()


def test_a_batch_that_is_compacted_while_the_landing_is_listed_is_not_lost(on_disk: Landing) -> None:
    old = commit(on_disk, NOW - timedelta(hours=6))
    listed: list[str] = []
    read = on_disk._folder.read

    def compact_before_the_first(path: str) -> bytes:
        if not listed:
            listed.append(path)
            other = Landing(on_disk.address)
            commit(other, replaces=(old.batch_id,))
            other.remove([old])
        return read(path)

    on_disk._folder.read = compact_before_the_first  # type: ignore[method-assign]  # another process, just then
    [manifest] = on_disk.manifests()
    assert manifest.replaces == (old.batch_id,)
