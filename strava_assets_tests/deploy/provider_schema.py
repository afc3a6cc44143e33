"""Google's Terraform provider as a schema: which resources there are, with which arguments and blocks.

The provider itself comes from a registry of HashiCorp. Its schema also stands in a package of HashiCorp's CDK
that was generated from it: `make tools-terraform` has this program read that once, and keeps what it says.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / ".tools" / "google-provider" / "schema.json"
_RESOURCE = re.compile(r"https://\S+/docs/resources/\w+ (google_\w+)\}")
_ARGUMENT = re.compile(r"#(\w+) \w+#\w+\}")
_CDKS_OWN = {"alias", "connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"}

Block = dict[str, Any]
"""`attributes`: name to type and `required`, `optional`, `computed`; `blocks`: name to block, least, most."""


class Assembly:
    """The package's description of its own types.

    Args:
        wheel: the package.
    """

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as package:
            [inner] = [name for name in package.namelist() if name.endswith(".jsii.tgz")]
            with tarfile.open(fileobj=io.BytesIO(package.read(inner))) as archive:
                described = archive.extractfile("package/.jsii")
                assert described
                self._types: dict[str, Any] = json.load(described)["types"]

    def schema(self) -> dict[str, Any]:
        """The provider's own configuration, and every resource by its name."""
        [provider] = [name for name in self._types if name.endswith(".GoogleProviderConfig")]
        resources = {}
        for name, described in self._types.items():
            if described.get("base") == "cdktf.TerraformResource":
                found = _RESOURCE.search(described["docs"]["summary"])
                assert found, name
                resources[found[1]] = self._block(f"{name}Config", described)
        return {"provider": self._block(provider), "resources": resources}

    def _block(self, name: str, resource: dict[str, Any] | None = None) -> Block:
        attributes: dict[str, Any] = {}
        blocks: dict[str, Any] = {}
        for told in self._types[name].get("properties", ()):
            if told["name"] in _CDKS_OWN:
                continue
            argument = _ARGUMENT.search(told["docs"].get("remarks", ""))
            known_as = argument[1] if argument else _snake(told["name"])
            least = 0 if told.get("optional") else 1
            if told["docs"].get("summary") == f"{known_as} block.":
                inner, most = self._inner(told["type"])
                blocks[known_as] = [self._block(inner), least, most]
            else:
                attributes[known_as] = [_type(told["type"]), "required" if least else "optional"]
        for told in (resource or {}).get("properties", ()):
            known_as = _snake(told["name"])
            if told.get("static") or told["name"].endswith("Input") or known_as in attributes | blocks:
                continue
            attributes[known_as] = [_type(told["type"]), "computed"]
        return {"attributes": attributes, "blocks": blocks}

    def _inner(self, told: dict[str, Any]) -> tuple[str, int]:
        """The type of a block's content, and how many of it there may be; 0 for any number."""
        if "union" in told:
            [told] = [each for each in told["union"]["types"] if each.get("fqn") != "cdktf.IResolvable"]
        if "collection" in told:
            return self._inner(told["collection"]["elementtype"])[0], 0
        return told["fqn"], 1


def _type(told: dict[str, Any]) -> Any:
    """A type as Terraform writes it in JSON; `dynamic` where the package does not say."""
    if "union" in told:
        kinds = [each for each in told["union"]["types"] if each.get("fqn") != "cdktf.IResolvable"]
        return _type(kinds[0]) if len(kinds) == 1 else "dynamic"
    if "collection" in told:
        inner = _type(told["collection"]["elementtype"])
        kind = {"array": "list", "map": "map"}[told["collection"]["kind"]]
        return "dynamic" if inner == "dynamic" else [kind, inner]
    if told.get("fqn") == "cdktf.StringMap":
        return ["map", "string"]
    primitive = {"string": "string", "number": "number", "boolean": "bool"}
    return primitive.get(told.get("primitive", ""), "dynamic")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(Assembly(Path(sys.argv[1])).schema()))
