"""Any selection of assets on an empty home succeeds, or names what to materialize first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.definitions import build_defs
from strava_assets.settings import Settings
from strava_assets_tests.chain import Chain, chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Run

GRAPH = build_defs(Settings()).resolve_asset_graph()
ASSETS = [key.to_user_string() for key in GRAPH.toposorted_asset_keys if key in GRAPH.executable_asset_keys]
PARENTS = {
    asset: {key.to_user_string() for key in GRAPH.get(dg.AssetKey.from_user_string(asset)).parent_keys}
    & set(ASSETS)
    for asset in ASSETS
}
PAIRS = [(parent, asset) for asset in ASSETS for parent in sorted(PARENTS[asset])]
FIRST = re.compile(
    r"There is no table (\w+) in \S+ yet\.\n.*\nWhat to do: Materialize (\w+) first\. .*sync", re.DOTALL
)
# No export has been put where one is looked for.
WITHOUT_EXPORT = re.compile(
    r"There is no export_….zip in .*What to do: Request your data from Strava", re.DOTALL
)


def ancestors(asset: str) -> set[str]:
    return PARENTS[asset].union(*map(ancestors, PARENTS[asset]))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Chain]:
    """A platform with a login and nothing else."""
    sandbox = riding(30)
    sandbox.limits = None
    with chain(tmp_path / "home", sandbox, streams="power") as platform:
        yield platform


def materialize(platform: Chain, *assets: str) -> Run:
    """As the UI does: with the checks of the assets, and with those that are made in one step."""
    keys = map(dg.AssetKey.from_user_string, assets)
    selection = dg.AssetSelection.assets(*keys).required_multi_asset_neighbors()
    return platform._run_selection(selection)


def assert_works_or_says_what_comes_first(run: Run, *assets: str) -> None:
    needed = set.union(*map(ancestors, assets))
    assert run.succeeded == (not run.failures())
    for step, failure in run.failures().items():
        if WITHOUT_EXPORT.match(failure):
            assert "archive_activities" in assets
            continue
        first = FIRST.fullmatch(failure)
        assert first, f"{step}: {failure}"
        assert first[2] in needed, f"{step} names {first[2]}, which is not upstream of {assets}"


@pytest.mark.deep
@pytest.mark.parametrize("asset", ASSETS)
def test_one_asset_alone_works_or_says_what_comes_first(empty: Chain, asset: str) -> None:
    assert_works_or_says_what_comes_first(materialize(empty, asset), asset)


@pytest.mark.deep
@pytest.mark.parametrize(("parent", "asset"), PAIRS)
def test_an_asset_with_one_it_needs_works_or_says_what_comes_first(
    empty: Chain, parent: str, asset: str
) -> None:
    assert_works_or_says_what_comes_first(materialize(empty, parent, asset), parent, asset)


@pytest.mark.deep
@pytest.mark.parametrize("asset", ["raw_activities", "bq_activities", "sport_rules", "insights_report"])
def test_what_needs_no_table_works_on_an_empty_home(empty: Chain, asset: str) -> None:
    run = materialize(empty, asset)
    assert run.succeeded, run.failures()


def test_fetching_and_loading_alone_work_on_an_empty_home(empty: Chain) -> None:
    run = materialize(empty, "raw_activities", "bq_activities")
    assert run.succeeded, run.failures()
    assert not [name for name, check in run.checks().items() if not check.passed]
    assert ("bq_activities", "power_meter_reports") in run.checks()


@pytest.mark.deep
def test_the_assets_one_after_another_all_work(empty: Chain) -> None:
    for asset in ASSETS:
        if asset != "archive_activities":
            run = materialize(empty, asset)
            assert run.succeeded, run.failures()


@pytest.mark.deep
def test_an_asset_and_all_that_is_upstream_of_it_work_on_an_empty_home(empty: Chain) -> None:
    upstream = ancestors("weekly_watts") - {"archive_activities"}
    run = materialize(empty, *upstream, "weekly_watts")
    assert run.succeeded, run.failures()
