"""What BigQuery's failures mean to a person, each with what to do. Nothing here talks to BigQuery."""

from __future__ import annotations

import re
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from strava_assets.warehouse.errors import MissingTableError, StatementFailedError, WarehouseError

FAILURES = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    requests.exceptions.RequestException,
    StillRunning,
    ConnectionError,
)
"""Everything Google's client raises when a call does not succeed."""

_PERMISSION = re.compile(r"\b(bigquery\.[a-z]+\.[a-zA-Z]+)\b")
_URL_BEFORE = re.compile(r"^\d{3} (?:[A-Z]+ https?://\S+: )?")
_JOB_AFTER = re.compile(r"\s*(?:Location|Job ID): \S+$", re.MULTILINE)
_NO_PROJECT = re.compile(
    r"not found: project|unknown project|invalid project|project \S+ (?:has not|is not found|was not found)",
    re.IGNORECASE,
)
_MISSING_TABLE = re.compile(r"Not found: Table \S+[:.](\w+)(?= |$)")
_PROJECT_REASONS = frozenset({"accessNotConfigured", "billingNotEnabled"})
_QUOTA_REASONS = frozenset(
    {"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded", "resourcesExceeded"}
)


@dataclass(frozen=True)
class Place:
    """Where the failed call went, for messages."""

    project: str
    dataset: str
    location: str
    endpoint: str

    @property
    def address(self) -> str:
        """project.dataset, as the console writes it."""
        return f"{self.project}.{self.dataset}"


class CredentialsError(WarehouseError):
    """Google has no valid credentials of this machine: there are none, or they have expired."""

    def __init__(self) -> None:
        super().__init__(
            "Google did not accept this machine's credentials: there are none, or they have expired.",
            means="Nothing was read or changed.",
            remedy="Run `gcloud auth application-default login`, or name a service account's key file in "
            "GOOGLE_APPLICATION_CREDENTIALS; on Google Cloud, attach the service account to the job.",
        )


class MissingRoleError(WarehouseError):
    """The account may not do this; the role that allows it is named."""

    def __init__(self, place: Place, permission: str, reply: str) -> None:
        self.role, where = _role_for(permission, place)
        super().__init__(
            f"BigQuery refused: {reply}",
            means=f"The account lacks the permission {permission or 'this needs'}. Nothing was changed.",
            remedy=f"Grant it {self.role} on {where}.",
        )


class WrongProjectError(WarehouseError):
    """There is no such project, or BigQuery is not switched on in it."""

    def __init__(self, place: Place, reply: str) -> None:
        super().__init__(
            f"BigQuery does not know the project {place.project}: {reply}",
            means="Nothing was read or changed.",
            remedy="Correct the project's id (not its name), and enable the BigQuery API and billing in it.",
        )


class DatasetElsewhereError(WarehouseError):
    """The dataset is in another location than the one set."""

    def __init__(self, place: Place, location: str) -> None:
        self.location = location
        super().__init__(
            f"The dataset {place.address} is in {location}, and the location set is {place.location}.",
            means="A dataset cannot move, and a job runs where its data is. Nothing was changed.",
            remedy=f"Set the location to {location}, or name another dataset to be made in {place.location}.",
        )


class DatasetMissingError(WarehouseError):
    """The dataset is not there (or not in this location)."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            f"There is no dataset {place.address} in {place.location}.",
            means="Nothing has been loaded there yet, or it is in another location.",
            remedy="Materialize everything once, which makes it: launch the job sync or run strava-assets "
            "sync. Or correct the dataset's name or location.",
        )


class QuotaExceededError(WarehouseError):
    """A quota of the project is used up for now."""

    def __init__(self, reply: str) -> None:
        super().__init__(
            f"A BigQuery quota is used up: {reply}",
            means="The statement was not run; what was stored before is unchanged.",
            remedy="Run it again later (quotas renew by the minute or the day), or raise it in the console.",
        )


class TooManyBytesError(WarehouseError):
    """The statement would be billed for more than the limit set."""

    def __init__(self, reply: str) -> None:
        super().__init__(
            f"BigQuery stopped before spending more than allowed: {reply}",
            means="The statement was not run and nothing is billed.",
            remedy="Raise the limit of bytes billed if this is expected.",
        )


class EngineUnavailableError(WarehouseError):
    """BigQuery could not be reached, or failed on its own side; trying again may do."""

    transient = True

    def __init__(self, place: Place, reply: str) -> None:
        super().__init__(
            f"BigQuery did not answer at {place.endpoint}: {reply}",
            means="A statement under way may still finish, whole or not at all; nothing is half done.",
            remedy="Check the network, then run again; running again never applies a change twice.",
        )


def explained(  # noqa: PLR0911 -- one line a cause
    error: BaseException, place: Place
) -> WarehouseError:
    """The error a person should see for one of Google's client's."""
    if isinstance(error, api.RetryError) and error.cause is not None:
        # Trying again did not help; why is what the last try met.
        return explained(error.cause, place)
    if isinstance(error, api.Unauthorized) or (
        isinstance(error, auth.GoogleAuthError) and not isinstance(error, auth.TransportError)
    ):
        return CredentialsError()
    if not isinstance(error, api.GoogleAPICallError):
        return EngineUnavailableError(place, _cause(error))
    reply, reason = _reply(error), _reason(error)
    if reason == "bytesBilledLimitExceeded" or "bytes billed" in reply:
        return TooManyBytesError(reply)
    if reason in _QUOTA_REASONS or isinstance(error, api.TooManyRequests):
        return QuotaExceededError(reply)
    if isinstance(error, api.ServerError):
        return EngineUnavailableError(place, reply)
    return _refused(error, place, reply, reason)


def _refused(error: api.GoogleAPICallError, place: Place, reply: str, reason: str) -> WarehouseError:
    if reason in _PROJECT_REASONS or _NO_PROJECT.search(reply):
        return WrongProjectError(place, reply)
    if isinstance(error, api.Forbidden):
        permission = _PERMISSION.search(reply)
        return MissingRoleError(place, permission[1] if permission else "", reply)
    if isinstance(error, api.NotFound) and "Not found: Dataset" in reply:
        return DatasetMissingError(place)
    if isinstance(error, api.NotFound) and (missing := _MISSING_TABLE.search(reply)):
        return MissingTableError(missing[1], place.address)
    return StatementFailedError(
        f"BigQuery refused: {reply}",
        means="What the statement would have changed is as it was before.",
        remedy="If the statement is one of yours, correct it; if not, please report it with this message.",
    )


def _role_for(permission: str, place: Place) -> tuple[str, str]:
    if permission == "bigquery.jobs.create" or not permission:
        return "roles/bigquery.jobUser", f"the project {place.project}"
    if permission == "bigquery.datasets.create":
        return (
            "roles/bigquery.user",
            f"the project {place.project} (or make the dataset {place.dataset} for it)",
        )
    return "roles/bigquery.dataEditor", f"the dataset {place.address}"


def _reason(error: api.GoogleAPICallError) -> str:
    details = error.errors[0] if error.errors else {}
    return str(details.get("reason", "")) if isinstance(details, dict) else ""


def _reply(error: api.GoogleAPICallError) -> str:
    """Google's sentence, without the request's address before it and the job's after it."""
    return _JOB_AFTER.sub("", _URL_BEFORE.sub("", str(error))).strip().splitlines()[0]


def _cause(error: BaseException) -> str:
    if isinstance(error, StillRunning):
        return "the job did not finish in the time allowed"
    return type(error).__name__
