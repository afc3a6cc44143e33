"""Reads a published table as a stranger would, and compares it row by row with the warehouse.

DuckDB reads the files; pyarrow, PyIceberg or deltalake wrote them.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from strava_assets.published.errors import PlaceUnusableError
from strava_assets.published.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from strava_assets.published.publisher import Publisher
    from strava_assets.schema.columns import Table

_CHUNK_ROWS = 5_000


@dataclass(frozen=True)
class ReadBack:
    """What a reader gets of a table.

    Args:
        rows: the number of rows in the published table.
        different: the number of rows that only one side has, or that differ.
        example: the key of the first of them.
    """

    rows: int
    different: int
    example: dict[str, Any] | None = None


def compare(publisher: Publisher, table: Table, expected: Iterable[pa.RecordBatch]) -> ReadBack:
    """Compare what readers get with the rows of the warehouse.

    Args:
        publisher: where the table is.
        table: what was published.
        expected: its rows, in the order of the key.
    """
    rows, different, example = 0, 0, None
    actual = _chunks(read(publisher, table))
    for left, right in zip_longest(actual, _chunks(expected)):
        rows += left.num_rows if left is not None else 0
        if left is not None and right is not None and left.equals(right):
            continue
        for published, wanted in zip_longest(_rows(left), _rows(right)):
            if published != wanted:
                different += 1
                row = wanted or published
                example = example or {name: row[name] for name in table.key}
    return ReadBack(rows, different, example)


def read(publisher: Publisher, table: Table) -> Iterator[pa.RecordBatch]:
    """The published rows, in the order of the key, with the registry's types; memory is bounded."""
    import duckdb

    from strava_assets.warehouse.arrow import arrow_schema
    from strava_assets.warehouse.duckdb_file import connect_in_memory

    files = publisher.data_files(table.name)
    if not files:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(f'"{name}"' for name in table.key)
    schema = arrow_schema(table.columns)
    with TemporaryDirectory(prefix="strava-assets-") as folder:
        options = {"temp_directory": folder, "memory_limit": "128MB", "threads": 2}
        with closing(connect_in_memory(**options)) as connection:
            files = _on_this_machine(files, folder, publisher.table_address(table.name))
            query = f"SELECT {names} FROM read_parquet($files) ORDER BY {order}"  # noqa: S608 - names of the registry
            try:
                for batch in connection.sql(query, params={"files": files}).to_arrow_reader(_CHUNK_ROWS):
                    yield batch.cast(schema)
            except duckdb.Error as error:
                raise PlaceUnusableError.because(publisher.table_address(table.name), error) from error


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return [] if table is None else table.to_pylist()


def _on_this_machine(files: list[str], folder: str, address: str) -> list[str]:
    """Download the files of a bucket, so that another run cannot replace one while DuckDB is reading it."""
    from fsspec.core import url_to_fs

    if "://" not in files[0]:
        return files
    downloads = [f"{folder}/{number}.parquet" for number in range(len(files))]
    try:
        for file, download in zip(files, downloads, strict=True):
            filesystem, path = url_to_fs(file, use_listings_cache=False)
            filesystem.get_file(path, download)
    except Exception as error:  # fsspec filesystems raise many kinds of errors
        raise PlaceUnusableError.because(address, error) from error
    return downloads


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of equal length, the last of them shorter."""
    import pyarrow as pa

    waiting: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([rounded(batch)]).replace_schema_metadata(None)
        waiting = table if waiting is None else pa.concat_tables([waiting, table])
        while waiting.num_rows >= _CHUNK_ROWS:
            yield waiting.slice(0, _CHUNK_ROWS)
            waiting = waiting.slice(_CHUNK_ROWS)
    if waiting is not None and waiting.num_rows:
        yield waiting
