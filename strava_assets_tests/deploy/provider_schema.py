"""The schema of Google's Terraform provider: its resources with their arguments and blocks.

The provider itself comes from a registry of HashiCorp. Its schema is also in a package of HashiCorp's CDK.
`make tools-terraform` runs this program once, which reads that package and stores the schema.
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

SCHEMA = Path(__file__).parents[2] / ".tools" / "google-provider" / "schema.json"
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
                match = _RESOURCE.search(described["docs"]["summary"])
                assert match, name
                resources[match[1]] = self._block(f"{name}Config", described)
        return {"provider": self._block(provider), "resources": resources}

    def _block(self, name: str, resource: dict[str, Any] | None = None) -> Block:
        attributes: dict[str, Any] = {}
        blocks: dict[str, Any] = {}
        for prop in self._types[name].get("properties", ()):
            if prop["name"] in _CDKS_OWN:
                continue
            argument = _ARGUMENT.search(prop["docs"].get("remarks", ""))
            argument_name = argument[1] if argument else _snake(prop["name"])
            least = 0 if prop.get("optional") else 1
            if prop["docs"].get("summary") == f"{argument_name} block.":
                inner, most = self._inner(prop["type"])
                blocks[argument_name] = [self._block(inner), least, most]
            else:
                attributes[argument_name] = [_type(prop["type"]), "required" if least else "optional"]
        for prop in (resource or {}).get("properties", ()):
            argument_name = _snake(prop["name"])
            if prop.get("static") or prop["name"].endswith("Input") or argument_name in attributes | blocks:
                continue
            attributes[argument_name] = [_type(prop["type"]), "computed"]
        return {"attributes": attributes, "blocks": blocks}

    def _inner(self, type_: dict[str, Any]) -> tuple[str, int]:
        """The type of a block's content and its maximum count; 0 for any number."""
        if "union" in type_:
            [type_] = [each for each in type_["union"]["types"] if each.get("fqn") != "cdktf.IResolvable"]
        if "collection" in type_:
            return self._inner(type_["collection"]["elementtype"])[0], 0
        return type_["fqn"], 1


def _type(type_: dict[str, Any]) -> Any:
    """A type as Terraform writes it in JSON; `dynamic` where the package does not say."""
    if "union" in type_:
        kinds = [each for each in type_["union"]["types"] if each.get("fqn") != "cdktf.IResolvable"]
        return _type(kinds[0]) if len(kinds) == 1 else "dynamic"
    if "collection" in type_:
        inner = _type(type_["collection"]["elementtype"])
        kind = {"array": "list", "map": "map"}[type_["collection"]["kind"]]
        return "dynamic" if inner == "dynamic" else [kind, inner]
    if type_.get("fqn") == "cdktf.StringMap":
        return ["map", "string"]
    primitive = {"string": "string", "number": "number", "boolean": "bool"}
    return primitive.get(type_.get("primitive", ""), "dynamic")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    SCHEMA.write_text(json.dumps(Assembly(Path(sys.argv[1])).schema()))
