"""What every step does around an asset's own work: it takes the time and turns our errors into failures."""

from __future__ import annotations

import functools
import inspect
import time
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import dagster as dg

from strava_assets.assets.failures import as_dagster_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def platform_step(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate the function of an asset; it stands directly below Dagster's own decorator.

    An error of ours becomes a `dagster.Failure`. Every `MaterializeResult` gets the metadata `seconds`: the
    wall time since the step began, or since its previous asset.
    """
    step: Any
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def step_of_results(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Any]:
            began = time.monotonic()
            with as_dagster_failure():
                for result in function(*args, **kwargs):
                    yield _timed(result, began)
                    if isinstance(result, dg.MaterializeResult):
                        began = time.monotonic()

        step = step_of_results
    else:

        @functools.wraps(function)
        def step_of_result(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:
            began = time.monotonic()
            with as_dagster_failure():
                return _timed(function(*args, **kwargs), began)

        step = step_of_result
    result: Callable[Arguments, Result] = step
    return result


def _timed(result: Any, began: float) -> Any:
    if not isinstance(result, dg.MaterializeResult):
        # A check that stands alone has no metadata of ours.
        return result
    seconds = {"seconds": round(time.monotonic() - began, 2)}
    timed: dg.MaterializeResult[Any] = result._replace(metadata={**(result.metadata or {}), **seconds})
    return timed
