"""`doctor` on Amazon's cloud: what is missing is named. moto enforces the policy that Terraform grants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("boto3", reason="the extra `aws` is not installed")

from strava_assets.cli.checkups import aws
from strava_assets.cli.checkups.finding import Finding, State
from strava_assets.landing import Landing, LandingError
from strava_assets.report.page_files import write_page
from strava_assets.secrets.aws import AmazonStore
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.settings import Settings
from strava_assets_tests.clouds.amazon import BUCKET, REGION, SECRET, Amazon, running_amazon
from strava_assets_tests.deploy.terraform_files import AWS, permissions_of
from strava_assets_tests.landing.test_landing import commit

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deep
TOKENS = json.dumps({"refresh_token": "canary-token"})
CATALOG = Settings().publish_catalog
ALL = {**aws.ON_SECRET, **aws.ON_BUCKET, **aws.ON_CATALOG}


@pytest.fixture(scope="module")
def running() -> Iterator[Amazon]:
    with running_amazon() as amazon:
        yield amazon


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What deploy/aws grants the sync."""
    return permissions_of(AWS, tmp_path_factory.mktemp("terraform"))


@pytest.fixture
def amazon(running: Amazon) -> Amazon:
    running.reset()
    running.client("secretsmanager").create_secret(Name=SECRET, SecretString=TOKENS)
    running.client("glue").create_database(DatabaseInput={"Name": CATALOG})
    return running


def settings(**fields: Any) -> Settings:
    names = ("landing_url", "streams_url", "report_url", "publish_url")
    places = {name: f"s3://{BUCKET}/{name}" for name in names}
    cloud = {"env": "aws", "aws_region": REGION, "publish": "iceberg"}
    return Settings.model_validate(cloud | places | fields)


def without(policy: dict[str, Any], permission: str) -> dict[str, Any]:
    """A policy that leaves one permission out; it names the bucket of the test.

    moto tells resources apart in S3 alone.
    """
    text = json.dumps(policy).replace("strava-assets-123456789012", BUCKET)
    document: dict[str, Any] = json.loads(text)
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != permission]
        if statement["Sid"] not in {"Bucket", "Objects"}:
            statement["Resource"] = "*"
    document["Statement"] = [each for each in document["Statement"] if each["Action"]]
    return document


