"""One token refresh, made so that killing the run cannot lose the refresh token that Strava rotates.

When a refresh is due, and what is done with the token, is decided in `auth`.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from strava_assets.errors import StravaAssetsError
from strava_assets.strava import errors, hosts
from strava_assets.strava.tokens import request_grant

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.strava.token_store import TokenStore

# A token with less life than this is not used for a new call: clocks differ and requests take their time.
LIFE_MARGIN_S = 300
# The child waits for the lock (two minutes for a file) and for one answer; beyond that it hangs.
CHILD_LIMIT_S = 240
NEEDED = ("client_id", "client_secret", "refresh_token")


def lives(values: dict[str, str], now: datetime) -> bool:
    """Whether `values` hold an access token that may be used for a new call."""
    try:
        expires_at = float(values.get("expires_at", 0))
    except ValueError:
        return False
    return bool(values.get("access_token")) and expires_at - now.timestamp() > LIFE_MARGIN_S


@dataclass(frozen=True)
class Outcome:
    """What a refresh brought: the credentials in force, and how many requests it took."""

    values: dict[str, str] = field(repr=False)
    requests_sent: int


@dataclass(frozen=True)
class Refresh:
    """A refresh to be made, in a way that killing the run cannot lose the refresh token that Strava rotates.

    Once Strava has answered, the old refresh token may be worth nothing, and until the new one is on disk it
    lives in memory alone: a run killed in between would be locked out. So `apart` refreshes in a process
    with a session of its own, which takes the lock, asks, writes, and only then tells the run. Whatever kills
    the run leaves it to finish, and the next run waits at its lock. What stays possible is that the machine
    fails, or that everything in its container is killed, within those milliseconds: then Strava refuses the
    old token, and `strava-assets login` is the cure.

    Args:
        store: where the credentials are; picklable if it is writable.
        oauth_base_url: base of `/token`.
        timeout: connect and read, in seconds.
        now: aware UTC time.
        reject: an access token that was refused although it should live, so it is not taken from the store.
        newer: what a read-only store could not keep.
    """

    store: TokenStore
    oauth_base_url: str
    timeout: tuple[float, float]
    now: datetime
    reject: str | None = field(default=None, repr=False)
    newer: dict[str, str] = field(default_factory=dict, repr=False)

    def make(self, session: requests.Session) -> Outcome:
        """Take the token another process just got, or get one; it is durable when this returns.

        Raises:
            MissingCredentialsError: the store lacks something that a refresh needs.
            ForeignHostError: the credentials belong to another host than `oauth_base_url`.
            StravaError: the token endpoint's failure.
        """
        with self.store.lock():
            stored = self._stored_values()
            if self._is_new(stored):
                return Outcome(stored, 0)
            missing = [name for name in NEEDED if not stored.get(name)]
            if missing:
                raise errors.MissingCredentialsError(missing, self.store.name)
            hosts.require_oauth_host(self.oauth_base_url, stored, remembers=self.store.writable)
            form = {name: stored[name] for name in NEEDED} | {"grant_type": "refresh_token"}
            try:
                grant = request_grant(
                    session, self.oauth_base_url, form, clock=lambda: self.now, timeout=self.timeout
                )
            except errors.InvalidRefreshTokenError:
                return Outcome(self._of_another(stored["refresh_token"]), 1)
            # Credentials that came without a host now belong to the one that has accepted them.
            issuer = stored.get(hosts.OAUTH_HOST) or hosts.host_of(self.oauth_base_url)
            brought = grant.as_values() | {hosts.OAUTH_HOST: issuer}
            if self.store.writable:
                self.store.write(brought)
            return Outcome(stored | brought, 1)

    def in_subprocess(self) -> Outcome:
        """Do what `make` does in a process that outlives this one.

        Raises:
            StravaAssetsError: as `make` and the store raise them.
        """
        command = [sys.executable, "-c", f"from {__name__} import answer_parent; answer_parent()"]
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, start_new_session=True
        ) as child:
            try:
                answer, _ = child.communicate(pickle.dumps(self), timeout=CHILD_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                raise errors.RequestTimeoutError(
                    f"The token refresh did not end within {CHILD_LIMIT_S} seconds."
                ) from None
        if not answer:
            raise errors.ConnectionLostError("The token refresh was ended from outside before it was done.")
        outcome = pickle.loads(answer)  # noqa: S301 - written by our own child
        if isinstance(outcome, Outcome):
            return outcome
        raise _revived(*outcome)

    def _stored_values(self) -> dict[str, str]:
        return self.store.read() | self.newer

    def _is_new(self, values: dict[str, str]) -> bool:
        return lives(values, self.now) and values["access_token"] != self.reject

    def _of_another(self, refused: str) -> dict[str, str]:
        """The tokens of another process that refreshed first, where a store cannot lock it out."""
        for wait_s in self.store.settling_waits_s:
            time.sleep(wait_s)
            stored = self._stored_values()
            if stored.get("refresh_token") != refused and self._is_new(stored):
                return stored
        raise errors.InvalidRefreshTokenError("Strava refused the refresh token.")


def answer_parent() -> None:
    """The child's whole life: read the order, make the refresh, tell the outcome."""
    refresh: Refresh = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by our own parent
    answer: Outcome | tuple[type[BaseException], tuple[object, ...], dict[str, object]]
    try:
        with requests.Session() as session:
            answer = refresh.make(session)
    except StravaAssetsError as error:
        answer = (type(error), error.args, error.__dict__)
    sys.stdout.buffer.write(pickle.dumps(answer))


def _revived(kind: type[BaseException], args: tuple[object, ...], state: dict[str, object]) -> BaseException:
    """An error as it was in the child; its constructor would want other arguments."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
