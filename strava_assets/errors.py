"""The one base of every error a person may meet: what happened, what it means, what to do.

Rooms define their own classes on top of it, beside the code that raises them.
"""

from __future__ import annotations


class StravaAssetsError(Exception):
    """An error with its cure.

    Args:
        happened: what was seen, with the value that was wrong (never a secret).
        means: what follows from it, and what is *not* affected.
        remedy: what the person does next, as a sentence that can be followed.

    Attributes:
        transient: whether trying again later may help without anyone doing anything; a class says so.
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
    """A setting or file that a person wrote cannot be used as it is."""
