"""One token refresh, made so that killing the run cannot lose the refresh token that Strava rotates.

`auth` decides when to refresh and uses the token.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from strava_assets.child_environment import child_environment
from strava_assets.errors import StravaAssetsError
from strava_assets.strava import errors, hosts
from strava_assets.strava.tokens import request_grant

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.strava.token_store import TokenStore

# A token that expires sooner is not used for a new call: clocks differ, and requests take time.
EXPIRY_MARGIN_S = 300
# The subprocess waits for the lock (two minutes for a file) and for one response; after that it hangs.
SUBPROCESS_TIMEOUT_S = 240
NEEDED = ("client_id", "client_secret", "refresh_token")


def has_valid_access_token(values: dict[str, str], now: datetime) -> bool:
    """Whether `values` contain an access token that may be used for a new call."""
    try:
        expires_at = float(values.get("expires_at", 0))
    except ValueError:
        return False
    return bool(values.get("access_token")) and expires_at - now.timestamp() > EXPIRY_MARGIN_S


@dataclass(frozen=True)
class Outcome:
    """The result of a refresh: the current credentials, and the number of requests sent."""

    values: dict[str, str] = field(repr=False)
    requests_sent: int


@dataclass(frozen=True)
class Refresh:
    """One token refresh.

    Once Strava has responded, the old refresh token may be invalid, and until the new one is on disk it
    exists only in memory: a run killed in between would be locked out. `in_subprocess` therefore refreshes in
    a detached process, which takes the lock, sends the request, writes the tokens, and only then responds to
    the run. It finishes even if the run is killed, and the next run waits for its lock. If the machine fails
    or the whole container is killed within those milliseconds, Strava refuses the old token, and the user has
    to run `strava-assets login`.

    Args:
        store: holds the credentials; picklable if it is writable.
        oauth_base_url: base of `/token`.
        timeout: connect and read timeouts, in seconds.
        now: aware UTC time.
        reject: an access token that Strava refused before it expired; it is not read from the store again.
        newer: values that a read-only store could not store.
    """

    store: TokenStore
    oauth_base_url: str
    timeout: tuple[float, float]
    now: datetime
    reject: str | None = field(default=None, repr=False)
    newer: dict[str, str] = field(default_factory=dict, repr=False)

    def make(self, session: requests.Session) -> Outcome:
        """Return the token another process just got, or get a new one and store it durably.

        Raises:
            MissingCredentialsError: the store lacks something that a refresh needs.
            ForeignHostError: the credentials belong to another host than `oauth_base_url`.
            StravaError: the token endpoint failed.
        """
        with self.store.lock():
            stored = self._stored_values()
            if self._is_new(stored):
                return Outcome(stored, 0)
            missing = [name for name in NEEDED if not stored.get(name)]
            if missing:
                raise errors.MissingCredentialsError(missing, self.store.name)
            hosts.require_oauth_host(self.oauth_base_url, stored, remembers=self.store.writable)
            if self.store.writable:
                # Strava replaces the refresh token at once, and a full disk would lose the new one.
                self.store.check_writable()
            form = {name: stored[name] for name in NEEDED} | {"grant_type": "refresh_token"}
            try:
                grant = request_grant(
                    session, self.oauth_base_url, form, clock=lambda: self.now, timeout=self.timeout
                )
            except errors.InvalidRefreshTokenError:
                return Outcome(self._from_other_process(stored["refresh_token"]), 1)
            # Credentials without a stored host are bound to the one that has accepted them.
            issuer = stored.get(hosts.OAUTH_HOST) or hosts.host_of(self.oauth_base_url)
            granted = grant.as_values() | {hosts.OAUTH_HOST: issuer}
            if self.store.writable:
                self.store.write(granted)
            return Outcome(stored | granted, 1)

    def in_subprocess(self) -> Outcome:
        """Run `make` in a process that outlives this one.

        Raises:
            StravaAssetsError: an error of `make` or of the store.
        """
        command = [sys.executable, "-c", f"from {__name__} import answer_parent; answer_parent()"]
        with subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,
        ) as child:
            try:
                answer, _ = child.communicate(pickle.dumps(self), timeout=SUBPROCESS_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                raise errors.RequestTimeoutError(
                    f"The token refresh did not end within {SUBPROCESS_TIMEOUT_S} seconds."
                ) from None
        if not answer:
            raise errors.ConnectionLostError("The token refresh was killed before it finished.")
        outcome = pickle.loads(answer)  # noqa: S301 - written by our own subprocess
        if isinstance(outcome, Outcome):
            return outcome
        raise _restored_error(*outcome)

    def _stored_values(self) -> dict[str, str]:
        return self.store.read() | self.newer

    def _is_new(self, values: dict[str, str]) -> bool:
        return has_valid_access_token(values, self.now) and values["access_token"] != self.reject

    def _from_other_process(self, refused: str) -> dict[str, str]:
        """The tokens of another process that refreshed first, if the store cannot lock it out."""
        for wait_s in self.store.settling_waits_s:
            time.sleep(wait_s)
            stored = self._stored_values()
            if stored.get("refresh_token") != refused and self._is_new(stored):
                return stored
        raise errors.InvalidRefreshTokenError("Strava refused the refresh token.")


def answer_parent() -> None:
    """Entry point of the subprocess: read the request, refresh, write the outcome."""
    refresh: Refresh = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by our own parent
    answer: Outcome | tuple[type[BaseException], tuple[object, ...], dict[str, object]]
    try:
        with requests.Session() as session:
            answer = refresh.make(session)
    except StravaAssetsError as error:
        answer = (type(error), error.args, error.__dict__)
    sys.stdout.buffer.write(pickle.dumps(answer))


def _restored_error(
    kind: type[BaseException], args: tuple[object, ...], state: dict[str, object]
) -> BaseException:
    """The error of the subprocess, made without its constructor, whose arguments are not known here."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
