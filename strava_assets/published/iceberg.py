"""Iceberg in the Glue catalog: the table that Athena, and QuickSight over it, read by its name.

The catalog's pointer to the newest metadata is what readers see; it moves in one step. PyIceberg forgets old
snapshots but leaves their files, so this module removes those as well.
"""

from __future__ import annotations

import json
import re
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.published.draft import described_schema
from strava_assets.published.errors import ForeignTableError, PublishConflictError
from strava_assets.published.publisher import DIGEST, MARK, Publisher, StoredTable, remove_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table import Transaction

    from strava_assets.published.draft import Draft
    from strava_assets.published.errors import PublishError
    from strava_assets.schema.columns import Table

# The same client as for landing and streams, so that credentials and endpoints are found alike.
_FILES = {"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"}
_KEPT_METADATA = {
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "2",
}
_OWN_FILE = re.compile(r"(?:data|metadata)/.+")
_METADATA = re.compile(r"metadata/.+\.metadata\.json")
_TABLE = re.compile(r"[a-z][a-z0-9_]*")


class IcebergPublisher(Publisher):
    """Tables of one Glue database, with their files in `<url>/<mart>/`.

    Args:
        url: an address in S3.
        database: the Glue database; made when missing.
    """

    def __init__(self, url: str, database: str) -> None:
        super().__init__(url)
        self.database = database
        self._catalog_opened: Catalog | None = None

    @override
    def stored(self, name: str) -> StoredTable | None:
        with self._explained(self.table_address(name)):
            table = self._load(name)
        if table is None:
            return None
        snapshot = table.current_snapshot()
        at = datetime.fromtimestamp(table.metadata.last_updated_ms / 1000, UTC)
        version = str(snapshot.snapshot_id) if snapshot else "0"
        return StoredTable(name, version, table.properties.get(DIGEST, ""), at)

    @override
    def _swap(self, table: Table, draft: Draft) -> str:
        schema = described_schema(table)
        existing = self._load(table.name)
        transaction: Transaction
        if existing is None:
            # Asked first: a role that may fill the database need not be one that may make it.
            if not self._catalog.namespace_exists(self.database):
                self._catalog.create_namespace(self.database)
            transaction = self._catalog.create_table_transaction(
                (self.database, table.name),
                schema,
                location=self.table_address(table.name),
                properties={MARK: table.name, "Description": table.description, **_KEPT_METADATA},
            )
        else:
            transaction = existing.transaction()
        with warnings.catch_warnings(), transaction:
            # Replacing a table without rows is worth a warning to PyIceberg.
            warnings.filterwarnings("ignore", "Delete operation did not match any records", UserWarning)
            if existing is not None:
                _evolve(transaction, existing, table)
            transaction.set_properties({DIGEST: draft.digest})
            transaction.overwrite(draft.batches(schema))
        stored = self.stored(table.name)
        return stored.version if stored else ""

    @override
    def names(self) -> list[str]:
        return sorted(name for name in {*self._in_catalog(), *self._in_folder()} if self._is_ours(name))

    def _in_catalog(self) -> Iterator[str]:
        from pyiceberg.exceptions import NoSuchNamespaceError

        with self._explained(self.url):
            try:
                yield from (name for _, name in self._catalog.list_tables(self.database))
            except NoSuchNamespaceError:
                return

    def _in_folder(self) -> Iterator[str]:
        yield from (
            e.name for e in self._folder().entries() if e.kind == "folder" and _TABLE.fullmatch(e.name)
        )

    def _is_ours(self, name: str) -> bool:
        try:
            # A table that was dropped and not yet emptied is known by its last metadata.
            return self.stored(name) is not None or self._left_behind(name)
        except ForeignTableError:
            return False

    def _left_behind(self, name: str) -> bool:
        folder = self._folder(name)
        metadata = [path for path in folder.files() if _METADATA.fullmatch(path)]
        return bool(metadata) and json.loads(folder.read(metadata[-1]))["properties"].get(MARK) == name

    @override
    def is_own_path(self, path: str) -> bool:
        table, _, name = path.partition("/")
        return bool(_TABLE.fullmatch(table) and _OWN_FILE.fullmatch(name))

    @override
    def data_files(self, name: str) -> list[str]:
        with self._explained(self.table_address(name)):
            table = self._load(name)
            return [task.file.file_path for task in table.scan().plan_files()] if table else []

    @override
    def expire(self, name: str, before: datetime) -> int:
        with self._explained(self.table_address(name)):
            table = self._load(name)
            if table is None:
                return 0
            current = table.metadata.current_snapshot_id
            old = [
                snapshot.snapshot_id
                for snapshot in table.snapshots()
                if snapshot.snapshot_id != current and snapshot.timestamp_ms < before.timestamp() * 1000
            ]
            if old:
                table.maintenance.expire_snapshots().by_ids(old).commit()
            return self._remove_unreferenced(name, before)

    def _remove_unreferenced(self, name: str, before: datetime) -> int:
        table = self._load(name)
        if table is None:
            return 0
        location = f"{self.table_address(name)}/"
        referenced = {path.removeprefix(location) for path in _referenced(table)}
        folder = self._folder(name)
        unreferenced = [
            path
            for path, modified in folder.modified_files().items()
            if _OWN_FILE.fullmatch(path) and path not in referenced and modified < before.timestamp()
        ]
        folder.remove(unreferenced)
        return len(unreferenced)

    @override
    def remove(self, name: str) -> int:
        with self._explained(self.table_address(name)):
            if self._load(name) is not None:
                self._catalog.drop_table((self.database, name))
        folder = self._folder(name)
        own = [path for path in folder.files() if _OWN_FILE.fullmatch(path)]
        # The metadata says whose the table is, so it goes last.
        return remove_files(folder, sorted(own, key=lambda path: path.startswith("metadata/")))

    @property
    def _catalog(self) -> Catalog:
        if self._catalog_opened is None:
            from pyiceberg.catalog import load_catalog

            with self._explained(self.url):
                self._catalog_opened = load_catalog("glue", type="glue", **_FILES)
        return self._catalog_opened

    def _load(self, name: str) -> IcebergTable | None:
        """The table of the catalog; None where there is none.

        Raises:
            ForeignTableError: it is not Iceberg's, or lacks the mark.
        """
        from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError

        address, reason = f"{self.database}.{name}", "it lacks this project's mark."
        try:
            table = self._catalog.load_table((self.database, name))
        except (NoSuchIcebergTableError, NoSuchPropertyException):
            reason = "it is not an Iceberg table."
        except NoSuchTableError:
            return None
        else:
            if table.properties.get(MARK) == name:
                return table
        raise ForeignTableError(address, reason, "STRAVA_ASSETS_PUBLISH_CATALOG")

    @override
    def _as_publish_error(self, address: str, error: Exception) -> PublishError:
        from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError, ValidationException

        if isinstance(error, (CommitFailedException, TableAlreadyExistsError, ValidationException)):
            return PublishConflictError(address)
        return super()._as_publish_error(address, error)


def _evolve(transaction: Transaction, existing: IcebergTable, table: Table) -> None:
    """Give the table the columns of the registry; one of another type is replaced."""
    wanted = {field.name: field for field in _iceberg_schema(described_schema(table)).fields}
    have: dict[str, Any] = {field.name: field for field in existing.schema().fields}
    outdated = [n for n in have if n not in wanted or wanted[n].field_type != have[n].field_type]
    new = [n for n in wanted if n not in have or n in outdated]
    if not outdated and not new:
        return
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        for name in outdated:
            update.delete_column(name)
        for name in new:
            update.add_column(name, wanted[name].field_type, doc=wanted[name].doc)


def _iceberg_schema(schema: pa.Schema) -> Schema:
    from pyiceberg.catalog import Catalog

    # PyIceberg's own conversion, which the creation of a table uses; it has no public name.
    return Catalog._convert_schema_if_needed(schema)  # noqa: SLF001


def _referenced(table: IcebergTable) -> Iterator[str]:
    """Every file that the catalog's metadata still leads to."""
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    for snapshot in table.snapshots():
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            yield manifest.manifest_path
            yield from (entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))
