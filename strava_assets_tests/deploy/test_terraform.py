"""The Terraform files: well formed, free of known bad practice, and granting exactly what is meant."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from strava_assets.schedules import EVERY_SIX_HOURS
from strava_assets.settings import Settings
from strava_assets_tests.deploy.provider import fake_provider
from strava_assets_tests.deploy.provider_schema import schema_file
from strava_assets_tests.deploy.terraform_files import (
    AWS,
    AZURE,
    FOLDERS,
    GCP,
    TOOLS,
    Folder,
    options,
    permissions_of,
    terraform,
)

if TYPE_CHECKING:
    from pathlib import Path

CHECKOV = TOOLS / "checkov" / "bin" / "checkov"
COMMON_VARIABLES = {
    *("project", "region", "dataset", "secret", "bucket"),
    *("image", "timezone", "alert_email", "readers", "federation"),
}
BORDER = re.compile(r"[│╷╵]")


def roles_of_the_sync() -> set[tuple[str, str]]:
    """What the account that syncs is granted on Google Cloud, as kind of resource and role."""
    return {
        (kind, role)
        for kind, _, body in GCP.resources
        for role in re.findall(r'role\s+= "(\S+)"', body)
        if "google_service_account.sync.member" in body
    }


def azure_roles_of(principal: str) -> set[str]:
    """What an identity is granted on Azure: built-in roles by name, our own by its resource."""
    return {
        role
        for kind, _, body in AZURE.resources
        if kind == "azurerm_role_assignment" and f"{principal}\n" in body
        for role in re.findall(
            r'role_definition_(?:name = "([^"]+)"|id\s+= azurerm_role_definition\.(\w+)\.)', body
        )
        for role in filter(None, role)
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_the_files_are_formatted(folder: Folder) -> None:
    checked = terraform("fmt", "-check", "-diff", folder=folder.path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


FAULTS = [
    (GCP, "", "", ""),
    (GCP, "uniform_bucket_level_access", "uniform_bucket_access", "Unsupported argument"),
    (
        GCP,
        "  location                    = upper(var.location)\n",
        "",
        "Missing required argument",
    ),
    (GCP, "keep_count = 3", 'keep_count = "three"', "a number is required"),
    (GCP, "google_storage_bucket.files.name", "google_storage_bucket.files.names", "Unsupported attribute"),
    (GCP, "google_storage_bucket.files.name", "google_storage_bucket.file.name", "undeclared resource"),
    (GCP, "most_recent_versions {", "newest_versions {", "Unsupported block type"),
    (AWS, "", "", ""),
    (AWS, "block_public_acls ", "block_acls ", "Unsupported argument"),
    (AWS, "aws_iam_role.sync.arn", "aws_iam_role.sync.arns", "Unsupported attribute"),
    (AWS, "network_configuration {", "network {", "Unsupported block type"),
    (AWS, "aws_sns_topic_subscription", "aws_sns_subscription", "Invalid resource type"),
    (AZURE, "", "", ""),
    (AZURE, "is_hns_enabled ", "hns_enabled ", "Unsupported argument"),
    (AZURE, "azurerm_key_vault.tokens.id", "azurerm_key_vault.token.id", "undeclared resource"),
    (AZURE, "schedule_trigger_config {", "schedule {", "Unsupported block type"),
    (AZURE, ".me.object_id", ".me.object", "Unsupported attribute"),
]


@pytest.mark.parametrize(
    ("folder", "written", "instead", "complaint"),
    [pytest.param(*fault, marks=pytest.mark.deep if fault[1] else ()) for fault in FAULTS],
)
def test_every_argument_is_one_that_the_provider_has(
    tmp_path: Path, folder: Folder, written: str, instead: str, complaint: str
) -> None:
    if not schema_file(folder.provider).is_file():
        pytest.skip("the provider's schema is not there: make tools-terraform")
    assert not written or written in folder.text
    for file in folder.path.glob("*.tf"):
        (tmp_path / file.name).write_text(file.read_text().replace(written, instead))
    with fake_provider(folder.provider, folder.text) as environment:
        begun = terraform("init", "-backend=false", folder=tmp_path, given=environment)
        assert begun.returncode == 0, begun.stderr
        judged = terraform("validate", "-no-color", folder=tmp_path, given=environment)
    output = " ".join(BORDER.sub("", judged.stdout + judged.stderr).split())
    assert (judged.returncode == 0) is (complaint == ""), output
    assert complaint in output


@pytest.fixture(scope="module")
def variables_alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The variables without what uses them, so that they are judged without a provider."""
    folders = {}
    for folder in FOLDERS:
        folders[folder.cloud] = tmp_path_factory.mktemp(folder.cloud)
        shutil.copy(folder.path / "variables.tf", folders[folder.cloud])
        begun = terraform("init", "-backend=false", folder=folders[folder.cloud])
        assert begun.returncode == 0, begun.stderr
    return folders


