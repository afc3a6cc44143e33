"""The inbox: a folder or bucket whose new recordings are imported as they come.

A file is ready once two looks in a row show it with the same size and time. Each version of a file is handed
to a run once. The cursor has only what changes from look to look, because Dagster keeps it with every tick;
the versions that were handed over before are kept beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets.archive import Recordings, is_recording, printable_name
from strava_assets.errors import StravaAssetsError
from strava_assets.setting_paths import local_path
from strava_assets.storage_folder import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from fsspec import AbstractFileSystem

MOST_FILES_A_RUN = 2_000
_TOKEN_BYTES = 6
# Where the filesystems keep the time or the version of a file.
_VERSION_FIELDS = ("mtime", "updated", "LastModified", "last_modified", "etag", "created")


class InboxError(StravaAssetsError):
    """The inbox cannot be read."""


@dataclass(frozen=True)
class InboxLook:
    """The result of one look at the inbox.

    Args:
        ready: names of the files to import now.
        growing: number of files that are new or have changed since the last look.
        waiting: number of files that are ready and left to the next run.
        unassigned: number of files that are in no athlete's folder; they wait there.
        zips: number of zip files, which are not opened.
        run_key: digest of the files to import and their versions.
        data_version: digest of all files that were handed to a run, these included.
        cursor: what the next look must know.
        done: the versions that earlier looks have handed to a run and that are still there.
    """

    ready: tuple[str, ...]
    growing: int
    waiting: int
    unassigned: int
    zips: int
    run_key: str
    data_version: str
    cursor: str
    done: frozenset[str]


def look_at(
    address: str,
    cursor: str | None,
    done: frozenset[str],
    *,
    may_hand_over: bool = True,
    folders: Collection[str] | None = None,
) -> InboxLook | None:
    """Look for recordings that are new and no longer grow.

    Args:
        address: a folder path or any fsspec URL.
        cursor: the cursor of the last look; None at the first one.
        done: what the last look returned as `done`.
        may_hand_over: whether files may be handed to a run; if not, they are ready at a later look.
        folders: the athletes' folders, outside of which no file is imported; None for one athlete.

    Returns:
        The result, or None if there is no such folder.

    Raises:
        InboxError: it cannot be read.
    """
    with _explained(address):
        files = _files(*_open(address))
    if files is None:
        return None
    everything = {name: _token(name, info) for name, info in files.items() if is_recording(name)}
    tokens = {
        name: token
        for name, token in everything.items()
        if folders is None or name.partition("/")[0] in folders
    }
    before: dict[str, list[str]] = json.loads(cursor) if cursor else {"seen": [], "handed_over": []}
    # What the last look handed over counts only now: its cursor was stored together with its run.
    done = (done | {*before["handed_over"]}) & {*tokens.values()}
    seen = frozenset(before["seen"])
    waiting = {name: token for name, token in sorted(tokens.items()) if token not in done}
    settled = [name for name, token in waiting.items() if token in seen]
    ready = settled[: MOST_FILES_A_RUN if may_hand_over else 0]
    handed_over = [waiting[name] for name in ready]
    state = {"seen": sorted({*waiting.values()} - {*handed_over}), "handed_over": handed_over}
    return InboxLook(
        ready=tuple(ready),
        growing=len(waiting) - len(settled),
        waiting=len(settled) - len(ready),
        unassigned=len(everything) - len(tokens),
        zips=sum(name.lower().endswith(".zip") for name in files),
        run_key=_digest(handed_over),
        data_version=_digest(done | {*handed_over}),
        cursor=json.dumps(state, separators=(",", ":")),
        done=done,
    )


def folder_of(athlete_id: str) -> str:
    """The folder of the inbox for the files of one of several athletes."""
    return f"athlete={athlete_id}"


def names_in(address: str, folder: str) -> list[str]:
    """The recordings in one folder of the inbox, by their paths in the inbox."""
    with _explained(address):
        files = _files(*_open(address)) or ()
        return [name for name in files if is_recording(name) and name.partition("/")[0] == folder]


@contextmanager
def _explained(address: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # fsspec filesystems raise many kinds of errors
        problem = Problem.of(error)
        failure = InboxError(
            f"The inbox {address} cannot be read: {problem.reason}",
            means="Its files stay there, and are imported once it can be.",
            remedy=problem.remedy
            or "Make it readable (permissions, bucket name and role), or set STRAVA_ASSETS_INBOX to another "
            "folder or bucket.",
        )
        failure.transient = problem.is_transient
        raise failure from error


def unreadable_folders(address: str) -> list[str]:
    """The folders of a local inbox that cannot be read, perhaps the inbox itself."""
    folder = local_path(address)
    unreadable = []

    def note(error: OSError) -> None:
        # One that vanishes meanwhile is none.
        if not isinstance(error, FileNotFoundError):
            name = Path(error.filename).relative_to(folder or "").as_posix()
            unreadable.append(address if name == "." else f"{printable_name(name)}/")

    for _ in os.walk(folder, onerror=note) if folder else ():
        pass
    return unreadable


@contextmanager
def open_inbox(address: str, names: Collection[str]) -> Iterator[Recordings]:
    """Open the recordings of the inbox; those of a bucket are copied to a temporary folder.

    Args:
        address: a folder path or any fsspec URL.
        names: the files to import; all if empty.

    Raises:
        ArchiveError: the folder does not exist.
        InboxError: the bucket cannot be read.
    """
    if folder := local_path(address):
        with Recordings(folder, only=names) as recordings:
            yield recordings
        return
    with tempfile.TemporaryDirectory() as copies:
        _copy(address, names, copies)
        with Recordings(copies) as recordings:
            yield recordings


def _copy(address: str, names: Collection[str], folder: str) -> None:
    with _explained(address):
        fs, root = _open(address)
        for name, info in (_files(fs, root) or {}).items():
            if is_recording(name) and (not names or name in names):
                copy = Path(folder, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                # One that was removed since the listing counts as no longer there.
                with suppress(FileNotFoundError):
                    fs.get_file(info["name"], str(copy))


def _token(name: str, info: Mapping[str, Any]) -> str:
    """A digest of the name, size and version of a file."""
    return _digest([name, str(info.get("size")), _version(info)], _TOKEN_BYTES)


def _open(address: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs

    fs, root = url_to_fs(address)
    # Listings of a bucket are cached, and the inbox changes.
    fs.invalidate_cache()
    return fs, root.rstrip("/")


def _files(fs: AbstractFileSystem, root: str) -> dict[str, Mapping[str, Any]] | None:
    """Every file by its path in the inbox; None if there is no such folder."""
    if not fs.isdir(root):
        return None
    return {
        name: info
        for path, info in fs.find(root, detail=True).items()
        if info.get("type") == "file" and not info.get("islink")
        if ".." not in Path(name := printable_name(path.removeprefix(root).lstrip("/"))).parts
    }


def _version(info: Mapping[str, Any]) -> str:
    return next((str(info[field]) for field in _VERSION_FIELDS if info.get(field)), "")


def _digest(texts: Iterable[str], size: int = 16) -> str:
    return hashlib.blake2b("\n".join(sorted(texts)).encode(), digest_size=size).hexdigest()
