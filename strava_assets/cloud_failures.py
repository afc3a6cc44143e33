"""What went wrong when a cloud was asked: one sentence and its remedy for each kind of refusal.

Amazon's and Azure's services, and Google's buckets; BigQuery and Secret Manager explain themselves.

Their clients, and the filesystems above them, raise dozens of exceptions. Each is recognized by its class's
name, its error code or its HTTP status, so that no client is imported. Texts of an answer may contain parts
of a request, so none is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Failure(Enum):
    """The kinds of failures that need different remedies."""

    CREDENTIALS = "no credentials that it accepts were found"
    EXPIRED = "the credentials have expired"
    FORBIDDEN = "this account lacks the permission"
    MISSING = "it does not exist there"
    OTHER_REGION = "the bucket is in another region"
    CONFLICT = "another process wrote at the same moment"
    UNREACHABLE = "it did not answer"


@dataclass(frozen=True)
class CloudFailure:
    """A failure of one cloud.

    Args:
        cloud: Whose service was asked, as a name in a sentence.
        kind: What went wrong.
        code: The service's own code, or the class of the error.
    """

    cloud: str
    kind: Failure
    code: str

    @property
    def message(self) -> str:
        """What happened, as a part of a sentence."""
        return f"{self.cloud} was asked, and {self.kind.value} ({self.code})"

    @property
    def remedy(self) -> str:
        """What to do, in full sentences."""
        return _REMEDIES[self.kind].format(login=_LOGINS[self.cloud], folder=_FOLDERS[self.cloud])

    @property
    def is_transient(self) -> bool:
        """Whether asking again may succeed without any action."""
        return self.kind in {Failure.CONFLICT, Failure.UNREACHABLE}


class CloudError(StravaAssetsError):
    """A cloud refused, and nothing nearer to the request has explained it."""

    def __init__(self, failure: CloudFailure) -> None:
        super().__init__(
            f"{failure.message}.",
            means="The command stopped at this point. Everything before it is kept.",
            remedy=failure.remedy,
        )
        self.transient = failure.is_transient


_LOGINS = {
    "Amazon": "Run `aws sso login` (or `aws configure`) and set AWS_PROFILE; in a container, attach the role "
    "that deploy/aws makes.",
    "Azure": "Run `az login`; in a container, attach the identity that deploy/azure makes.",
    "Google": "Run `gcloud auth application-default login`; in a container, attach the service account that "
    "deploy/gcp makes.",
}
_FOLDERS = {"Amazon": "deploy/aws", "Azure": "deploy/azure", "Google": "deploy/gcp"}
_REMEDIES = {
    Failure.CREDENTIALS: "{login}",
    Failure.EXPIRED: "{login} Then run the same command again.",
    Failure.FORBIDDEN: "Run `strava-assets doctor`, which names the missing permission; {folder} grants all "
    "of them.",
    Failure.MISSING: "Correct its name in the settings, or apply {folder}, which creates it.",
    Failure.OTHER_REGION: "Set STRAVA_ASSETS_AWS_REGION and AWS_REGION to the bucket's region; "
    "`aws s3api get-bucket-location` shows it.",
    Failure.CONFLICT: "Run the same command again.",
    Failure.UNREACHABLE: "Check the network and the service's address, then run the same command again.",
}

_BY_CODE = {
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "AuthFailure",
            "AuthenticationFailed",
            "InvalidAuthenticationInfo",
            "NoAuthenticationInformation",
            "Unauthorized",
        ),
        Failure.CREDENTIALS,
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), Failure.EXPIRED
    ),
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "403",
            "Forbidden",
            "AuthorizationFailure",
            "AuthorizationPermissionMismatch",
            "InsufficientAccountPermissions",
        ),
        Failure.FORBIDDEN,
    ),
    **dict.fromkeys(
        (
            "NoSuchBucket",
            "ResourceNotFoundException",
            "EntityNotFoundException",
            "ContainerNotFound",
            "FilesystemNotFound",
            "VaultNotFound",
        ),
        Failure.MISSING,
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"),
        Failure.OTHER_REGION,
    ),
    **dict.fromkeys(
        ("PreconditionFailed", "ConditionalRequestConflict", "ConditionNotMet", "BlobAlreadyExists", "412"),
        Failure.CONFLICT,
    ),
    **dict.fromkeys(
        ("InternalError", "ServiceUnavailable", "SlowDown", "ThrottlingException", "ServerBusy"),
        Failure.UNREACHABLE,
    ),
}
_BY_CLASS = {
    **dict.fromkeys(
        (
            "NoCredentialsError",
            "PartialCredentialsError",
            "ProfileNotFound",
            "CredentialRetrievalError",
            "TokenRetrievalError",
            "CredentialUnavailableError",
            "ClientAuthenticationError",
        ),
        Failure.CREDENTIALS,
    ),
    **dict.fromkeys(
        ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "LoginRefreshRequired"), Failure.EXPIRED
    ),
    **dict.fromkeys(
        (
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ConnectionClosedError",
            "ProxyConnectionError",
            "HTTPClientError",
            "ResponseStreamingError",
            "IncompleteReadError",
            "ServiceRequestError",
            "ServiceResponseError",
            "ServiceRequestTimeoutError",
            "ServiceResponseTimeoutError",
            "ClientConnectionError",
            "ClientPayloadError",
        ),
        Failure.UNREACHABLE,
    ),
}
_BY_STATUS = {
    401: Failure.CREDENTIALS,
    403: Failure.FORBIDDEN,
    408: Failure.UNREACHABLE,
    412: Failure.CONFLICT,
    429: Failure.UNREACHABLE,
}
_CLOUDS = {
    "botocore": "Amazon",
    "aiobotocore": "Amazon",
    "boto3": "Amazon",
    "azure": "Azure",
    "msal": "Azure",
    "gcsfs": "Google",
    # The other filesystems explain their connection's errors themselves.
    "aiohttp": "Google",
}
_LOWEST_SERVER_ERROR = 500


def cloud_failure(error: BaseException) -> CloudFailure | None:
    """What a cloud's error means, or None where the error is another program's or of no kind above."""
    return next(filter(None, map(_classified, _causes(error))), None)


def as_cloud_error(error: BaseException) -> CloudError | None:
    """The user error for an error of a cloud's client, or None for any other error."""
    failure = cloud_failure(error)
    return CloudError(failure) if failure else None


