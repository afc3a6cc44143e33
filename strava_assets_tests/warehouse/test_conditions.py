"""A condition that is not SQL is a mistake in the program, and is reported as such."""

from __future__ import annotations

import pytest

from strava_assets.warehouse import statements
from strava_assets.warehouse.errors import StatementFailedError


@pytest.mark.parametrize("sql", ["a >", "", "SELECT FROM"])
def test_what_is_not_a_condition_is_refused_with_its_text(sql: str) -> None:
    with pytest.raises(StatementFailedError) as refused:
        statements._condition(sql)
    assert f"This is not a condition in SQL: {sql}" in str(refused.value)


def test_a_condition_stands_in_brackets() -> None:
    assert statements._condition("a > 1 OR b").sql() == "(a > 1 OR b)"
