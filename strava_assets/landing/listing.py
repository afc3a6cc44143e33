"""Lists the batches of a landing without reading them: where each lies, and whether it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from strava_assets.landing import names
from strava_assets.storage_folder import Entry, is_write_test

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from strava_assets.landing.names import BatchFolder
    from strava_assets.storage_folder import StorageFolder

# From so many on, one listing of everything asks an object store less than one for each folder.
_MANY_ATHLETES = 100
_SLASH = {"folder": "/", "file": "", "other": ""}


class BatchListing(NamedTuple):
    """The folders of batches; those in the root come first.

    Args:
        committed: with a manifest.
        uncommitted: without one.
    """

    committed: list[BatchFolder]
    uncommitted: list[BatchFolder]

    @property
    def folders(self) -> set[BatchFolder]:
        """All of them."""
        return {*self.committed, *self.uncommitted}


def list_batches(folder: StorageFolder, athlete_ids: Collection[str] | None = None) -> BatchListing:
    """List all batches, or those in the root and in these athletes' folders.

    The root is listed before the athletes' folders, because batches are moved from there to here.
    """
    is_committed: dict[BatchFolder, bool] = {}
    wanted = None if athlete_ids is None else {None, *athlete_ids}
    for path, kind in _entries(folder, athlete_ids):
        batch, name = names.split_path(path)
        if batch and (name or kind == "folder") and (wanted is None or batch.athlete_id in wanted):
            has_manifest = kind == "file" and name == names.MANIFEST
            is_committed[batch] = is_committed.get(batch, False) or has_manifest
    in_order = sorted(is_committed, key=lambda batch: (batch.athlete_id is not None, batch))
    return BatchListing(
        [batch for batch in in_order if is_committed[batch]],
        [batch for batch in in_order if not is_committed[batch]],
    )


def list_foreign_files(folder: StorageFolder) -> list[str]:
    """The paths that this project did not write, in order; of a foreign folder only its own."""
    foreign = set()
    for path, kind in _entries(folder, None):
        is_own = kind == "folder" and _is_entered(path)
        is_own_file = kind == "file" and (names.is_landed(path) or is_write_test(path))
        if not is_own and not is_own_file:
            foreign.add(_foreign_path(path, kind))
    return sorted(foreign)


def own_files(folder: StorageFolder, batch: BatchFolder) -> list[str]:
    """The names of a batch's files; none if a symbolic link leads to it."""
    if any(folder.is_link(path) for path in batch.folders if path):
        return []
    return [name for name, kind in folder.entries(batch.path) if kind == "file" and names.is_batch_file(name)]


def _entries(folder: StorageFolder, athlete_ids: Collection[str] | None) -> Iterator[Entry]:
    """All files and folders that may be a batch's, and what else lies beside them."""
    if athlete_ids is None or len(athlete_ids) > _MANY_ATHLETES:
        yield from folder.tree("", _is_entered)
        return
    wanted = {names.athlete_folder(athlete_id) for athlete_id in athlete_ids}
    batches, athletes = [], []
    for name, kind in folder.entries():
        if kind == "folder" and names.is_batch(name):
            batches.append(name)
        elif kind == "folder" and name in wanted:
            athletes.append(name)
    for name in (*batches, *athletes):
        yield Entry(name, "folder")
        yield from folder.tree(name, _is_entered)


def _is_entered(path: str) -> bool:
    """Whether a folder is looked into."""
    batch, name = names.split_path(path)
    return path == names.INDEX_FOLDER or names.is_athlete_folder(path) or (batch is not None and not name)


def _foreign_path(path: str, kind: str) -> str:
    """The path of a foreign file, or of the foreign folder that it is in."""
    batch, _ = names.split_path(path)
    first = path.partition("/")[0]
    own = batch.path if batch else first if names.is_athlete_folder(first) else ""
    if own and path != own:
        name, slash, _ = path.removeprefix(f"{own}/").partition("/")
        return f"{own}/{name}{slash or _SLASH[kind]}"
    name, slash, _ = path.partition("/")
    return name + (slash or _SLASH[kind])