ISSUER = "https://token.example"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("folder", "given", "complaint"),
    [
        *((folder, {}, "") for folder in FOLDERS),
        *((folder, {"image": "registry.example/strava-assets:1.0"}, "") for folder in FOLDERS),
        *((folder, {"image": "sync"}, "Name a tag or a digest") for folder in FOLDERS),
        *((folder, {"timezone": "America/Argentina/Buenos_Aires"}, "") for folder in FOLDERS),
        *((folder, {"timezone": "Berlin time"}, "IANA database") for folder in FOLDERS),
        *((folder, {"alert_email": "me@example.com"}, "") for folder in FOLDERS),
        *((folder, {"alert_email": "nobody"}, "mail address") for folder in FOLDERS),
        *((folder, {"bucket": "My_Bucket"}, "lower-case letters") for folder in FOLDERS),
        *(
            (folder, {"federation": f'{{issuer = "{ISSUER}", subject = "repo:me/rides"}}'}, "")
            for folder in FOLDERS
        ),
        *(
            (folder, {"federation": '{issuer = "http://token.example", subject = "a"}'}, "https:// address")
            for folder in FOLDERS
        ),
        *(
            (folder, {"federation": f'{{issuer = "{ISSUER}", subject = "repo:*"}}'}, "one exact name")
            for folder in FOLDERS
        ),
        (GCP, {"location": "europe-west3"}, ""),
        (GCP, {"alert_email": "me@example.com", "billing_account": "012345-6789AB-CDEF01"}, ""),
        (GCP, {"readers": '["user:me@example.com", "group:club@example.com"]'}, ""),
        (GCP, {"billing_account": "my account"}, "012345-6789AB-CDEF01"),
        (GCP, {"monthly_budget": "2.5"}, "A whole number"),
        (GCP, {"readers": '["allUsers"]'}, "nobody's data"),
        (GCP, {"project": "My Rides"}, "A project's id, not its name"),
        (GCP, {"region": "europe-west1-b"}, "not a zone"),
        (GCP, {"location": "Europe"}, "EU, US, or a region"),
        (GCP, {"dataset": "my-rides"}, "underscores only"),
        (GCP, {"kubernetes_service_account": "default"}, "namespace/name"),
        (AWS, {"readers": '["arn:aws:quicksight:eu-central-1:123456789012:group/default/marts"]'}, ""),
        (AWS, {"readers": '["everybody"]'}, "ARN of a QuickSight group"),
        (AWS, {"project": "1234-5678-9012"}, "12 digits"),
        (AWS, {"region": "eu-central-1a"}, "not an availability zone"),
        (AWS, {"dataset": "My-Rides"}, "underscores only"),
        (AZURE, {"readers": '["0a1b2c3d-0a1b-2c3d-4e5f-0123456789ab"]'}, ""),
        (AZURE, {"readers": '["everybody"]'}, "group's object id"),
        (AZURE, {"project": "my subscription"}, "A subscription's id"),
        (AZURE, {"region": "West Europe"}, "A region's short name"),
        (AZURE, {"dataset": "strava"}, "not strava"),
        (AZURE, {"bucket": "1strava"}, "a letter first"),
    ],
)
def test_a_variable_is_checked_before_anything_is_made(
    variables_alone: dict[str, Path], folder: Folder, given: dict[str, str], complaint: str
) -> None:
    arguments = options({**folder.good, **given})
    planned = terraform("plan", "-input=false", "-no-color", *arguments, folder=variables_alone[folder.cloud])
    output = " ".join(BORDER.sub("", planned.stderr).split())
    assert (planned.returncode == 0) is (complaint == ""), output
    assert complaint in output


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_reference_leads_to_something_that_is_there(folder: Folder) -> None:
    resources = {f"{kind}.{name}" for kind, name, _ in folder.resources}
    assert len(resources) > 15
    named = re.findall(rf"(?<![.\w\"])({folder.provider}_\w+\.\w+)\b", folder.text)
    assert set(named) <= resources


