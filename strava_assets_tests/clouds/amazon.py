"""Amazon's services on a loopback port: a moto server in a process of its own.

`account_with` makes it check keys and IAM policies, as Amazon does. moto checks no Lake Formation grant and
no policy of a resource.
"""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.clouds.started import started
from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parents[2] / ".tools" / "clouds" / "python" / "bin" / "moto_server"
REGION = "eu-central-1"
BUCKET = "a-bucket"
SECRET = "strava-assets"
_UNCHECKED = 1_000_000_000
"""So many requests that IAM is never asked."""


@dataclass(frozen=True)
class Amazon:
    """A server that answers.

    Attributes:
        address: Where.
    """

    address: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to talk to it instead of Amazon."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "moto",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def client(self, service: str, region: str = REGION) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.address,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="moto",
        )

    def reset(self) -> None:
        """An empty account with one bucket, in which everybody may do everything."""
        self._post("/moto-api/reset", "")
        self.check_nobody()
        location = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)

    def account_with(self, policy: dict[str, Any]) -> dict[str, str]:
        """The environment of an account with one policy, which is enforced from now on."""
        iam = self.client("iam")
        iam.create_user(UserName="sync")
        iam.put_user_policy(UserName="sync", PolicyName="sync", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="sync")["AccessKey"]
        self.check_everybody()
        return self.environment | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def check_everybody(self) -> None:
        """Enforce policies from now on."""
        self._post("/moto-api/reset-auth", "0")

    def check_nobody(self) -> None:
        """Enforce nothing from now on."""
        self._post("/moto-api/reset-auth", str(_UNCHECKED))

    def _post(self, path: str, body: str) -> None:
        plain = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.address + path, body.encode(), plain)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - loopback
            pass


@contextmanager
def running_amazon() -> Iterator[Amazon]:
    """A server with an empty account, until the block ends."""
    if not SERVER.is_file():
        pytest.skip("moto is not installed: make tools-clouds")
    port = free_port()
    with started(port, str(SERVER), "-H", "127.0.0.1", "-p", str(port)):
        amazon = Amazon(f"http://127.0.0.1:{port}")
        amazon.reset()
        yield amazon
