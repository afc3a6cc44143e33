"""How many examples a property test draws, and whether a failing one is made smaller.

By default a quarter of the examples, all of them in `make test-deep`. A failure is reported as it was found,
within seconds: making it smaller runs the test hundreds of times more, for minutes. `--shrink` does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ALL_EXAMPLES = "--all-examples"
SHRINK = "--shrink"
FUZZ_S = "--fuzz-seconds"
_QUICK_SHARE = 4

_draws_all = False


def add_options(parser: pytest.Parser) -> None:
    """The options of a test run."""
    parser.addoption(ALL_EXAMPLES, action="store_true", help="draw all examples of property tests")
    parser.addoption(SHRINK, action="store_true", help="make the failing example of a property test smaller")
    parser.addoption(
        FUZZ_S, type=float, default=0.25, help="how long each reader is fuzzed, seconds of computing"
    )


def configure(config: pytest.Config) -> None:
    """Read the options, before the first module with tests is imported."""
    from hypothesis import Phase, settings

    global _draws_all  # noqa: PLW0603 - the decorators of property tests ask for it during import
    _draws_all = bool(config.getoption(ALL_EXAMPLES))
    if not config.getoption(SHRINK):
        settings.register_profile("as found", phases=[Phase.explicit, Phase.reuse, Phase.generate])
        settings.load_profile("as found")


def examples(count: int) -> int:
    """How many of `count` examples a property test draws."""
    return count if _draws_all else -(-count // _QUICK_SHARE)
