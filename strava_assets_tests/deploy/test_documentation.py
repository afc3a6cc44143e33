"""docs/google-cloud.md agrees with the Terraform files and the marts."""

from __future__ import annotations

import re
from pathlib import Path

from strava_assets.marts import catalog
from strava_assets_tests.deploy.test_terraform import RESOURCE, roles_of_the_sync, text

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "google-cloud.md").read_text()


def section(title: str) -> str:
    return DOCUMENT.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_rights_it_lists_are_those_that_are_granted() -> None:
    listed = re.findall(r"^\| `(roles/\S+)` \|", section("Rights"), re.MULTILINE)
    assert sorted(listed) == sorted(role for _, role in roles_of_the_sync())


def test_the_columns_of_its_charts_are_columns_of_the_marts() -> None:
    columns = {mart.name: {column.name for column in mart.columns} for mart in catalog.load()}
    charts = re.split(r"^\*\*", section("Charts in Data Studio"), flags=re.MULTILINE)[1:]
    assert len(charts) == 2
    for chart in charts:
        mart, *named = re.findall(r"`([a-z0-9_]+)[` ]", chart.split("\n\n")[0])
        assert len(named) > 3
        assert set(named) <= columns[mart], mart


def test_the_outputs_it_asks_terraform_for_are_there() -> None:
    outputs = set(re.findall(r"terraform output (?:-raw )?(\w+)", DOCUMENT))
    assert outputs
    assert outputs <= set(re.findall(r'^output "(\w+)"', text(), re.MULTILINE))


def test_the_job_it_starts_is_the_one_that_is_made() -> None:
    [started] = set(re.findall(r"gcloud run jobs execute (\S+)", DOCUMENT))
    [body] = [body for kind, _, body in RESOURCE.findall(text()) if kind == "google_cloud_run_v2_job"]
    assert f'name     = "{started}"' in body


def test_every_file_it_leads_to_exists() -> None:
    for path in ("deploy/gcp/variables.tf", "deploy/server/.env.example", "deploy/gcp/README.md"):
        assert (ROOT / path).is_file()
    readme = ROOT / "deploy" / "gcp" / "README.md"
    for target in re.findall(r"\]\(([^)]+)\)", readme.read_text()):
        assert (readme.parent / target).is_file(), target
