"""What every asset's step does around its own work: the time, and errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003 - Dagster reads the annotations of an asset
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from strava_assets.assets.steps import platform_step
from strava_assets.errors import StravaAssetsError


class OutageError(StravaAssetsError):
    """A transient error."""

    transient = True


def _one(error: Exception | None) -> dg.AssetsDefinition:
    @dg.asset
    @platform_step
    def one() -> dg.MaterializeResult[Any]:
        if error:
            raise error
        return dg.MaterializeResult(metadata={"rows": 3})

    return one


def _two(error: Exception | None) -> dg.AssetsDefinition:
    @dg.multi_asset(specs=[dg.AssetSpec("first"), dg.AssetSpec("second")])
    @platform_step
    def both() -> Iterator[dg.MaterializeResult[Any]]:
        yield dg.MaterializeResult("first", metadata={"rows": 3})
        if error:
            raise error
        yield dg.MaterializeResult("second")

    return both


@pytest.mark.parametrize(("build", "count"), [(_one, 1), (_two, 2)])
def test_every_materialization_says_how_long_it_took(build: Any, count: int) -> None:
    result = dg.materialize([build(None)])

    steps = [event.step_materialization_data for event in result.get_asset_materialization_events()]
    assert len(steps) == count
    for data in steps:
        assert 0 <= float(str(data.materialization.metadata["seconds"].value)) < 60
    assert steps[0].materialization.metadata["rows"].value == 3


def test_the_time_of_an_asset_begins_where_the_previous_one_of_its_step_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([0.0, 5.0, 7.0, 8.0, 9.0])
    monkeypatch.setattr("strava_assets.assets.steps.time", SimpleNamespace(monotonic=lambda: next(ticks)))

    result = dg.materialize([_two(None)])

    steps = [event.step_materialization_data for event in result.get_asset_materialization_events()]
    assert [data.materialization.metadata["seconds"].value for data in steps] == [5.0, 1.0]


@pytest.mark.parametrize("build", [_one, _two])
def test_an_error_of_ours_is_a_failure_in_its_own_words(build: Any) -> None:
    error = OutageError("Nobody answers.", remedy="Try again later.")

    result = dg.materialize([build(error)], raise_on_error=False)

    [event] = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure
    assert failure.description == str(error)
    assert failure.metadata["what to do"].value == "Try again later."


def test_an_error_of_another_kind_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        dg.materialize([_one(ZeroDivisionError())])