def act_as(amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    for name, value in amazon.account_with(policy).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()


def looked(**fields: Any) -> dict[str, Finding]:
    return {finding.about: finding for finding in aws.look(settings(**fields))}


def test_the_policy_of_terraform_is_enough_and_nothing_is_left_behind(
    amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    act_as(amazon, without(policy, ""), monkeypatch)
    findings = looked()
    assert list(findings) == ["aws tokens", "aws files", "aws tables"]
    assert {finding.state for finding in findings.values()} == {State.OK}, findings
    landing = Landing(f"s3://{BUCKET}/landing")
    manifest = commit(landing)
    assert landing.manifests() == [manifest]
    landing.erase()
    write_page("page", f"s3://{BUCKET}/report")
    store = AmazonStore(REGION, SECRET)
    assert store.read() == {"refresh_token": "canary-token"}
    store.replace({"refresh_token": "second"})
    store.replace({"refresh_token": "third"})
    amazon.check_nobody()
    objects = amazon.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in objects] == ["report/index.html"]
    assert amazon.client("glue").get_tables(DatabaseName=CATALOG)["TableList"] == []
    versions = amazon.client("secretsmanager").list_secret_version_ids(
        SecretId=SECRET, IncludeDeprecated=True
    )["Versions"]
    labels = [label for version in versions for label in version.get("VersionStages", ())]
    assert labels == ["AWSCURRENT"]


def test_looking_makes_no_new_version_of_the_tokens(
    amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = amazon.client("secretsmanager")
    before = client.get_secret_value(SecretId=SECRET)["VersionId"]
    act_as(amazon, without(policy, ""), monkeypatch)
    looked()
    amazon.check_nobody()
    versions = client.list_secret_version_ids(SecretId=SECRET)["Versions"]
    assert [version["VersionId"] for version in versions] == [before]


@pytest.mark.parametrize("permission", ALL)
def test_a_missing_permission_is_named(
    amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch, permission: str
) -> None:
    act_as(amazon, without(policy, permission), monkeypatch)
    broken = {about: finding for about, finding in looked().items() if finding.state is State.BROKEN}
    [finding] = broken.values()
    named = finding.message.removeprefix("The account lacks ").partition(" on ")[0]
    assert named == permission
    assert finding.remedy.startswith("Grant it the policy of deploy/aws")
    assert "canary" not in finding.message + finding.remedy


def test_what_is_tried_is_what_terraform_grants(policy: dict[str, Any]) -> None:
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert granted == set(ALL)


def test_a_bucket_of_another_region_is_told(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in amazon.environment.items():
        monkeypatch.setenv(name, value)
    amazon.client("s3", "us-west-2").create_bucket(
        Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    places = dict.fromkeys(("landing_url", "streams_url", "report_url", "publish_url"), "s3://far-away/x")
    finding = looked(**places)["aws files"]
    assert finding.state is State.WARNING
    assert "is in us-west-2" in finding.message
    assert "STRAVA_ASSETS_AWS_REGION" in finding.remedy


def test_what_does_not_exist_is_told(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in amazon.environment.items():
        monkeypatch.setenv(name, value)
    amazon.client("glue").delete_database(Name=CATALOG)
    findings = looked(aws_secret="nobodys", landing_url="s3://nobodys-bucket/landing")
    assert findings["aws tokens"].state is State.WARNING
    assert "strava-assets login" in findings["aws tokens"].remedy
    assert findings["aws tables"].message == f"There is no Glue database {CATALOG}."
    files = list(aws.look(settings(landing_url="s3://nobodys-bucket/landing")))
    assert [each.message for each in files if "nobodys" in each.message] == [
        "There is no bucket nobodys-bucket."
    ]


def test_a_key_that_amazon_does_not_know_is_told(
    amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    act_as(amazon, without(policy, ""), monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    finding = looked()["aws files"]
    assert finding.state is State.BROKEN
    assert "no credentials that it accepts" in finding.message
    assert "aws sso login" in finding.remedy
    with pytest.raises(LandingError, match="no credentials that it accepts") as refused:
        Landing(f"s3://{BUCKET}/landing").manifests()
    assert "aws sso login" in refused.value.remedy


def test_no_credentials_and_no_network_are_told(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in amazon.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert {finding.state for finding in looked().values()} == {State.BROKEN}
    with pytest.raises(SecretStoreError, match="no credentials") as refused:
        AmazonStore(REGION, SECRET).read()
    assert "aws sso login" in refused.value.remedy
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    findings = looked()
    assert {finding.state for finding in findings.values()} == {State.WARNING}
    assert all("did not answer" in finding.message for finding in findings.values())


@pytest.mark.parametrize("permission", ["s3:PutObject", "s3:ListBucket"])
def test_a_sync_without_a_permission_is_told_and_what_was_landed_stays(
    amazon: Amazon, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch, permission: str
) -> None:
    address = f"s3://{BUCKET}/landing"
    act_as(amazon, without(policy, ""), monkeypatch)
    manifest = commit(Landing(address))
    give(amazon, without(policy, permission))
    attempt = commit if permission == "s3:PutObject" else Landing.manifests
    with pytest.raises(LandingError, match="lacks the permission") as refused:
        attempt(Landing(address))
    assert "strava-assets doctor" in refused.value.remedy
    give(amazon, without(policy, ""))
    assert Landing(address).manifests() == [manifest]


def give(amazon: Amazon, policy: dict[str, Any]) -> None:
    """Give the account another policy."""
    amazon.check_nobody()
    iam = amazon.client("iam")
    iam.put_user_policy(UserName="sync", PolicyName="sync", PolicyDocument=json.dumps(policy))
    amazon.check_everybody()
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    s3fs.S3FileSystem.clear_instance_cache()


def test_nothing_is_asked_where_nothing_is_on_amazon() -> None:
    assert list(aws.look(Settings())) == []
