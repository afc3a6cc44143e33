"""The documents of the clouds agree with the Terraform files, the doctor and the marts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from strava_assets.cli.checkups import aws
from strava_assets.marts import catalog
from strava_assets_tests.deploy.terraform_files import AWS, AZURE, FOLDERS, GCP, Folder
from strava_assets_tests.deploy.test_terraform import azure_roles_of, roles_of_the_sync

ROOT = Path(__file__).parents[2]
DOCUMENTS = {"gcp": "google-cloud.md", "aws": "amazon.md", "azure": "azure.md"}


def document(folder: Folder) -> str:
    return (ROOT / "docs" / DOCUMENTS[folder.cloud]).read_text()


def section(title: str, folder: Folder = GCP) -> str:
    return document(folder).split(f"## {title}\n")[1].split("\n## ")[0]


def rights(folder: Folder) -> list[str]:
    """The first column of the table of rights."""
    return re.findall(r"^\| `([^`]+)` \|", section("Rights", folder), re.MULTILINE)


def test_the_rights_it_lists_are_those_that_are_granted() -> None:
    assert sorted(rights(GCP)) == sorted(role for _, role in roles_of_the_sync())
    assert sorted(rights(AWS)) == sorted({**aws.ON_SECRET, **aws.ON_BUCKET, **aws.ON_CATALOG})
    of_sync = azure_roles_of("azurerm_user_assigned_identity.sync.principal_id")
    assert sorted(rights(AZURE)) == sorted((of_sync - {"tokens"}) | {"strava-assets tokens"})


def test_the_columns_of_its_charts_are_columns_of_the_marts() -> None:
    columns = {mart.name: {column.name for column in mart.columns} for mart in catalog.load()}
    charts = re.split(r"^\*\*", section("Charts in Data Studio"), flags=re.MULTILINE)[1:]
    assert len(charts) == 2
    for chart in charts:
        mart, *named = re.findall(r"`([a-z0-9_]+)[` ]", chart.split("\n\n")[0])
        assert len(named) > 3
        assert set(named) <= columns[mart], mart


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_the_outputs_and_variables_it_names_are_there(folder: Folder) -> None:
    outputs = set(re.findall(r"terraform output (?:-raw )?(\w+)", document(folder)))
    assert outputs
    assert outputs <= set(re.findall(r'^output "(\w+)"', folder.text, re.MULTILINE))
    readme = (folder.path / "README.md").read_text()
    variables = set(re.findall(r"""-var ["']?(\w+)=""", document(folder) + readme))
    assert {"project", "alert_email", "image"} <= variables
    assert variables <= set(re.findall(r'^variable "(\w+)"', folder.text, re.MULTILINE))


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_the_extra_it_installs_is_one(folder: Folder) -> None:
    extras = (ROOT / "setup.cfg").read_text().split("[options.extras_require]")[1]
    for extra in re.findall(r"'\.\[(\w+)\]'|EXTRAS=(\w+)", document(folder)):
        assert re.search(rf"^{''.join(extra)} =$", extras, re.MULTILINE)


def test_the_job_it_starts_is_the_one_that_is_made() -> None:
    [started] = set(re.findall(r"gcloud run jobs execute (\S+)", document(GCP)))
    [body] = [body for kind, _, body in GCP.resources if kind == "google_cloud_run_v2_job"]
    assert f'name     = "{started}"' in body

    [started] = re.findall(r"az containerapp job start --name (\S+)", document(AZURE))
    [body] = [body for kind, _, body in AZURE.resources if kind == "azurerm_container_app_job"]
    assert f'"{started}"' in body


def test_every_file_it_leads_to_exists() -> None:
    for path in ("deploy/gcp/variables.tf", "deploy/server/.env.example", "deploy/gcp/README.md"):
        assert (ROOT / path).is_file()
    documents = [folder.path / "README.md" for folder in FOLDERS]
    documents += [ROOT / "docs" / name for name in DOCUMENTS.values()]
    for text in documents:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text.read_text()):
            assert target.startswith("https://") or (text.parent / target).is_file(), target
