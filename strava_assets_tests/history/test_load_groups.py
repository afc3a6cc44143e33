"""How many waiting batches are merged at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from strava_assets.history.loader import _groups


def sizes(*records: int, most: int) -> list[list[int]]:
    manifests = [SimpleNamespace(records=count) for count in records]
    groups = _groups(cast("Any", manifests), most)
    return [[manifest.records for manifest in group] for group in groups]


@pytest.mark.parametrize(
    ("records", "groups"),
    [
        ([], []),
        ([4, 6], [[4, 6]]),
        ([4, 7], [[4], [7]]),
        ([4, 3, 3, 1], [[4, 3, 3], [1]]),
        ([30, 1], [[30], [1]]),
        ([6, 5, 5], [[6], [5, 5]]),
    ],
)
def test_a_group_has_at_most_so_many_records_or_one_batch(
    records: list[int], groups: list[list[int]]
) -> None:
    assert sizes(*records, most=10) == groups


def test_a_group_has_at_most_five_hundred_batches() -> None:
    assert [len(group) for group in sizes(*[1] * 1001, most=10_000)] == [500, 500, 1]
