"""How many examples a property test draws: a quarter by default, all of them in `make test-deep`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ALL_EXAMPLES = "--all-examples"
_QUICK_SHARE = 4

_draws_all = False


def configure(config: pytest.Config) -> None:
    """Read the option, before the first module with tests is imported."""
    global _draws_all  # noqa: PLW0603 - the decorators of property tests ask for it during import
    _draws_all = bool(config.getoption(ALL_EXAMPLES))


def examples(count: int) -> int:
    """How many of `count` examples a property test draws."""
    return count if _draws_all else -(-count // _QUICK_SHARE)
