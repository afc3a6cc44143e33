"""Numbers as far as they mean something: the same sum in another order is the same number.

DuckDB adds up in parallel, so the last digits of a mart's sums and means differ from one run to the next.
Without this, tables in which nothing changed would get a new version with every sync.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SIGNIFICANT_DIGITS = 10
"""Far more than any sensor has, far fewer than the fifteen that a sum may lose its last ones of."""


def rounded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with their floats rounded to `SIGNIFICANT_DIGITS`, to be compared and never published."""
    import pyarrow as pa

    columns = [_rounded(column) if pa.types.is_floating(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _rounded(values: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False)
    size = np.abs(numbers)
    exponent = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    scale = 10.0 ** (SIGNIFICANT_DIGITS - 1 - exponent)
    # Zero is added because 0.0 and -0.0 are one number.
    result = np.round(numbers * scale) / scale + 0.0
    return pa.array(result, values.type, mask=values.is_null().to_numpy(zero_copy_only=False))
