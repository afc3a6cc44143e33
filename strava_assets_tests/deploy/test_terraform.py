"""The Terraform files: well formed, free of known bad practice, and granting exactly what is meant."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from strava_assets.schedules import EVERY_SIX_HOURS
from strava_assets.settings import Settings
from strava_assets_tests.deploy.provider import google_provider
from strava_assets_tests.deploy.provider_schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

GCP = Path(__file__).parents[2] / "deploy" / "gcp"
TOOLS = Path(__file__).parents[2] / ".tools"
CHECKOV = TOOLS / "checkov" / "bin" / "checkov"
RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{$(.*?)^\}$', re.DOTALL | re.MULTILINE)
COMMENTED_GRANT = re.compile(r'(?:^#.*\n)+resource "google_\w+_iam_member"', re.MULTILINE)


def text() -> str:
    return "\n".join(file.read_text() for file in sorted(GCP.glob("*.tf")))


def roles_of_the_sync() -> set[tuple[str, str]]:
    """What the account that syncs is granted, as kind of resource and role."""
    return {
        (kind, role)
        for kind, _, body in RESOURCE.findall(text())
        for role in re.findall(r'role\s+= "(\S+)"', body)
        if "google_service_account.sync.member" in body
    }


def terraform(
    *arguments: str, folder: Path, given: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Terraform or OpenTofu, asking nobody but a provider that its environment names."""
    program = shutil.which("terraform") or shutil.which("tofu") or shutil.which(TOOLS / "tofu" / "tofu")
    if not program:
        pytest.skip("neither terraform nor tofu is installed: make tools-terraform")
    # A configuration of the user's own, even a missing one, is not the project's.
    environment = {"PATH": "/usr/bin:/bin", "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}
    environment |= given
    return subprocess.run(  # noqa: S603 - ours
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


def test_the_files_are_formatted() -> None:
    checked = terraform("fmt", "-check", "-diff", folder=GCP)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the provider's schema is not there: make tools-terraform")
@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("", "", ""),
        ("uniform_bucket_level_access", "uniform_bucket_access", "Unsupported argument"),
        ("  location                    = upper(var.location)\n", "", "Missing required argument"),
        ("keep_count = 3", 'keep_count = "three"', "a number is required"),
        ("google_storage_bucket.files.name", "google_storage_bucket.files.names", "Unsupported attribute"),
        ("google_storage_bucket.files.name", "google_storage_bucket.file.name", "undeclared resource"),
        ("most_recent_versions {", "newest_versions {", "Unsupported block type"),
    ],
)
def test_every_argument_is_one_that_googles_provider_has(
    tmp_path: Path, written: str, instead: str, complaint: str
) -> None:
    assert not written or written in text()
    for file in GCP.glob("*.tf"):
        (tmp_path / file.name).write_text(file.read_text().replace(written, instead))
    with google_provider() as environment:
        begun = terraform("init", "-backend=false", folder=tmp_path, given=environment)
        assert begun.returncode == 0, begun.stderr
        judged = terraform("validate", "-no-color", folder=tmp_path, given=environment)
    output = " ".join(re.sub(r"[│╷╵]", "", judged.stdout + judged.stderr).split())
    assert (judged.returncode == 0) is (complaint == ""), output
    assert complaint in output


@pytest.fixture(scope="module")
def variables_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The variables without what uses them, so that they are judged without Google's provider."""
    folder = tmp_path_factory.mktemp("variables")
    shutil.copy(GCP / "variables.tf", folder)
    begun = terraform("init", "-backend=false", folder=folder)
    assert begun.returncode == 0, begun.stderr
    return folder


GOOD = {"project": "my-rides-123"}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, ""),
        ({"image": "europe-west1-docker.pkg.dev/my-rides-123/strava-assets/sync:1.0"}, ""),
        ({"location": "europe-west3", "timezone": "America/Argentina/Buenos_Aires"}, ""),
        (
            {"federation": '{issuer = "https://token.example", subject = "repo:me/rides"}'},
            "",
        ),
        ({"project": "My Rides"}, "A project's id, not its name"),
        ({"region": "europe-west1-b"}, "not a zone"),
        ({"location": "Europe"}, "EU, US, or a region"),
        ({"dataset": "my-rides"}, "underscores only"),
        ({"bucket": "My_Bucket"}, "lower-case letters"),
        ({"image": "sync"}, "Name a tag or a digest"),
        ({"timezone": "Berlin time"}, "IANA database"),
        ({"kubernetes_service_account": "default"}, "namespace/name"),
        ({"federation": '{issuer = "http://token.example", subject = "a"}'}, "https:// address"),
        ({"federation": '{issuer = "https://token.example", subject = "a\' || true"}'}, "one exact name"),
    ],
)
def test_a_variable_is_checked_before_anything_is_made(
    variables_alone: Path, given: dict[str, str], complaint: str
) -> None:
    options = [f"-var={name}={value}" for name, value in (GOOD | given).items()]
    planned = terraform("plan", "-input=false", "-no-color", *options, folder=variables_alone)
    output = " ".join(re.sub(r"[│╷╵]", "", planned.stderr).split())
    assert (planned.returncode == 0) is (complaint == ""), output
    assert complaint in output


def test_every_reference_leads_to_something_that_is_there() -> None:
    resources = {f"{kind}.{name}" for kind, name, _ in RESOURCE.findall(text())}
    assert len(resources) > 15
    assert set(re.findall(r"\b(google_\w+\.\w+)\b", text())) <= resources


def test_the_sync_is_granted_exactly_these_roles_and_nothing_on_the_whole_project_but_starting_jobs() -> None:
    assert roles_of_the_sync() == {
        ("google_project_iam_member", "roles/bigquery.jobUser"),
        ("google_bigquery_dataset_iam_member", "roles/bigquery.dataEditor"),
        ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretAccessor"),
        ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretVersionManager"),
        ("google_storage_bucket_iam_member", "roles/storage.objectUser"),
        ("google_storage_bucket_iam_member", "roles/storage.legacyBucketReader"),
    }


def test_every_grant_says_above_it_what_it_is_for() -> None:
    grants = [kind for kind, _, _ in RESOURCE.findall(text()) if kind.endswith("_iam_member")]
    assert len(COMMENTED_GRANT.findall(text())) == len(grants)


def test_no_key_and_no_secret_value_is_made() -> None:
    kinds = {kind for kind, _, _ in RESOURCE.findall(text())}
    assert not kinds & {"google_service_account_key", "google_secret_manager_secret_version"}


def test_the_clock_and_the_secret_are_those_of_the_code() -> None:
    assert f'schedule    = "{EVERY_SIX_HOURS}"' in text()
    [secret] = re.findall(r'variable "secret" \{.*?default\s+= "(\S+)"', text(), re.DOTALL)
    assert secret == Settings().gcp_secret


def test_what_holds_data_cannot_be_destroyed_by_a_change() -> None:
    protected = {kind for kind, _, body in RESOURCE.findall(text()) if "prevent_destroy = true" in body}
    assert protected == {"google_bigquery_dataset", "google_storage_bucket", "google_secret_manager_secret"}


@pytest.mark.deep
@pytest.mark.skipif(not CHECKOV.is_file(), reason="the policy scanner is not installed: make tools-checkov")
def test_a_policy_scanner_finds_nothing() -> None:
    scanned = subprocess.run(  # noqa: S603 - ours
        [str(CHECKOV), "-d", str(GCP), "--skip-download", "--framework", "terraform", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    results = json.loads(scanned.stdout)["results"]
    assert not results["failed_checks"]
    assert len(results["passed_checks"]) >= 10
