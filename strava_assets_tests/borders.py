"""Values on both sides of a border: where a limit is one off, one of them is judged wrongly."""

from __future__ import annotations

import math
from typing import NamedTuple


class Around(NamedTuple):
    """The values next to a border and the border itself."""

    below: float
    at: float
    above: float


def around(border: float) -> Around:
    """The nearest values: the next integers of an integer, the next floats of a float."""
    if isinstance(border, int):
        return Around(border - 1, border, border + 1)
    return Around(math.nextafter(border, -math.inf), border, math.nextafter(border, math.inf))
