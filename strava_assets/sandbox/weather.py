"""The air temperature during an outing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def temperatures(mean_c: float, seconds: int) -> NDArray[np.float64]:
    """Whole degrees for each second: a little warmer in the middle."""
    return np.rint(mean_c + 1.4 * np.sin(np.linspace(0, np.pi, seconds)) - 0.9)
