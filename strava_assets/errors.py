"""The base class of all errors that users see: what happened, what it means, and what to do.

Packages define subclasses next to the code that raises them.
"""

from __future__ import annotations


class StravaAssetsError(Exception):
    """An error with a remedy; each text consists of full sentences.

    Args:
        happened: What happened, with the wrong value (never a secret).
        means: The consequences, and what is *not* affected.
        remedy: What the user should do.

    Attributes:
        transient: Whether a retry may succeed without any action; set by subclasses.
    """

    transient = False

    def __init__(self, happened: str, *, means: str = "", remedy: str = "") -> None:
        self.happened = happened
        self.means = means
        self.remedy = remedy
        super().__init__(happened, means, remedy)

    def __str__(self) -> str:
        lines = [self.happened, self.means, f"What to do: {self.remedy}" if self.remedy else ""]
        return "\n".join(line for line in lines if line)


class ConfigurationError(StravaAssetsError):
    """A setting or a file of the user is invalid."""
