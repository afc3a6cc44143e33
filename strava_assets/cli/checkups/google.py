"""Checks the permissions of the account on Google Cloud; findings name each missing permission and its role.

The roles are those that deploy/gcp grants; a test compares them. Google's clients are imported where they are
used. Only what the settings place on Google Cloud is checked.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strava_assets.cli.checkups.finding import Finding, State, broken, warning
from strava_assets.cli.checkups.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.settings import Settings

ON_PROJECT = {"bigquery.jobs.create": "roles/bigquery.jobUser"}
ON_DATASET = dict.fromkeys(
    (
        "bigquery.datasets.get",
        "bigquery.tables.create",
        "bigquery.tables.get",
        "bigquery.tables.getData",
        "bigquery.tables.update",
        "bigquery.tables.updateData",
        "bigquery.tables.delete",
    ),
    "roles/bigquery.dataEditor",
)
ON_SECRET = {"secretmanager.versions.access": "roles/secretmanager.secretAccessor"} | dict.fromkeys(
    ("secretmanager.versions.add", "secretmanager.versions.disable", "secretmanager.versions.destroy"),
    "roles/secretmanager.secretVersionManager",
)
ON_BUCKET = dict.fromkeys(
    (
        "storage.objects.create",
        "storage.objects.get",
        "storage.objects.list",
        "storage.objects.delete",
    ),
    "roles/storage.objectUser",
)
ON_BUCKET_FOR_LOGS = {"storage.buckets.get": "roles/storage.legacyBucketReader"}

TIMEOUT_S = 20.0
"""The user is waiting, so no request is repeated."""

_PROBE_LIVES = timedelta(hours=1)
"""The table for the test is dropped at once. If that fails, BigQuery drops it after this time."""

_INSTALL = "Run pip install 'strava_assets[gcp]'."
_LOGIN = (
    "Run gcloud auth application-default login; on Google Cloud, attach the account that deploy/gcp makes."
)


def _bigquery(settings: Settings) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    endpoint = settings.bigquery_api_endpoint
    return bigquery.Client(
        settings.gcp_project,
        AnonymousCredentials() if endpoint else None,  # type: ignore[no-untyped-call]  # declares no type
        location=settings.bigquery_location,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )


def _secret_manager(_: Settings) -> Any:
    from google.cloud.secretmanager import SecretManagerServiceClient

    return SecretManagerServiceClient()


def _storage(settings: Settings) -> Any:
    from google.cloud.storage import Client

    return Client(settings.gcp_project)


@dataclass(frozen=True)
class Clients:
    """How Google's clients are made; by default with the credentials of this machine."""

    bigquery: Callable[[Settings], Any] = _bigquery
    secret_manager: Callable[[Settings], Any] = _secret_manager
    storage: Callable[[Settings], Any] = _storage


def look(settings: Settings, clients: Clients | None = None) -> Iterator[Finding]:
    """Check the permissions that a sync needs on Google Cloud. Nothing is left there.

    Args:
        settings: They tell what is on Google Cloud.
        clients: Other ways to make the clients, for tests.
    """
    makes = clients or Clients()
    if settings.warehouse_kind == "bigquery":
        yield _checked("gcp jobs", partial(_jobs, settings, makes))
        yield _checked("gcp data", partial(_dataset, settings, makes))
    if settings.secret_store_kind == "gcp":  # noqa: S105 - the name of a kind
        yield _checked("gcp tokens", partial(_secret, settings, makes))
    for bucket in _buckets(settings):
        yield _checked("gcp files", partial(_bucket, bucket, settings, makes))


def _jobs(settings: Settings, makes: Clients) -> Finding:
    """A dry run of a query needs the permission, costs nothing and reads nothing."""
    from google.api_core.exceptions import Forbidden
    from google.cloud import bigquery

    where = f"the project {settings.gcp_project}"
    client = makes.bigquery(settings)
    try:
        dry = bigquery.QueryJobConfig(dry_run=True)
        client.query("SELECT 1", job_config=dry, retry=None, job_retry=None, timeout=TIMEOUT_S)
    except Forbidden as error:
        # Only this refusal is about the role: an API or a project's billing that is off is refused as well.
        if "bigquery.jobs.create" not in str(error):
            raise
        return verdict("gcp jobs", where, ON_PROJECT, ())
    finally:
        client.close()
    return verdict("gcp jobs", where, ON_PROJECT, ON_PROJECT)


