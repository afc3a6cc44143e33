"""Errors of the operating system that a person can do something about, as sentences.

Commands explain the places they know themselves; this is for any other file they meet.
"""

from __future__ import annotations

import errno

from strava_assets.errors import StravaAssetsError

_REMEDIES = {
    errno.EACCES: "Let the user that runs this read and write it.",
    errno.EPERM: "Let the user that runs this read and write it.",
    errno.EROFS: "Make its file system writable, or set STRAVA_ASSETS_HOME to a folder on another one.",
    errno.ENOSPC: "Make room on the disk, then start the command again.",
    errno.EDQUOT: "Make room within the disk quota, then start the command again.",
    errno.EIO: "Check the disk and its file system, then start the command again.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), then start the command again.",
    errno.ENFILE: "Raise the system's limit of open files, then start the command again.",
}


def explain(error: OSError) -> StravaAssetsError | None:
    """The error in sentences; None where it is none that a person can cure, so that it is a fault of ours."""
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None:
        return None
    what = f"{error.filename} cannot be used" if error.filename else "The operating system refused"
    return StravaAssetsError(
        f"{what}: {error.strerror}.",
        means="The command stopped there. What it had done before is kept.",
        remedy=remedy,
    )
