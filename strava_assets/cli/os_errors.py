"""Turns errors that a person can do something about into sentences, whatever raised them.

Commands explain the places they know themselves, and storage_errors.py a full or failing disk; what is left
is a file that is closed to this user, and a limit of the operating system.
"""

from __future__ import annotations

import errno

from strava_assets.cli.storage_errors import as_storage_error
from strava_assets.errors import StravaAssetsError

_REMEDIES = {
    errno.EACCES: "Let the user that runs this read and write it.",
    errno.EPERM: "Let the user that runs this read and write it.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), then run the command again.",
    errno.ENFILE: "Raise the system's limit of open files, then run the command again.",
}


def as_sentences(error: Exception) -> StravaAssetsError | None:
    """The error as sentences; None where no person can mend it, so that it is a bug of ours."""
    if isinstance(error, StravaAssetsError):
        return error
    if message := as_storage_error(error):
        return message
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    what = f"{error.filename} cannot be used" if error.filename else "The operating system refused"
    return StravaAssetsError(
        f"{what}: {error.strerror}.",
        means="The command stopped there. What it had done before is kept.",
        remedy=_REMEDIES[error.errno],
    )
