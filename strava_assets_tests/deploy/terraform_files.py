"""The Terraform folders: what is in them, and Terraform or OpenTofu to judge them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{$(.*?)^\}$', re.DOTALL | re.MULTILINE)
_GRANT = re.compile(r"_iam_member$|^azurerm_role_assignment$|^aws_lakeformation_permissions$")


@dataclass(frozen=True)
class Folder:
    """One folder of deploy/.

    Attributes:
        cloud: Its name.
        provider: The name of the cloud's provider.
        good: Variables that can be applied.
    """

    cloud: str
    provider: str
    good: Mapping[str, str]

    @property
    def path(self) -> Path:
        return ROOT / "deploy" / self.cloud

    @property
    def text(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self.path.glob("*.tf")))

    @property
    def resources(self) -> list[tuple[str, str, str]]:
        """Kind, name and body of each resource."""
        return RESOURCE.findall(self.text)

    def grants(self) -> list[tuple[str, str]]:
        """Kind and name of each resource that gives somebody a right."""
        return [(kind, name) for kind, name, _ in self.resources if _GRANT.search(kind)]

    def __str__(self) -> str:
        return self.cloud


GCP = Folder("gcp", "google", {"project": "my-rides-123"})
AWS = Folder("aws", "aws", {"project": "123456789012"})
AZURE = Folder("azure", "azurerm", {"project": "0a1b2c3d-0a1b-2c3d-4e5f-0123456789ab"})
FOLDERS = (GCP, AWS, AZURE)


def terraform(
    *arguments: str,
    folder: Path,
    given: Mapping[str, str] = MappingProxyType({}),
    standard_input: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Terraform or OpenTofu, asking nobody but a provider that its environment names."""
    program = shutil.which("terraform") or shutil.which("tofu") or shutil.which(TOOLS / "tofu" / "tofu")
    if not program:
        pytest.skip("neither terraform nor tofu is installed: make tools-terraform")
    # A configuration of the user's own, even a missing one, is not the project's.
    environment = {"PATH": "/usr/bin:/bin", "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}
    environment |= given
    return subprocess.run(  # noqa: S603 - ours
        [program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        input=standard_input,
    )


def options(variables: Mapping[str, str]) -> list[str]:
    """Variables as Terraform takes them."""
    return [f"-var={name}={value}" for name, value in variables.items()]


def permissions_of(folder: Folder, scratch: Path) -> dict[str, Any]:
    """What permissions.tf grants the sync, with all names filled in."""
    for name in ("variables.tf", "permissions.tf"):
        shutil.copy(folder.path / name, scratch)
    begun = terraform("init", "-backend=false", folder=scratch)
    assert begun.returncode == 0, begun.stderr
    expression = "jsonencode(local.permissions)\n"
    answer = terraform("console", *options(folder.good), folder=scratch, standard_input=expression)
    assert answer.returncode == 0, answer.stderr
    permissions: dict[str, Any] = json.loads(json.loads(answer.stdout))
    return permissions
