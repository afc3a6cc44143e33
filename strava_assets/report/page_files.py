"""Where pages lie: at any fsspec address, each put in place whole or not at all.

With one athlete the page, its dated copies and the pictures of years are files of the report's folder. With
several athletes they are files of `athlete=<id>/` in it, and the folder itself has the index of the athletes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strava_assets.durable_files import PARTIAL
from strava_assets.errors import StravaAssetsError
from strava_assets.storage_folder import Problem, StorageFolder, is_write_test

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

NAME = "index.html"
INDEX_PAGE = 'data-page="athletes"'
"""What the index of the athletes has in its first tag, and no athlete's page."""
ATHLETE_PAGE = "data-athlete"
"""The attribute in the first tag of an athlete's page that says whose it is."""

_ATHLETE = r"athlete=([0-9A-Za-z_-]{1,40})"
_PAGE_NAME = rf"{re.escape(NAME)}|report-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\.html"
_FOLDER = re.compile(_ATHLETE)
_PAGE = re.compile(rf"(?:{_ATHLETE}/)?(?:{_PAGE_NAME})")
_OWN = re.compile(rf"(?:{_ATHLETE}/)?(?:{_PAGE_NAME}|year-[0-9]{{4}}\.svg)(?:{re.escape(PARTIAL)})?")
_OWNER = re.compile(rf'<html[^>]* {ATHLETE_PAGE}="([^"]*)"')
_HEAD_BYTES = 300


class ReportError(StravaAssetsError):
    """Pages cannot be read or written where they should be."""


def athlete_folder(address: str, athlete_id: str) -> str:
    """The address of an athlete's pages where there are several athletes."""
    return f"{address.rstrip('/')}/athlete={athlete_id}"


def write_page(html: str, address: str, *, dated: date | None = None) -> str:
    """Write the page as `index.html`; returns its address.

    Args:
        html: the page.
        address: a folder, or an fsspec URL such as `gs://my-bucket/report`.
        dated: also keep it as `report-2026-11-23.html`, which later pages of other days leave alone.

    Raises:
        ReportError: the address cannot be written.
    """
    names = [NAME] if dated is None else [f"report-{dated:%Y-%m-%d}.html", NAME]
    return [_put(html, address, name) for name in names][-1]


def write_picture(svg: str, address: str, name: str) -> str:
    """Write a picture beside the page; returns its address.

    Raises:
        ReportError: the address cannot be written.
    """
    return _put(svg, address, name)


def is_page(path: str) -> bool:
    """Whether a path below the report's address is a page."""
    return _PAGE.fullmatch(path) is not None


def is_own_path(path: str) -> bool:
    """Whether a path below the report's address is a page, a picture, or a draft that was left behind."""
    return _OWN.fullmatch(path) is not None


def own_paths(address: str) -> list[str]:
    """The paths of all pages and pictures below the report's address.

    Raises:
        ReportError: the address cannot be read.
    """
    folder = _folder(address)
    paths = [*_own(folder), *(path for athlete_id in _athletes(folder) for path in _own(folder, athlete_id))]
    return sorted(paths)


def athletes_with_page(address: str) -> set[str]:
    """The athletes who have a page in a folder of their own.

    Raises:
        ReportError: the address cannot be read.
    """
    pages = [_PAGE.fullmatch(path) for path in own_paths(address) if path.endswith(f"/{NAME}")]
    return {page[1] for page in pages if page}


def foreign_paths(address: str) -> list[str]:
    """What lies at the report's address that this project did not write; it is never removed.

    Folders end with a slash, and only those of athletes are looked into.

    Raises:
        ReportError: the address cannot be read.
    """
    folder = _folder(address)
    foreign = []
    for entry in folder.entries():
        if entry.kind == "folder" and _FOLDER.fullmatch(entry.name):
            inner = [(f"{entry.name}/{each.name}", each.kind) for each in folder.entries(entry.name)]
        else:
            inner = [(entry.name, entry.kind)]
        foreign += [
            path + "/" * (kind == "folder")
            for path, kind in inner
            if not (kind == "file" and (is_own_path(path) or is_write_test(path)))
        ]
    return foreign


