"""What is said of a set of permissions on one resource, whichever cloud it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.checkups.finding import broken, ok, warning
from strava_assets.cloud_failures import Failure, cloud_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from strava_assets.cli.checkups.finding import Finding


def verdict(about: str, where: str, wanted: Mapping[str, str], granted: Iterable[str]) -> Finding:
    """The finding for a set of permissions.

    Args:
        about: The finding's subject.
        where: The resource that the permissions are on.
        wanted: The permissions that are needed, each with what grants it (a role, a policy).
        granted: The permissions that the account has.
    """
    missing = [name for name in wanted if name not in set(granted)]
    if not missing:
        return ok(about, f"The account may do on {where} what a sync does.")
    grants = " and ".join(dict.fromkeys(wanted[name] for name in missing))
    return broken(
        about, f"The account lacks {', '.join(missing)} on {where}.", f"Grant it {grants} on {where}."
    )


def granted_by(attempts: Mapping[str, Callable[[], object]]) -> list[str]:
    """The permissions whose attempts were not refused, tried in order.

    Args:
        attempts: What needs a permission, by its name. It may fail with another answer than a refusal.

    Raises:
        Exception: A failure that says nothing about the permission, e.g. expired credentials.
    """
    granted = []
    for permission, attempt in attempts.items():
        try:
            attempt()
        except Exception as error:
            failure = cloud_failure(error)
            if failure and failure.kind is Failure.FORBIDDEN:
                continue
            raise
        granted.append(permission)
    return granted


def checked(about: str, ask: Callable[[], Finding], install: str) -> Finding:
    """The finding of a check of Amazon or Azure, also where the cloud refuses or does not answer.

    Args:
        about: The finding's subject.
        ask: The check.
        install: What to do if the cloud's client is not installed.
    """
    try:
        return ask()
    except ImportError as error:
        return broken(about, f"{error.name} is not installed.", install)
    except Exception as error:
        failure = cloud_failure(error)
        if failure is None:
            raise
        finding = warning if failure.is_transient else broken
        return finding(about, f"{failure.message}.", failure.remedy)
