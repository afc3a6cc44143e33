"""What can go wrong with published tables, and how the reason of another library is quoted."""

from __future__ import annotations

import re
from dataclasses import replace

from strava_assets.errors import StravaAssetsError
from strava_assets.storage_folder import Problem

_MOST_CHARACTERS = 300
# What signs a request stands in addresses and headers, and libraries repeat those in their errors.
_SECRETS = re.compile(
    r"(?i)\b((?:sig|accountkey|sharedaccesssignature|x-amz-[a-z-]+)[=: ]+|(?:bearer|sharedkey) +)[^&\s;,\"']+"
)


class PublishError(StravaAssetsError):
    """A table cannot be published, read back or removed."""


class ForeignTableError(PublishError):
    """Where a table should go lies one that this project did not write."""

    def __init__(self, address: str, reason: str, setting: str) -> None:
        super().__init__(
            f"{address} is not a table of this project: {reason}",
            means="It was not touched, and this mart is not published.",
            remedy=f"Rename or remove that table, or set {setting} to another place.",
        )


class PublishConflictError(PublishError):
    """Another run published the same table meanwhile."""

    transient = True

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Another run published {address} at the same time.",
            means="Readers see that run's rows; nothing is mixed.",
            remedy="Run again once the other run has ended.",
        )


class PlaceUnusableError(PublishError):
    """The place cannot be read or written: it does not exist, or these credentials may not."""

    def __init__(self, address: str, problem: Problem) -> None:
        super().__init__(
            f"The published table {address} cannot be written or read: {problem.reason}",
            means="Readers see the tables that were published before.",
            remedy=problem.remedy
            or "Make the folder or bucket writable (permissions, free space, bucket name and role, "
            "credentials that have not expired), or set STRAVA_ASSETS_PUBLISH_URL to another place.",
        )
        self.transient = problem.is_transient

    @classmethod
    def because(cls, address: str, error: Exception) -> PlaceUnusableError:
        """The error of a library, in our words where they are known, else quoted."""
        problem = Problem.of(error)
        return cls(address, problem if problem.remedy else replace(problem, reason=quoted_reason(error)))


def quoted_reason(error: Exception) -> str:
    """The reason in an error of another library: short, on one line, without what may be a secret."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = _SECRETS.sub(r"\1***", text)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
