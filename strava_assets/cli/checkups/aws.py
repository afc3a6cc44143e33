"""Checks the permissions of the account on Amazon's cloud; findings name each missing permission.

The permissions are those that deploy/aws grants; a test compares them. Amazon offers no test of permissions
that every account may use, so each is tried with a request that changes nothing. An answer that something
does not exist comes only after the permission was looked at. Amazon's client is imported where it is used.
Only what the settings place there is checked.
"""

from __future__ import annotations

import contextlib
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strava_assets.cli.checkups.finding import Finding, broken, warning
from strava_assets.cli.checkups.verdict import checked, granted_by, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.settings import Settings

POLICY = "the policy of deploy/aws"
ON_SECRET = dict.fromkeys(
    (
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ),
    POLICY,
)
ON_BUCKET = dict.fromkeys(
    (
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:GetObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
    ),
    POLICY,
)
ON_CATALOG = dict.fromkeys(
    (
        "glue:GetDatabase",
        "glue:GetTables",
        "glue:CreateTable",
        "glue:GetTable",
        "glue:UpdateTable",
        "glue:DeleteTable",
    ),
    f"{POLICY} and its grants of Lake Formation",
)
TIMEOUT_S = 20
"""The user is waiting, so no request is repeated."""

_INSTALL = "Run pip install 'strava_assets[aws]'."
_NO_VERSION = "00000000-0000-0000-0000-000000000000"
_FIRST_REGION = "us-east-1"
"""Where a bucket has no location."""


def look(settings: Settings) -> Iterator[Finding]:
    """Check the permissions that a sync needs on Amazon's cloud. Nothing is left there."""
    if settings.secret_store_kind == "aws":  # noqa: S105 - the name of a kind
        yield checked("aws tokens", partial(_secret, settings), _INSTALL)
    for bucket in _buckets(settings):
        yield checked("aws files", partial(_bucket, bucket, settings), _INSTALL)
    if settings.publish_kind == "iceberg":
        yield checked("aws tables", partial(_catalog, settings.publish_catalog, settings), _INSTALL)


def _client(service: str, region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    once = Config(connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"total_max_attempts": 1})
    # A session of its own, because the common one keeps credentials for as long as the process lives.
    return boto3.Session().client(service, region_name=region, config=once)


def _secret(settings: Settings) -> Finding:
    """Storing what is stored under the version that it has is no new version, but needs the permission."""
    name = settings.aws_secret
    client = _client("secretsmanager", settings.aws_region)
    where = f"the secret {name} in {settings.aws_region}"
    values: dict[str, Any] = {}

    def get() -> None:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            values.update(client.get_secret_value(SecretId=name))

    def put() -> None:
        if "SecretString" not in values:
            return
        client.put_secret_value(
            SecretId=name, SecretString=values["SecretString"], ClientRequestToken=values["VersionId"]
        )

    def move_label() -> None:
        # Amazon looks for the version only after it has decided about the permission.
        with contextlib.suppress(
            client.exceptions.ResourceNotFoundException, client.exceptions.InvalidParameterException
        ):
            client.update_secret_version_stage(
                SecretId=name, VersionStage="AWSPREVIOUS", RemoveFromVersionId=_NO_VERSION
            )

    granted = granted_by(dict(zip(ON_SECRET, (get, put, move_label), strict=True)))
    finding = verdict("aws tokens", where, ON_SECRET, granted)
    if "secretsmanager:GetSecretValue" in granted and "SecretString" not in values:
        message = f"There are no tokens in {where} yet, so that writing them was not tried."
        return warning("aws tokens", message, "Apply deploy/aws, then run strava-assets login.")
    return finding


def _bucket(name: str, settings: Settings) -> Finding:
    client = _client("s3", settings.aws_region)
    where = f"the bucket {name}"
    probe = f".write-test-{secrets.token_hex(4)}"
    location: list[str] = []

    def locate() -> None:
        answer = client.get_bucket_location(Bucket=name)
        location.append(answer.get("LocationConstraint") or _FIRST_REGION)

    def abort() -> None:
        with contextlib.suppress(client.exceptions.NoSuchUpload):
            client.abort_multipart_upload(Bucket=name, Key=probe, UploadId="none")

    attempts: tuple[Callable[[], object], ...] = (
        locate,
        partial(client.list_objects_v2, Bucket=name, MaxKeys=1),
        partial(client.put_object, Bucket=name, Key=probe, Body=b""),
        partial(_get_if_there, client, name, probe),
        partial(client.delete_object, Bucket=name, Key=probe),
        abort,
    )
    try:
        granted = granted_by(dict(zip(ON_BUCKET, attempts, strict=True)))
    except client.exceptions.NoSuchBucket:
        named = "STRAVA_ASSETS_LANDING_URL, _STREAMS_URL and _REPORT_URL"
        return broken(
            "aws files",
            f"There is no bucket {name}.",
            f"Apply deploy/aws, which makes one, or correct {named}.",
        )
    finding = verdict("aws files", where, ON_BUCKET, granted)
    if location and settings.aws_region and location[0] != settings.aws_region:
        return warning(
            "aws files",
            f"The bucket {name} is in {location[0]}, the settings say {settings.aws_region}.",
            f"Set STRAVA_ASSETS_AWS_REGION and AWS_REGION to {location[0]}.",
        )
    return finding


def _catalog(database: str, settings: Settings) -> Finding:
    """Glue decides about each request on a table by itself, so one is made, changed and dropped."""
    client = _client("glue", settings.aws_region)
    where = f"the Glue database {database}"
    name = f"permission_test_{secrets.token_hex(4)}"
    databases: list[str] = []
    missing = client.exceptions.EntityNotFoundException

    def find() -> None:
        with contextlib.suppress(missing):
            databases.append(client.get_database(Name=database)["Database"]["Name"])

    def on_table(request: Callable[..., object], **options: Any) -> None:
        with contextlib.suppress(missing):
            request(DatabaseName=database, **options)

    attempts: tuple[Callable[[], object], ...] = (
        find,
        partial(on_table, client.get_tables, MaxResults=1),
        partial(on_table, client.create_table, TableInput={"Name": name}),
        partial(on_table, client.get_table, Name=name),
        partial(on_table, client.update_table, TableInput={"Name": name}),
        partial(on_table, client.delete_table, Name=name),
    )
    granted = granted_by(dict(zip(ON_CATALOG, attempts, strict=True)))
    if "glue:GetDatabase" in granted and not databases:
        return broken(
            "aws tables", f"There is no Glue database {database}.", "Apply deploy/aws, which makes it."
        )
    return verdict("aws tables", where, ON_CATALOG, granted)


def _get_if_there(client: Any, bucket: str, key: str) -> None:
    with contextlib.suppress(client.exceptions.NoSuchKey):
        client.get_object(Bucket=bucket, Key=key)


def _buckets(settings: Settings) -> list[str]:
    """The buckets that the settings name, each once."""
    parts = map(urlsplit, settings.file_locations)
    return list(dict.fromkeys(part.netloc for part in parts if part.scheme in {"s3", "s3a"}))