def test_the_three_folders_have_the_same_variables_and_outputs() -> None:
    for folder in FOLDERS:
        assert set(re.findall(r'^variable "(\w+)"', folder.text, re.MULTILINE)) >= COMMON_VARIABLES, folder
        outputs = set(re.findall(r'^output "(\w+)"', folder.text, re.MULTILINE))
        assert outputs - {"build_account"} == {"image", "bucket", "service_account", "dotenv"}, folder


def test_the_sync_is_granted_exactly_these_roles_and_nothing_on_the_whole_project_but_starting_jobs() -> None:
    assert roles_of_the_sync() == {
        ("google_project_iam_member", "roles/bigquery.jobUser"),
        ("google_bigquery_dataset_iam_member", "roles/bigquery.dataEditor"),
        ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretAccessor"),
        ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretVersionManager"),
        ("google_storage_bucket_iam_member", "roles/storage.objectUser"),
        ("google_storage_bucket_iam_member", "roles/storage.legacyBucketReader"),
        ("google_artifact_registry_repository_iam_member", "roles/artifactregistry.reader"),
    }


def test_the_sync_is_granted_exactly_these_roles_on_azure() -> None:
    of_sync = "azurerm_user_assigned_identity.sync.principal_id"
    assert azure_roles_of(of_sync) == {"tokens", "Storage Blob Data Contributor", "AcrPull"}
    assert azure_roles_of("each.value") == {"Storage Blob Data Reader"}


def test_no_permission_on_amazon_is_for_everything(tmp_path: Path) -> None:
    for statement in permissions_of(AWS, tmp_path)["Statement"]:
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            assert resource.startswith("arn:aws:")
            assert not resource.endswith(":*")
        assert not [action for action in statement["Action"] if "*" in action]
    roles = [body for kind, _, body in AWS.resources if kind == "aws_iam_role_policy"]
    wildcards = [line for body in roles for line in body.splitlines() if 'Resource = "*"' in line]
    assert [re.findall(r'Action = "(\S+)"', line) for line in wildcards] == [["ecr:GetAuthorizationToken"]]


