"""Google's provider as far as `validate` asks: it tells its schema and finds no fault with anything else.

OpenTofu and Terraform do the judging: unknown arguments, missing ones, wrong types, references to nothing.
They talk to a provider by gRPC (their plugin protocol, version 5); its few messages are written here by hand.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from strava_assets_tests.deploy.provider_schema import KEPT, Block

if TYPE_CHECKING:
    from collections.abc import Iterator

_REGISTRIES = ("registry.opentofu.org", "registry.terraform.io")
_LENGTH_DELIMITED = 2
_LIST = 2
_SINGLE = 1
_ATTRIBUTE_MODES = {"required": (4,), "optional": (5, 6), "computed": (6,)}
"""The fields that say so. What may be left out the provider may fill in, so it is computed as well."""


@contextmanager
def google_provider() -> Iterator[dict[str, str]]:
    """A provider on loopback until the block ends; yields the environment in which it is found."""
    # It ships no type information.
    import grpc

    told = _schema()
    methods = {
        "GetSchema": lambda _asked, _context: told,
        # Both messages are one configuration in field 1: it is taken as it is.
        "PrepareProviderConfig": lambda asked, _context: asked,
        "ValidateResourceTypeConfig": lambda _asked, _context: b"",
        "Stop": lambda _asked, _context: b"",
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
    found = {f"{registry}/hashicorp/google": reached for registry in _REGISTRIES}
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps(found)}
    finally:
        server.stop(None).wait()


def _schema() -> bytes:
    """The answer to GetSchema: the provider's own schema in field 1, the resources' in a map in field 2."""
    kept = json.loads(KEPT.read_text())
    resources = b"".join(
        _bytes(2, _bytes(1, name.encode()) + _bytes(2, _bytes(2, _block(block))))
        for name, block in kept["resources"].items()
    )
    return _bytes(1, _bytes(2, _block(kept["provider"]))) + resources


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
