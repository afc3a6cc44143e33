"""Parquet: one file a table, replaced whole. Any tool reads it by its path, and no version stays behind."""

from __future__ import annotations

import contextlib
import math
import re
import secrets
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from strava_assets.durable_files import PARTIAL, make_folder
from strava_assets.published.errors import ForeignTableError, PlaceUnusableError
from strava_assets.published.publisher import DIGEST, MARK, Publisher, StoredTable, remove_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.published.draft import Draft
    from strava_assets.schema.columns import Table
    from strava_assets.storage_folder import StorageFolder

_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_VERSION_CHARACTERS = 12
_READ_AGAIN = 2


class ParquetPublisher(Publisher):
    """Tables as `<url>/<mart>/<mart>.parquet`."""

    @override
    def table_address(self, name: str) -> str:
        return f"{self.url}/{_path(name)}"

    @override
    def stored(self, name: str) -> StoredTable | None:
        from pyarrow import ArrowInvalid

        folder, address = self._folder(), self.table_address(name)
        with self._explained(address):
            try:
                notes = _notes(folder, _path(name))
            except FileNotFoundError:
                return None
            except ArrowInvalid:
                notes = {}
        mark, digest = (notes.get(key.encode(), b"").decode() for key in (MARK, DIGEST))
        if mark != name:
            raise ForeignTableError(address, "it lacks this project's mark.", "STRAVA_ASSETS_PUBLISH_URL")
        return StoredTable(name, digest[:_VERSION_CHARACTERS], digest, _written_at(folder, name))

    @override
    def _swap(self, table: Table, draft: Draft) -> str:
        folder = self._folder()
        source = draft.path
        if (target := folder.local_path(_path(table.name))) is not None:
            # A name of its own, so that two writers never share a half-written file.
            source = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PARTIAL}")
            make_folder(source.parent)
            shutil.copyfile(draft.path, source)
        folder.place(source, _path(table.name))
        return draft.digest[:_VERSION_CHARACTERS]

    @override
    def names(self) -> list[str]:
        return [name for name in self._candidates() if self._is_ours(name)]

    def _candidates(self) -> list[str]:
        folder = self._folder()
        return [
            entry.name
            for entry in folder.entries()
            if entry.kind == "folder"
            and _TABLE.fullmatch(entry.name)
            and any(_is_own_file(entry.name, inner.name) for inner in folder.entries(entry.name))
        ]

    def _is_ours(self, name: str) -> bool:
        try:
            self.stored(name)
        except ForeignTableError:
            return False
        # Half-written files alone are ours by their name.
        return True

    @override
    def is_own_path(self, path: str) -> bool:
        table, _, name = path.partition("/")
        return bool(_TABLE.fullmatch(table)) and _is_own_file(table, name)

    @override
    def data_files(self, name: str) -> list[str]:
        return [self.table_address(name)]

    @override
    def expire(self, name: str, before: datetime) -> int:
        folder = self._folder()
        own = [f"{name}/{e.name}" for e in folder.entries(name) if _is_own_file(name, e.name)]
        abandoned = [
            path for path in own if path != _path(name) and folder.modified(path) < before.timestamp()
        ]
        folder.remove(abandoned)
        return len(abandoned)

    @override
    def remove(self, name: str) -> int:
        folder = self._folder()
        own = [f"{name}/{e.name}" for e in folder.entries(name) if _is_own_file(name, e.name)]
        return remove_files(folder, own)


def _notes(folder: StorageFolder, path: str) -> Mapping[bytes, bytes]:
    """What the writer of a file noted in its last bytes.

    A bucket gives a file in several answers, and another run may replace it between two of them: Amazon then
    refuses the second, other clouds take it from the new file.
    """
    from pyarrow import ArrowInvalid, parquet

    def read() -> Mapping[bytes, bytes]:
        with folder.reading(path) as file:
            return parquet.read_metadata(file).metadata or {}

    for _ in range(_READ_AGAIN):
        with contextlib.suppress(ArrowInvalid, PlaceUnusableError):
            return read()
    return read()


def _path(name: str) -> str:
    return f"{name}/{name}.parquet"


def _is_own_file(table: str, name: str) -> bool:
    return bool(
        re.fullmatch(rf"{table}\.parquet|\.{table}\.parquet\.[0-9a-f]{{8}}{re.escape(PARTIAL)}", name)
    )


def _written_at(folder: StorageFolder, name: str) -> datetime | None:
    modified = folder.modified(_path(name))
    return datetime.fromtimestamp(modified, UTC) if math.isfinite(modified) else None