def _classified(error: BaseException) -> CloudFailure | None:
    cloud = next(
        (
            _CLOUDS[room]
            for each in type(error).__mro__
            if (room := each.__module__.partition(".")[0]) in _CLOUDS
        ),
        None,
    )
    if cloud is None:
        return None
    code, status = _code(error), _status(error)
    kind = _BY_CODE.get(code) or _by_class(error) or _BY_STATUS.get(status)
    if kind is None and status >= _LOWEST_SERVER_ERROR:
        kind = Failure.UNREACHABLE
    # On Azure a token that is too old has no code of its own.
    if kind is Failure.CREDENTIALS and "expired" in str(error).lower():
        kind = Failure.EXPIRED
    return CloudFailure(cloud, kind, code or type(error).__name__) if kind else None


def _code(error: BaseException) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    code = getattr(error, "error_code", None) or getattr(getattr(error, "error", None), "code", None)
    return str(getattr(code, "value", code) or "")


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    status = str(getattr(error, "status_code", None) or getattr(error, "code", None) or "")
    return int(status) if status.isdecimal() else 0


def _by_class(error: BaseException) -> Failure | None:
    names = [each.__name__ for each in type(error).__mro__]
    return next((_BY_CLASS[name] for name in names if name in _BY_CLASS), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised from or during."""
    visited: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in visited:
        visited.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