def arrange_pages(address: str, athlete_ids: Sequence[str]) -> None:
    """Move the pages to where they belong for these athletes, and remove those of anyone else.

    If it is killed, the next call completes it.

    Args:
        address: the report's.
        athlete_ids: all athletes, in the order in which they came; without any nothing is changed. Pages that
            do not say whose they are belong to the first one.

    Raises:
        ReportError: the address cannot be read or written.
    """
    if not athlete_ids:
        return
    folder = _folder(address)
    _remove_folders(folder, [each for each in _athletes(folder) if each not in athlete_ids])
    owner = _owner_of_root(folder) or athlete_ids[0]
    if owner not in athlete_ids:
        folder.remove(_own(folder))
    elif len(athlete_ids) > 1:
        _move(folder, "", owner)
    else:
        _move(folder, owner, "")
        folder.remove_if_empty(f"athlete={owner}")
        if _is_index(folder):
            folder.remove([NAME])


def remove_pages(address: str, athlete_id: str, *, alone: bool) -> bool:
    """Remove the pages of an athlete, and the index that names them; returns whether there were any.

    Args:
        address: the report's.
        athlete_id: whose.
        alone: nobody else has data, so that every page is theirs.

    Raises:
        ReportError: the address cannot be read or written.
    """
    folder = _folder(address)
    before = own_paths(address)
    # The page in the folder itself says whose the others beside it are, so it is removed last.
    if alone or _owner_of_root(folder) in (athlete_id, None):
        folder.remove(_own(folder))
    elif _is_index(folder):
        folder.remove([NAME])
    _remove_folders(folder, _athletes(folder) if alone else [athlete_id])
    return before != own_paths(address)


def _own(folder: StorageFolder, athlete_id: str = "") -> list[str]:
    """The own files of the folder itself or of an athlete's, as paths; `index.html` is the last."""
    place = f"athlete={athlete_id}" if athlete_id else ""
    below = f"{place}/" if place else ""
    paths = [f"{below}{name}" for name, kind in folder.entries(place) if kind == "file"]
    return sorted(filter(is_own_path, paths), key=lambda path: (path.endswith(NAME), path))


def _athletes(folder: StorageFolder) -> list[str]:
    """The athletes who have a folder."""
    matches = [_FOLDER.fullmatch(name) for name, kind in folder.entries() if kind == "folder"]
    return [match[1] for match in matches if match]


def _remove_folders(folder: StorageFolder, athlete_ids: Sequence[str]) -> None:
    for athlete_id in athlete_ids:
        folder.remove(_own(folder, athlete_id))
        folder.remove_if_empty(f"athlete={athlete_id}")


def _move(folder: StorageFolder, source: str, target: str) -> None:
    """Move files between the folder itself, which has an empty name here, and an athlete's."""
    before, after = (f"athlete={each}/" if each else "" for each in (source, target))
    present = set(_own(folder, target))
    if not target and _is_index(folder):
        present.discard(NAME)
    for path in _own(folder, source):
        if path == NAME and _is_index(folder):
            continue
        moved = f"{after}{path.removeprefix(before)}"
        if moved not in present and not moved.endswith(PARTIAL):
            folder.put(moved, folder.read(path))
        folder.remove([path])


def _owner_of_root(folder: StorageFolder) -> str | None:
    """Whose page is in the folder itself.

    Returns:
        Their id; empty where there is no page or the index; None where the page does not say it.
    """
    head = _head(folder)
    if not head or INDEX_PAGE in head:
        return ""
    match = _OWNER.search(head)
    return match[1] if match else None


def _is_index(folder: StorageFolder) -> bool:
    return INDEX_PAGE in _head(folder)


def _head(folder: StorageFolder) -> str:
    """The first characters of the page in the folder itself; empty where there is none."""
    try:
        # In one answer: of a file that another run replaces meanwhile, a bucket refuses the rest.
        return folder.read(NAME)[:_HEAD_BYTES].decode(errors="replace")
    except FileNotFoundError:
        return ""


def _folder(address: str) -> StorageFolder:
    def unusable(problem: Problem) -> ReportError:
        return ReportError(
            f"The report at {address} cannot be written or read: {problem.reason}",
            means="The page that was there before, if any, is as it was; the marts are not affected.",
            remedy=problem.remedy
            or "Check that the folder or bucket exists and may be written, and that what the address's "
            "scheme needs is installed.",
        )

    return StorageFolder(address, unusable)


def _put(text: str, address: str, name: str) -> str:
    folder = _folder(address)
    folder.put(name, text.encode())
    local = folder.local_path(name)
    return f"{address.rstrip('/')}/{name}" if local is None else str(local)
