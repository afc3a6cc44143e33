"""Google Secret Manager's wire protocol on a local port: a real gRPC server of the package's own messages.

It keeps versions in memory, knows their states, and can be told to refuse.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from google.cloud import secretmanager as sm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
State = sm.SecretVersion.State


class Refusal(Exception):  # noqa: N818 - it carries a status, it is none of ours
    """An answer that is a gRPC status."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__(code)
        self.code = code


class FakeSecretManager:
    """Secrets, each a list of `[state, data]` whose index is the version's number minus one."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[list[Any]]] = {}
        self.refuse: dict[str, grpc.StatusCode] = {}
        self.calls: list[str] = []
        self.port = 0

    def states(self, secret: str) -> list[str]:
        return [State(state).name for state, _ in self.secrets[secret]]

    def data(self, secret: str) -> bytes:
        data: bytes = self.secrets[secret][-1][1]
        return data

    def handle(self, name: str, request: Any) -> Any:
        self.calls.append(name)
        if name in self.refuse:
            raise Refusal(self.refuse[name])
        return getattr(self, name)(request)

    def CreateSecret(self, request: Any) -> Any:  # noqa: N802 - the wire's names, here and below
        name = f"{request.parent}/secrets/{request.secret_id}"
        if name in self.secrets:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS)
        self.secrets[name] = []
        return sm.Secret(name=name)

    def DeleteSecret(self, request: Any) -> Any:  # noqa: N802
        from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]  # as grpc

        if self.secrets.pop(request.name, None) is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND)
        return Empty()

    def AddSecretVersion(self, request: Any) -> Any:  # noqa: N802
        versions = self._versions(request.parent)
        versions.append([State.ENABLED, request.payload.data])
        return sm.SecretVersion(name=f"{request.parent}/versions/{len(versions)}", state=State.ENABLED)

    def AccessSecretVersion(self, request: Any) -> Any:  # noqa: N802
        secret, _, number = request.name.rpartition("/versions/")
        versions = self._versions(secret)
        index = len(versions) if number == "latest" else int(number)
        if not 0 < index <= len(versions):
            raise Refusal(grpc.StatusCode.NOT_FOUND)
        state, data = versions[index - 1]
        if state != State.ENABLED:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION)
        return sm.AccessSecretVersionResponse(name=f"{secret}/versions/{index}", payload={"data": data})

    def DisableSecretVersion(self, request: Any) -> Any:  # noqa: N802
        return self._change(request.name, State.DISABLED)

    def DestroySecretVersion(self, request: Any) -> Any:  # noqa: N802
        return self._change(request.name, State.DESTROYED)

    def _versions(self, secret: str) -> list[list[Any]]:
        if secret not in self.secrets:
            raise Refusal(grpc.StatusCode.NOT_FOUND)
        return self.secrets[secret]

    def _change(self, name: str, state: Any) -> Any:
        secret, _, number = name.rpartition("/versions/")
        version = self._versions(secret)[int(number) - 1]
        if version[0] == State.DESTROYED:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION)
        version[0] = state
        return sm.SecretVersion(name=name, state=state)


REQUESTS: dict[str, Any] = {
    "CreateSecret": sm.CreateSecretRequest,
    "DeleteSecret": sm.DeleteSecretRequest,
    "AddSecretVersion": sm.AddSecretVersionRequest,
    "AccessSecretVersion": sm.AccessSecretVersionRequest,
    "DisableSecretVersion": sm.DisableSecretVersionRequest,
    "DestroySecretVersion": sm.DestroySecretVersionRequest,
}


def _serialized(message: Any) -> bytes:
    wire: bytes = (
        message.SerializeToString()
        if hasattr(message, "SerializeToString")
        else type(message).serialize(message)
    )
    return wire


def _rpc(fake: FakeSecretManager, name: str) -> Any:
    def run(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return fake.handle(name, request)
        except Refusal as refusal:
            return context.abort(refusal.code, "as told")

    deserialize: Callable[[bytes], Any] = REQUESTS[name].deserialize
    return grpc.unary_unary_rpc_method_handler(
        run, request_deserializer=deserialize, response_serializer=_serialized
    )


@contextmanager
def serving() -> Iterator[FakeSecretManager]:
    """The fake on a free loopback port, until the block ends."""
    fake = FakeSecretManager()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    handlers = {name: _rpc(fake, name) for name in REQUESTS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    fake.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield fake
    finally:
        server.stop(None).wait()


def client_of(port: int) -> Any:
    """Google's own client, on a channel without encryption or credentials."""
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceGrpcTransport,
    )

    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    return sm.SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
