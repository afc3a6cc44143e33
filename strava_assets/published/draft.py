"""A table's rows in a Parquet file on this machine, before any reader sees them, with their digest.

All forms publish from such a draft: it bounds memory, and equal rows have an equal digest, whatever the form.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from strava_assets.published.publisher import DIGEST, MARK
from strava_assets.published.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from strava_assets.schema.columns import Table

NAME = "draft.parquet"


@dataclass(frozen=True)
class Draft:
    """Rows that are ready to be published.

    Args:
        path: the file.
        rows: their number.
        digest: of the rows, rounded, the schema with its comments, and the form of the writer's version.
    """

    path: Path
    rows: int
    digest: str

    def batches(self, schema: pa.Schema) -> pa.RecordBatchReader:
        """The rows, with the metadata of this schema."""
        import pyarrow as pa
        from pyarrow import parquet

        def read() -> Iterator[pa.RecordBatch]:
            with parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches():
                    yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, read())


@contextmanager
def drafted(table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[Draft]:
    """A draft for a block.

    Args:
        table: what the rows are; its columns are the file's.
        batches: the rows, always in the same order.
    """
    from pyarrow import parquet

    schema = described_schema(table)
    rows, digest = 0, _DigestFile()
    with TemporaryDirectory(prefix="strava-assets-") as folder:
        path = Path(folder, NAME)
        # Snappy is what every reader of Parquet knows, Power BI included.
        with parquet.ParquetWriter(path, schema, compression="snappy") as writer:
            with parquet.ParquetWriter(digest, schema, compression="none") as compared:
                for batch in batches:
                    described = batch.cast(schema)
                    writer.write_batch(described)
                    compared.write_batch(rounded(described))
                    rows += batch.num_rows
            writer.add_key_value_metadata({DIGEST: digest.hexdigest()})
        yield Draft(path, rows, digest.hexdigest())


class _DigestFile:
    """A file that keeps only the digest of what is written; equal rows are equal bytes in Parquet."""

    closed = False

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The digest stays."""

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def described_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table with its descriptions, under the keys that Delta and Iceberg read."""
    import pyarrow as pa

    from strava_assets.warehouse.arrow import arrow_schema, described

    plain = arrow_schema(table.columns)
    fields = [
        plain.field(column.name).with_metadata(
            {"comment": text, "doc": text} if (text := described(column)) else {}
        )
        for column in table.columns
    ]
    return pa.schema(fields, {MARK: table.name, "description": table.description})
