"""How much memory of Python's a call takes at its peak."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def with_peak_bytes(call: Callable[[], Result]) -> tuple[Result, int]:
    """The result of a call, and the most memory that it had allocated at once."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