def _dataset(settings: Settings, makes: Clients) -> Finding:
    """Google tests permissions on tables only, so one is made, asked about and dropped."""
    from google.api_core.exceptions import Forbidden, NotFound
    from google.cloud import bigquery

    address = f"{settings.gcp_project}.{settings.bigquery_dataset}"
    where = f"the dataset {address}"
    probe = bigquery.Table(f"{address}.permission_test_{secrets.token_hex(4)}")
    probe.expires = datetime.now(UTC) + _PROBE_LIVES
    request_options = {"retry": None, "timeout": TIMEOUT_S}
    client = makes.bigquery(settings)
    granted = []
    try:
        client.get_dataset(address, **request_options)
        granted.append("bigquery.datasets.get")
        client.create_table(probe, **request_options)
        granted.append("bigquery.tables.create")
        untested = [name for name in ON_DATASET if name not in granted]
        granted += client.test_iam_permissions(probe, untested, **request_options).get("permissions", [])
        client.delete_table(probe, not_found_ok=True, **request_options)
    except NotFound:
        remedy = "Apply deploy/gcp, which makes it, or sync once with roles/bigquery.user on the project."
        return warning("gcp data", f"There is no dataset {address} yet.", remedy)
    except Forbidden:
        # `granted` holds what was allowed before the refusal.
        pass
    finally:
        client.close()
    return verdict("gcp data", where, ON_DATASET, granted)


def _secret(settings: Settings, makes: Clients) -> Finding:
    from google.api_core.exceptions import NotFound

    path = f"projects/{settings.gcp_project}/secrets/{settings.gcp_secret}"
    request = {"resource": path, "permissions": list(ON_SECRET)}
    try:
        answer = makes.secret_manager(settings).test_iam_permissions(request, retry=None, timeout=TIMEOUT_S)
    except NotFound:
        return broken("gcp tokens", f"There is no secret {path}.", "Apply deploy/gcp, which makes it.")
    return verdict("gcp tokens", f"the secret {path}", ON_SECRET, answer.permissions)


def _bucket(name: str, settings: Settings, makes: Clients) -> Finding:
    from google.api_core.exceptions import NotFound

    where = f"the bucket {name}"
    client = makes.storage(settings)
    try:
        permissions = [*ON_BUCKET, *ON_BUCKET_FOR_LOGS]
        granted = client.bucket(name).test_iam_permissions(permissions, timeout=TIMEOUT_S, retry=None)
    except NotFound:
        named = "STRAVA_ASSETS_LANDING_URL, _STREAMS_URL and _REPORT_URL"
        remedy = f"Apply deploy/gcp, which makes one, or correct {named}."
        return broken("gcp files", f"There is no bucket {name}.", remedy)
    finally:
        client.close()
    files = verdict("gcp files", where, ON_BUCKET, granted)
    logs = verdict("gcp files", where, ON_BUCKET_FOR_LOGS, granted)
    if files.state is State.OK and logs.state is not State.OK:
        return warning("gcp files", f"{logs.message} Only a server's compute logs need it.", logs.remedy)
    return files


def _buckets(settings: Settings) -> list[str]:
    """The buckets that the settings name, each once."""
    parts = map(urlsplit, settings.file_locations)
    return list(dict.fromkeys(part.netloc for part in parts if part.scheme in {"gs", "gcs"}))


def _checked(about: str, ask: Callable[[], Finding]) -> Finding:
    """The finding of a check, also if Google cannot be reached. Google's messages contain no secret."""
    try:
        from google.api_core.exceptions import GoogleAPIError, ServerError, Unauthenticated
        from google.auth.exceptions import GoogleAuthError, TransportError
        from requests import RequestException
    except ImportError:
        return broken(about, "Google's clients are not installed.", _INSTALL)
    try:
        return ask()
    except ImportError as error:
        return broken(about, f"{error.name} is not installed.", _INSTALL)
    except (TransportError, RequestException, ConnectionError, ServerError) as error:
        return warning(
            about,
            f"Google did not answer ({type(error).__name__}).",
            "Check the network and try again.",
        )
    except (GoogleAuthError, Unauthenticated):
        return broken(about, "Google did not accept this machine's credentials.", _LOGIN)
    except GoogleAPIError as error:
        reason = str(error).strip().splitlines()[0]
        return broken(about, f"Google refused: {reason}", "Check the project's id, its billing and its APIs.")
