"""Delta: the table that Power BI and Fabric read by themselves. A commit to its log is what readers see.

deltalake writes and deletes the files; this module decides when, and that every reader can open them.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from strava_assets.published.azure import delta_options
from strava_assets.published.draft import described_schema
from strava_assets.published.errors import ForeignTableError, PublishConflictError
from strava_assets.published.publisher import Publisher, StoredTable, remove_files

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from strava_assets.published.draft import Draft
    from strava_assets.published.errors import PublishError
    from strava_assets.schema.columns import Table

# A log may hold a number by which an application knows how far it has come. Here it marks the table as ours
# and is made of the rows' digest. It survives the removal of old log entries, which properties of a commit do
# not, and other properties of a table deltalake refuses. Two runs that write it at once are a conflict.
_APPLICATION = "strava_assets"
_DIGEST_CHARACTERS = 15
_OWN_FILE = re.compile(r"_delta_log/.+|part-[^/]+\.parquet")
_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_KEPT_LOG = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_OLDEST_READER = 1


class DeltaPublisher(Publisher):
    """Tables as `<url>/<mart>/`, on a disk, in S3 or in Azure's storage."""

    @override
    def stored(self, name: str) -> StoredTable | None:
        address = self.table_address(name)
        with self._explained(address):
            table = self._open(name)
            if table is None:
                return None
            number = table.transaction_version(_APPLICATION)
            if number is None or table.metadata().name != name:
                raise ForeignTableError(address, "it lacks this project's mark.", "STRAVA_ASSETS_PUBLISH_URL")
            committed_ms = max((commit.get("timestamp", 0) for commit in table.history()), default=0)
        digest = f"{number:0{_DIGEST_CHARACTERS}x}"
        at = datetime.fromtimestamp(committed_ms / 1000, UTC) if committed_ms else None
        return StoredTable(name, str(table.version()), digest, at)

    @override
    def _is_same(self, stored: StoredTable, draft: Draft) -> bool:
        return stored.digest == draft.digest[:_DIGEST_CHARACTERS]

    @override
    def _swap(self, table: Table, draft: Draft) -> str:
        from deltalake import CommitProperties, Transaction, write_deltalake

        progress = Transaction(_APPLICATION, int(draft.digest[:_DIGEST_CHARACTERS], 16))
        write_deltalake(
            self.table_address(table.name),
            draft.batches(described_schema(table)),
            mode="overwrite",
            schema_mode="overwrite",
            name=table.name,
            description=table.description,
            configuration=_KEPT_LOG,
            storage_options=self._options(),
            commit_properties=CommitProperties(app_transactions=[progress]),
        )
        written = self._open(table.name)
        return str(written.version()) if written else ""

    @override
    def names(self) -> list[str]:
        return [
            entry.name
            for entry in self._folder().entries()
            if entry.kind == "folder" and _TABLE.fullmatch(entry.name) and self._is_ours(entry.name)
        ]

    def _is_ours(self, name: str) -> bool:
        try:
            return self.stored(name) is not None
        except ForeignTableError:
            return False

    @override
    def is_own_path(self, path: str) -> bool:
        table, _, name = path.partition("/")
        return bool(_TABLE.fullmatch(table) and _OWN_FILE.fullmatch(name))

    @override
    def data_files(self, name: str) -> list[str]:
        table = self._open(name)
        # By name: deltalake encodes spaces and other characters in the addresses that it gives.
        names = [uri.rsplit("/", 1)[-1] for uri in table.file_uris()] if table else []
        return [f"{self.table_address(name)}/{file}" for file in names]

    @override
    def reader_problem(self, name: str) -> str:
        table = self._open(name)
        version = table.protocol().min_reader_version if table else _OLDEST_READER
        if version == _OLDEST_READER:
            return ""
        return (
            f"It needs a reader of Delta's version {version}, and many tools read version {_OLDEST_READER}."
        )

    @override
    def expire(self, name: str, before: datetime) -> int:
        with self._explained(self.table_address(name)):
            table = self._open(name)
            if table is None:
                return 0
            hours = math.ceil((datetime.now(UTC) - before).total_seconds() / 3600)
            removed = table.vacuum(hours, dry_run=False, enforce_retention_duration=False)
            table.create_checkpoint()
            table.cleanup_metadata()
        return len(removed)

    @override
    def remove(self, name: str) -> int:
        folder = self._folder(name)
        own = [path for path in folder.files() if _OWN_FILE.fullmatch(path)]
        # The log says whose the table is, so it goes last.
        return remove_files(folder, sorted(own, key=lambda path: path.startswith("_delta_log/")))

    def _open(self, name: str) -> DeltaTable | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        address = self.table_address(name)
        with self._explained(address):
            try:
                return DeltaTable(address, storage_options=self._options())
            except TableNotFoundError:
                return None

    def _options(self) -> dict[str, str] | None:
        return delta_options(self.url)

    @override
    def _as_publish_error(self, address: str, error: Exception) -> PublishError:
        from deltalake.exceptions import CommitFailedError

        if isinstance(error, CommitFailedError):
            return PublishConflictError(address)
        return super()._as_publish_error(address, error)
