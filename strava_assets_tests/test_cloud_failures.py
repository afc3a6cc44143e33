"""Errors of the clouds' clients become sentences with a remedy; all others stay what they are."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("botocore", reason="the extra `aws` is not installed")
pytest.importorskip("azure.core", reason="the extra `azure` is not installed")
pytest.importorskip("gcsfs", reason="the extra `gcp` is not installed")

from aiohttp import ServerDisconnectedError
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    TokenRetrievalError,
)
from gcsfs.retry import HttpError  # type: ignore[import-untyped]  # ships no type information

from strava_assets.cli.os_errors import as_user_error
from strava_assets.cli.storage_errors import RecordsError
from strava_assets.cloud_failures import CloudError, Failure, as_cloud_error, cloud_failure
from strava_assets.errors import StravaAssetsError
from strava_assets.storage_folder import Problem

if TYPE_CHECKING:
    from collections.abc import Callable


def amazon(code: str, status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "canary"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "PutObject")


def azure(code: str, make: Callable[..., HttpResponseError] = HttpResponseError) -> HttpResponseError:
    error = make("canary")
    error.error_code = code  # type: ignore[attr-defined]  # as Azure's storage client does
    return error


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (amazon("AccessDenied", 403), Failure.FORBIDDEN, "AccessDenied"),
        (amazon("SomethingNew", 403), Failure.FORBIDDEN, "SomethingNew"),
        (amazon("ExpiredToken"), Failure.EXPIRED, "ExpiredToken"),
        (amazon("InvalidAccessKeyId", 403), Failure.CREDENTIALS, "InvalidAccessKeyId"),
        (amazon("NoSuchBucket", 404), Failure.MISSING, "NoSuchBucket"),
        (amazon("PermanentRedirect", 301), Failure.OTHER_REGION, "PermanentRedirect"),
        (amazon("PreconditionFailed", 412), Failure.CONFLICT, "PreconditionFailed"),
        (amazon("SomethingNew", 503), Failure.UNREACHABLE, "SomethingNew"),
        (NoCredentialsError(), Failure.CREDENTIALS, "NoCredentialsError"),
        (EndpointConnectionError(endpoint_url="x"), Failure.UNREACHABLE, "EndpointConnectionError"),
        (
            TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
            Failure.EXPIRED,
            "TokenRetrievalError",
        ),
        (azure("AuthorizationPermissionMismatch"), Failure.FORBIDDEN, "AuthorizationPermissionMismatch"),
        (azure("ContainerNotFound", ResourceNotFoundError), Failure.MISSING, "ContainerNotFound"),
        (ClientAuthenticationError("no credential"), Failure.CREDENTIALS, "ClientAuthenticationError"),
        (ServiceRequestError("no route"), Failure.UNREACHABLE, "ServiceRequestError"),
        (HttpError({"code": 503, "message": "canary"}), Failure.UNREACHABLE, "HttpError"),
        (HttpError({"code": 401, "message": "canary"}), Failure.CREDENTIALS, "HttpError"),
        (ServerDisconnectedError("canary"), Failure.UNREACHABLE, "ServerDisconnectedError"),
    ],
)
def test_a_failure_has_its_kind_and_its_remedy(error: Exception, kind: Failure, code: str) -> None:
    failure = cloud_failure(error)
    assert failure
    assert (failure.kind, failure.code) == (kind, code)
    assert "canary" not in failure.message + failure.remedy
    assert failure.remedy.endswith((".", "it."))


@pytest.mark.parametrize(
    "error", [amazon("NoSuchKey", 404), OSError("disk"), KeyError("x"), azure("BlobNotFound")]
)
def test_what_is_no_failure_of_a_cloud_is_left_alone(error: Exception) -> None:
    assert cloud_failure(error) is None
    assert as_cloud_error(error) is None


def test_a_refusal_that_a_filesystem_raises_as_an_error_of_the_disk_is_none() -> None:
    wrapped = OSError(errno.EIO, "as told")
    wrapped.__cause__ = amazon("AccessDenied", 403)
    error = as_user_error(wrapped)
    assert isinstance(error, CloudError)
    assert "strava-assets doctor" in error.remedy
    assert isinstance(as_user_error(OSError(errno.EIO, "as told")), RecordsError)


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    assert as_user_error(amazon("SlowDown", 503)).transient  # type: ignore[union-attr]  # it is one
    assert not as_user_error(amazon("AccessDenied")).transient  # type: ignore[union-attr]  # it is one
    assert Problem.of(amazon("SlowDown", 503)).is_transient
    assert issubclass(CloudError, StravaAssetsError)
