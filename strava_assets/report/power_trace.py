"""The power of one ride over its time, in as many steps as a chart can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strava_assets.streams import StreamEntry, StreamStore

_STEPS = 360
_LEAST_STEP_S = 5


@dataclass(frozen=True)
class PowerTrace:
    """Mean power of equal steps of elapsed time.

    Args:
        step_s: the length of a step.
        watts: mean power of each step's recorded seconds; None where the recording paused.
    """

    step_s: int
    watts: tuple[float | None, ...]


def read_trace(store: StreamStore, entry: StreamEntry) -> PowerTrace | None:
    """Read a ride's power from its recording; None without power.

    Raises:
        StreamsError: the recording is damaged, or the store cannot be read.
    """
    import numpy as np

    from strava_assets.power.seconds import lay_out

    if not entry.samples or "watts" not in entry.channels:
        return None
    for _, samples in store.read([entry], ["t_s", "watts"]):
        watts = samples["watts"].to_numpy(zero_copy_only=False).astype(float)
        seconds = lay_out(samples["t_s"].to_numpy(), watts)
        step_s = max(_LEAST_STEP_S, -(-seconds.elapsed_s // _STEPS))
        at = (seconds.at_s - seconds.at_s[0]) // step_s
        count, work_j = np.bincount(at), np.bincount(at, weights=seconds.watts)
        means = tuple(
            float(work / spent) if spent else None for work, spent in zip(work_j, count, strict=True)
        )
        return PowerTrace(step_s, means)
    return None
