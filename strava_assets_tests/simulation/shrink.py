"""Makes a failing list of steps short: without what follows the failure, then without all that can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets_tests.simulation.run import FailedStepError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strava_assets_tests.simulation.steps import Step


def shrink(
    steps: Sequence[Step], failure: FailedStepError, run: Callable[[Sequence[Step]], object]
) -> list[Step]:
    """The shortest list that one pass of halving finds which fails in the same way.

    Args:
        steps: a list that fails.
        failure: how it fails.
        run: runs steps and raises `FailedStepError` if they fail.
    """
    wanted = type(failure.reason)
    shortest = list(steps[: failure.number + 1])
    size = len(shortest) // 2
    while size:
        position = 0
        while position < len(shortest):
            candidate = shortest[:position] + shortest[position + size :]
            number = _failing_step(candidate, run, wanted) if candidate else None
            if number is None:
                position += size
            else:
                shortest = candidate[: number + 1]
        size //= 2
    return shortest


def _failing_step(
    steps: Sequence[Step], run: Callable[[Sequence[Step]], object], wanted: type[BaseException]
) -> int | None:
    """The number of the step that fails in the wanted way; None if none does."""
    try:
        run(steps)
    except FailedStepError as failure:
        return failure.number if isinstance(failure.reason, wanted) else None
    return None
