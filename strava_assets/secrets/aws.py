"""Secrets in AWS Secrets Manager: one secret with one JSON document, a new version whenever it changes.

Amazon's client is imported where it is used. The credentials of the environment are added in `seeded.py`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from strava_assets.cloud_failures import Failure, cloud_failure
from strava_assets.secrets.cloud_store import CloudStore
from strava_assets.secrets.document import document_text, parse_document
from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
TIMEOUT_S = 20


class AmazonStore(CloudStore):
    """Credentials and tokens of one athlete as the current version of one secret.

    A version without a label is Amazon's to remove, and a token document is worth nothing once it is
    replaced. So the version before the new one loses its label.

    `connect` makes the client for a region; by default with the credentials that boto3 finds.
    """

    def __init__(self, region: str, secret: str, connect: Callable[[str], Any] | None = None) -> None:
        super().__init__(region, secret, connect or secrets_manager)
        self.name = f"Amazon's secret {secret} in {region}"
        self.location = f"AWS Secrets Manager, region {region}, secret {secret}"

    def read(self) -> dict[str, str]:
        """All values; empty where the secret or its first version does not exist yet.

        Raises:
            SecretStoreError: it cannot be read, or holds something else.
        """
        with self._explained("read", "secretsmanager:GetSecretValue"):
            version = self._version(CURRENT)
        if version is None:
            return {}
        text = version.get("SecretString") or version.get("SecretBinary", b"").decode("utf-8", "replace")
        return parse_document(text, self.name)

    def replace(self, values: Mapping[str, str]) -> None:
        """Put `values` in the place of everything the secret holds; kept by Amazon when this returns.

        Raises:
            SecretStoreError: no version can be added.
        """
        text = document_text(values)
        with self._explained("written", "secretsmanager:PutSecretValue"):
            try:
                self._client.put_secret_value(SecretId=self._secret, SecretString=text)
            except self._client.exceptions.ResourceNotFoundException:
                self._create(text)
        self._retire_previous()

    def clear(self) -> None:
        """Delete the secret with all its versions, at once and without the usual time to recover it."""
        with (
            self._explained("deleted", "secretsmanager:DeleteSecret"),
            contextlib.suppress(self._client.exceptions.ResourceNotFoundException),
        ):
            self._client.delete_secret(SecretId=self._secret, ForceDeleteWithoutRecovery=True)

    def _version(self, label: str) -> dict[str, Any] | None:
        try:
            version: dict[str, Any] = self._client.get_secret_value(SecretId=self._secret, VersionStage=label)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return version

    def _create(self, text: str) -> None:
        try:
            self._client.create_secret(Name=self._secret, SecretString=text)
        except self._client.exceptions.ResourceExistsException:
            # Another process was faster.
            self._client.put_secret_value(SecretId=self._secret, SecretString=text)

    def _retire_previous(self) -> None:
        """Take the label off the version before the newest, which is safe already."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if previous := self._version(PREVIOUS):
                self._client.update_secret_version_stage(
                    SecretId=self._secret,
                    VersionStage=PREVIOUS,
                    RemoveFromVersionId=previous["VersionId"],
                )
        except (BotoCoreError, ClientError) as error:
            self._warn_not_retired(error)

    @contextlib.contextmanager
    def _explained(self, done: str, permission: str) -> Iterator[None]:
        """Turn Amazon's errors into ours; their texts are not repeated."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise _not_installed() from error
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self._explanation(error, done, permission) from error

    def _explanation(self, error: Exception, done: str, permission: str) -> SecretStoreError:
        failure = cloud_failure(error)
        is_forbidden = failure is not None and failure.kind is Failure.FORBIDDEN
        if not is_forbidden and "marked for deletion" in str(error):
            return SecretStoreError(
                f"{self.name} could not be {done}: it is marked for deletion.",
                means="It keeps its name until Amazon has removed it.",
                remedy="Wait a minute and try again, or run `aws secretsmanager restore-secret --secret-id "
                f"{self._secret}`.",
            )
        return self._refused(
            error,
            done,
            grant=f"Grant the account {permission} on it, as deploy/aws does; creating a secret needs "
            "secretsmanager:CreateSecret.",
            otherwise="Check STRAVA_ASSETS_AWS_REGION and the secret's name.",
        )


def secrets_manager(region: str) -> Any:
    """The client of Secrets Manager in a region."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise _not_installed() from error
    bounds = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    # A session of its own, because the common one keeps credentials for as long as the process lives.
    return boto3.Session().client("secretsmanager", region_name=region, config=bounds)


def _not_installed() -> SecretStoreError:
    return SecretStoreError(
        "Amazon's client is not installed.", remedy="Run `pip install 'strava_assets[aws]'`."
    )
