"""Fakes of Terraform's providers for `validate`: each returns its schema and accepts everything else.

OpenTofu and Terraform check arguments, types and references against the schema. They talk to a provider over
gRPC (their plugin protocol, version 5); its few messages are encoded here by hand.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from strava_assets_tests.deploy.provider_schema import Block, schema_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_REGISTRIES = ("registry.opentofu.org", "registry.terraform.io")
_LENGTH_DELIMITED = 2
_LIST = 2
_SINGLE = 1
_ATTRIBUTE_MODES = {"required": (4,), "optional": (5, 6), "computed": (6,)}
"""The fields for each mode. The provider may fill in optional attributes, so they are computed as well."""


@contextmanager
def fake_provider(name: str, files: str) -> Iterator[dict[str, str]]:
    """A provider on loopback until the block ends; yields the variables that make Terraform use it.

    Args:
        name: whose it is, e.g. `google`.
        files: the text of the files to check; only what they name is in the answer, which would be too large.
    """
    # It ships no type information.
    import grpc

    schema = _schema(name, files)
    methods = {
        "GetSchema": lambda _request, _context: schema,
        # Both messages have one configuration in field 1, so the request is returned unchanged.
        "PrepareProviderConfig": lambda request, _context: request,
        "ValidateResourceTypeConfig": lambda _request, _context: b"",
        "ValidateDataSourceConfig": lambda _request, _context: b"",
        "Stop": lambda _request, _context: b"",
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    handlers = {name: grpc.unary_unary_rpc_method_handler(answer) for name, answer in methods.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tfplugin5.Provider", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    reached: dict[str, Any] = {
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
    }
    providers = {f"{registry}/hashicorp/{name}": reached for registry in _REGISTRIES}
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps(providers)}
    finally:
        server.stop(None).wait()


def _schema(name: str, files: str) -> bytes:
    """The answer to GetSchema: the provider's own schema in field 1, maps of the others in fields 2 and 3."""
    schema = json.loads(schema_file(name).read_text())
    parts = [_bytes(1, _bytes(2, _block(schema["provider"])))]
    for field, kind in ((2, "resources"), (3, "data_sources")):
        parts += [
            _bytes(field, _bytes(1, type_.encode()) + _bytes(2, _bytes(2, _block(block))))
            for type_, block in schema[kind].items()
            if f'"{type_}"' in files
        ]
    return b"".join(parts)


def _block(block: Block) -> bytes:
    attributes = b"".join(
        _bytes(
            2,
            _bytes(1, name.encode())
            + _bytes(2, json.dumps(kind).encode())
            + b"".join(_number(field, 1) for field in _ATTRIBUTE_MODES[mode]),
        )
        for name, (kind, mode) in block["attributes"].items()
    )
    inner = b"".join(
        _bytes(
            3,
            _bytes(1, name.encode())
            + _bytes(2, _block(content))
            # How long things may take is written without an index, as no other block is.
            + _number(3, _SINGLE if name == "timeouts" else _LIST)
            + (b"" if name == "timeouts" else _number(4, least) + _number(5, most)),
        )
        for name, (content, least, most) in block["blocks"].items()
    )
    return attributes + inner


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
