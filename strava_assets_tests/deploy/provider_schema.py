"""The schemas of Terraform providers: their resources and data sources with arguments and blocks.

The providers themselves come from a registry of HashiCorp. Their schemas are also in packages of HashiCorp's
CDK. `make tools-terraform` runs this program once for each, which reads the package and stores the schema.
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

_TOOLS = Path(__file__).parents[2] / ".tools"
_NAME = re.compile(r"https://\S+/docs/(?:resources|data-sources)/\w+ (\w+)\}")
_WHEEL = re.compile(r"cdktf_cdktf_provider_([a-z]+)-")
_ARGUMENT = re.compile(r"#(\w+) \w+#\w+\}")
_CDKS_OWN = {"alias", "connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"}


def schema_file(provider: str) -> Path:
    """Where the schema of a provider is stored, e.g. of `google`."""
    return _TOOLS / f"{provider}-provider" / "schema.json"


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
        """The provider's own configuration, and every resource and data source by its name."""
        [provider] = [
            name
            for name, described in self._types.items()
            if name.endswith("ProviderConfig") and ".provider." in name and described["kind"] == "interface"
        ]
        return {
            "provider": self._block(provider),
            "resources": self._all("cdktf.TerraformResource"),
            "data_sources": self._all("cdktf.TerraformDataSource"),
        }

    def _all(self, base: str) -> dict[str, Block]:
        blocks = {}
        for name, described in self._types.items():
            if described.get("base") == base:
                match = _NAME.search(described["docs"]["summary"])
                assert match, name
                # The constructor takes scope, id and arguments.
                arguments = described["initializer"]["parameters"][2]["type"]["fqn"]
                blocks[match[1]] = self._block(arguments, described)
        return blocks

    def _block(self, name: str, resource: dict[str, Any] | None = None) -> Block:
        attributes: dict[str, Any] = {}
        blocks: dict[str, Any] = {}
        for prop in self._types[name].get("properties", ()):
            if prop["name"] in _CDKS_OWN:
                continue
            argument = _ARGUMENT.search(prop["docs"].get("remarks", ""))
            argument_name = argument[1] if argument else _snake(prop["name"])
            least = 0 if prop.get("optional") else 1
            inner, most = self._inner(prop["type"])
            # A block that may hold itself is `any`, without a description of its content.
            if prop["docs"].get("summary") == f"{argument_name} block." and inner:
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
        """The type of a block's content, if it is one, and its maximum count; 0 for any number."""
        if "union" in type_:
            type_ = next(each for each in type_["union"]["types"] if each.get("fqn") != "cdktf.IResolvable")
        if "collection" in type_:
            return self._inner(type_["collection"]["elementtype"])[0], 0
        return type_.get("fqn", ""), 1


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
    for wheel in map(Path, sys.argv[1:]):
        match = _WHEEL.match(wheel.name)
        assert match, wheel
        target = schema_file(match[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(Assembly(wheel).schema()))