def test_readers_on_amazon_may_read_tables_and_nothing_else() -> None:
    granted = {
        name: set(re.findall(r'"([A-Z_]+)"', body.partition("permissions")[2].partition("]")[0]))
        for kind, name, body in AWS.resources
        if kind == "aws_lakeformation_permissions" and "each.value\n" in body.partition("permissions")[0]
    }
    assert granted == {
        "readers_see_database": {"DESCRIBE"},
        "readers_read_tables": {"DESCRIBE", "SELECT"},
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_grant_says_above_it_what_it_is_for(folder: Folder) -> None:
    assert len(folder.grants()) > 4
    for kind, name in folder.grants():
        assert re.search(rf'^#.*\nresource "{kind}" "{name}"', folder.text, re.MULTILINE), name


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_no_key_and_no_secret_value_is_made(folder: Folder) -> None:
    kinds = {kind for kind, _, _ in folder.resources}
    assert not kinds & {
        *("google_service_account_key", "google_secret_manager_secret_version"),
        *("aws_iam_access_key", "aws_iam_user", "aws_secretsmanager_secret_version"),
        *("azurerm_key_vault_secret", "azuread_application_password", "azurerm_storage_account_sas"),
    }


def test_the_clocks_are_that_of_the_code() -> None:
    assert EVERY_SIX_HOURS == "0 */6 * * *"
    assert f'schedule    = "{EVERY_SIX_HOURS}"' in GCP.text
    assert f'cron_expression          = "{EVERY_SIX_HOURS}"' in AZURE.text
    # Amazon has a sixth field, the year, and one of the two kinds of days must be left open.
    assert '= "cron(0 */6 * * ? *)"' in AWS.text


@pytest.mark.parametrize(
    ("folder", "field"),
    [(GCP, "gcp_secret"), (AWS, "aws_secret"), (AZURE, "azure_secret")],
    ids=str,
)
def test_the_secret_is_that_of_the_code(folder: Folder, field: str) -> None:
    [secret] = re.findall(r'variable "secret" \{.*?default\s+= "(\S+)"', folder.text, re.DOTALL)
    assert secret == getattr(Settings(), field)


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        (GCP, {"google_bigquery_dataset", "google_storage_bucket", "google_secret_manager_secret"}),
        (AWS, {"aws_s3_bucket", "aws_secretsmanager_secret"}),
        (AZURE, {"azurerm_storage_account", "azurerm_storage_container", "azurerm_key_vault"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Folder) else "",
)
def test_what_holds_data_cannot_be_destroyed_by_a_change(folder: Folder, kinds: set[str]) -> None:
    assert {kind for kind, _, body in folder.resources if "prevent_destroy = true" in body} == kinds


def test_nothing_that_is_deleted_stays_longer_than_a_week() -> None:
    windows = {
        "days_since_noncurrent_time": 7,
        "retention_duration_seconds": 0,
        "noncurrent_days": 7,
        "recovery_window_in_days": 7,
        "soft_delete_retention_days": 7,
        "max_time_travel_hours": 48,
    }
    texts = "\n".join(folder.text for folder in FOLDERS)
    for name, most in windows.items():
        values = [int(value) for value in re.findall(rf"{name}\s*= (\d+)", texts)]
        assert values, name
        assert max(values) <= most, name
    retention = re.findall(r"delete_retention_policy \{\s+days = (\d+)", AZURE.text)
    assert retention == ["7", "7"]


def test_alarms_wait_for_the_line_that_a_successful_sync_ends_with() -> None:
    from dagster import DagsterEventType

    from strava_assets.cli.running import _outcome

    class Ended:
        event_type = DagsterEventType.RUN_SUCCESS

    line = _outcome("sync", [Ended()], 1)  # type: ignore[list-item]  # all that is read of it
    [awaited] = re.findall(r'pattern        = "\\"(.+)\\""', AWS.text)
    assert awaited in line
    [awaited] = re.findall(r'Log_s has "(sync[^"]+)"', AZURE.text)
    assert awaited in line


@pytest.mark.deep
@pytest.mark.skipif(not CHECKOV.is_file(), reason="the policy scanner is not installed: make tools-checkov")
@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_policy_scanner_finds_nothing(folder: Folder) -> None:
    scanned = subprocess.run(  # noqa: S603 - ours
        [str(CHECKOV), "-d", str(folder.path), "--skip-download", "--framework", "terraform", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    results = json.loads(scanned.stdout)["results"]
    assert not results["failed_checks"]
    assert len(results["passed_checks"]) >= 10
