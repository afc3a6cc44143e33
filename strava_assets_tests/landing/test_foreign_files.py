"""Only files whose names have this project's form are removed; all others are listed and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from strava_assets.landing import Conclusion, Landing, LandingError
from strava_assets_tests.landing.test_landing import NOW, PAGES, commit

OWN_NAME = "20200101T000000.000000Z-full-abcdef"
NEARLY = (
    "20200101T000000Z-full-abcdef",
    "20200101T000000.000000Z-full-abcde",
    "20200101T000000.000000Z-full-ABCDEF",
    "20200101T000000.000000Z-mine-abcdef",
    f"{OWN_NAME} (copy)",
    f"old-{OWN_NAME}",
)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"))


def write(path: Path, text: str = "mine") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def texts_below(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def others(landing: Landing, tmp_path: Path) -> dict[str, str]:
    """Write a user's own files and symbolic links into the landing; returns the texts by path."""
    root, elsewhere = Path(landing.address), tmp_path / "elsewhere"
    for name in ("0-taxes.txt", "2019 holiday/photos/beach.jpg", "Zoo/manifest.json", ".write-test-mine"):
        write(root / name)
    for name in NEARLY:
        write(root / name / "manifest.json")
        write(root / name / "page-00001.json.gz")
    write(root / f"{OWN_NAME[:-1]}0")  # a file, where a batch would be a folder
    write(elsewhere / "manifest.json")
    write(elsewhere / "page-00001.json.gz")
    (root / "linked").symlink_to(elsewhere)
    (root / OWN_NAME).symlink_to(elsewhere)
    return texts_below(tmp_path)


FOREIGN = sorted(
    ["0-taxes.txt", "2019 holiday/", "Zoo/", ".write-test-mine", f"{OWN_NAME[:-1]}0", "linked", OWN_NAME]
    + [f"{name}/" for name in NEARLY]
)


def test_a_sweep_leaves_what_is_not_a_batch(landing: Landing, tmp_path: Path, others: dict[str, str]) -> None:
    old = commit(landing, NOW - timedelta(days=9))
    new = commit(landing, NOW - timedelta(days=8), replaces=(old.batch_id,))
    landing.begin("full", NOW - timedelta(days=2), "7").write_page(1, PAGES[0], NOW, 2)
    assert len(landing.sweep(NOW)) == 2
    assert landing.sweep(NOW) == []
    assert landing.manifests() == [new]
    assert landing.foreign_files() == FOREIGN
    landing.remove([new])
    assert texts_below(tmp_path) == others


def test_removing_by_a_name_that_is_not_a_batchs_removes_nothing(
    landing: Landing, tmp_path: Path, others: dict[str, str]
) -> None:
    manifest = commit(landing)
    named = [*NEARLY, OWN_NAME, "Zoo", "linked", "../elsewhere", "", "."]
    assert landing.remove(replace(manifest, batch_id=name) for name in named) == []
    landing.remove([manifest])
    assert texts_below(tmp_path) == others


def test_an_erased_landing_keeps_what_is_not_a_batch(
    landing: Landing, tmp_path: Path, others: dict[str, str]
) -> None:
    commit(landing)
    landing.begin("full", NOW, "7").write_page(1, PAGES[0], NOW, 2)
    write(Path(landing.address, ".write-test-0a1b2c3d.partial"))
    landing.erase()
    assert texts_below(tmp_path) == others
    assert landing.manifests() == []


def test_an_erased_landing_of_batches_alone_leaves_no_folder(landing: Landing) -> None:
    commit(landing)
    landing.erase()
    assert not Path(landing.address).exists()


def test_a_file_in_a_batchs_folder_stays_and_so_does_the_folder(landing: Landing) -> None:
    manifest = commit(landing)
    landing.conclude(manifest, Conclusion(deleted=("1",), held_back=()))
    folder = Path(landing.address, "athlete=7", manifest.batch_id)
    write(folder / "notes.txt")
    write(folder / "page-1.json.gz")
    write(folder / "deeper" / "page-00001.json.gz")
    write(folder / "manifest.json.partial")
    before = texts_below(folder / "deeper")
    (folder / "page-00009.json.gz").symlink_to(folder / "notes.txt")
    left = sorted(
        f"athlete=7/{manifest.batch_id}/{name}"
        for name in ("deeper/", "notes.txt", "page-00009.json.gz", "page-1.json.gz")
    )
    assert landing.foreign_files() == left
    assert landing.remove([manifest]) == [manifest.batch_id]
    assert landing.foreign_files() == left
    assert texts_below(folder / "deeper") == before
    assert (folder / "notes.txt").read_text() == "mine"
    # What is left is no batch, and no later sweep takes it for one.
    assert landing.manifests() == []
    assert landing.sweep(NOW + timedelta(days=9)) == []
    assert landing.foreign_files() == left


def test_a_manifest_cannot_lead_out_of_its_folder(landing: Landing, tmp_path: Path) -> None:
    manifest = commit(landing)
    write(tmp_path / "elsewhere" / "page-00001.json.gz")
    path = Path(landing.address, "athlete=7", manifest.batch_id, "manifest.json")
    path.write_text(path.read_text().replace(manifest.batch_id, "../elsewhere"))
    with pytest.raises(LandingError, match=r"it is the manifest of \.\./elsewhere"):
        landing.manifests()
    assert (tmp_path / "elsewhere" / "page-00001.json.gz").exists()


def test_a_landing_of_batches_alone_has_no_foreign_files(landing: Landing) -> None:
    landing.conclude(commit(landing), Conclusion(deleted=(), held_back=()))
    write(Path(landing.address, ".write-test-0a1b2c3d"))
    assert landing.foreign_files() == []
