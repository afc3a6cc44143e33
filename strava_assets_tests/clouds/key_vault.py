"""Key Vault's wire protocol on a loopback port, over HTTPS: secrets with versions, deletion and recovery.

It keeps versions in memory, asks for a token as Azure does, and can be told to refuse. Whether an account may
do something, it does not know: Azure's client decides nothing of that either.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, dict[str, Any]]


@dataclass
class Version:
    """One version of a secret."""

    id: str
    value: str
    attributes: dict[str, Any]


@dataclass
class FakeKeyVault:
    """Secrets, each a list of versions, oldest first.

    Attributes:
        refuse: The status and the code to answer with, by method or by method and beginning of the path.
    """

    secrets: dict[str, list[Version]] = field(default_factory=dict)
    deleted: dict[str, list[Version]] = field(default_factory=dict)
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    address: str = ""
    certificate: str = ""

    def handle(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        self.calls.append(f"{method} {path}")
        for order, (status, code) in self.refuse.items():
            if f"{method} {path} ".startswith((f"{order} ", f"{order}/")):
                return status, _error(code)
        collection, name, *version = path.strip("/").split("/")
        if collection == "deletedsecrets":
            return self._deleted(method, name)
        if method == "PUT":
            return self._set(name, body)
        versions = [each for each in self.secrets.get(name, ()) if version in ([], [""], [each.id])]
        if not versions:
            return 404, _error("SecretNotFound")
        if method == "DELETE":
            self.deleted[name] = self.secrets.pop(name)
        elif method == "PATCH":
            versions[-1].attributes |= body.get("attributes", {})
        elif not versions[-1].attributes["enabled"]:
            return 403, _error("Forbidden")
        return 200, self._bundle(name, versions[-1])

    def _set(self, name: str, body: dict[str, Any]) -> Answer:
        if name in self.deleted:
            return 409, _error("Conflict")
        if not isinstance(body.get("value"), str):
            return 400, _error("BadParameter")
        now = int(dt.datetime.now(dt.UTC).timestamp())
        attributes = {"enabled": True, "created": now, "updated": now} | body.get("attributes", {})
        version = Version(uuid.uuid4().hex, body["value"], attributes)
        self.secrets.setdefault(name, []).append(version)
        return 200, self._bundle(name, version)

    def _deleted(self, method: str, name: str) -> Answer:
        if name not in self.deleted:
            return 404, _error("SecretNotFound")
        if method == "DELETE":
            del self.deleted[name]
            return 204, {}
        return 200, self._bundle(name, self.deleted[name][-1])

    def _bundle(self, name: str, version: Version) -> dict[str, Any]:
        bundle = {
            "value": version.value,
            "id": f"{self.address}/secrets/{name}/{version.id}",
            "attributes": version.attributes,
        }
        if name in self.deleted:
            bundle["recoveryId"] = f"{self.address}/deletedsecrets/{name}"
        return bundle


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "as told"}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vault: FakeKeyVault

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers: dict[str, str] = {}
        if "Authorization" not in self.headers:
            status, answer = 401, _error("Unauthorized")
            tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
            # Azure's client only accepts a resource whose name ends the vault's, as vault.azure.net does.
            resource = self.vault.address.partition(".")[2]
            headers["WWW-Authenticate"] = f'Bearer authorization="{tenant}", resource="https://{resource}"'
        else:
            status, answer = self.vault.handle(
                self.command, urlsplit(self.path).path, json.loads(content or b"{}")
            )
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(0 if status == 204 else len(text)))
        self.end_headers()
        if status != 204:
            self.wfile.write(text)

    do_GET = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class NamedToken:
    """A credential that has a token without asking Microsoft's identity platform."""

    def get_token(self, *_: str, **__: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken("a-token", int(dt.datetime.now(dt.UTC).timestamp()) + 3600)


@dataclass(frozen=True)
class Connect:
    """Makes Azure's own client for the fake. It can be pickled, as a refresh needs."""

    certificate: str

    def __call__(self, vault_url: str) -> Any:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(
            vault_url,
            NamedToken(),
            connection_verify=self.certificate,
            retry_total=0,
        )


class _Identity(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = json.dumps(
            {
                "access_token": "a-token",
                "expires_on": str(int(dt.datetime.now(dt.UTC).timestamp()) + 3600),
                "resource": "any",
                "token_type": "Bearer",
            }
        ).encode()
        self.send_response(200 if self.headers.get("X-IDENTITY-HEADER") == "a-header" else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def managed_identity(vault: FakeKeyVault) -> Iterator[dict[str, str]]:
    """Where a job of Container Apps gets its identity's tokens; yields the job's environment."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Identity) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}/msi/token",
            "IDENTITY_HEADER": "a-header",
            "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
            "REQUESTS_CA_BUNDLE": vault.certificate,
        }
        server.shutdown()


@contextmanager
def serving_key_vault() -> Iterator[FakeKeyVault]:
    """The fake on a free loopback port, until the block ends."""
    vault = FakeKeyVault()
    handler = type("Handler", (_Handler,), {"vault": vault})
    with (
        TemporaryDirectory() as folder,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        certificate = Path(folder, "certificate.pem")
        certificate.write_bytes(_certificate())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        vault.address = f"https://127.0.0.1:{server.server_address[1]}"
        vault.certificate = str(certificate)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield vault
        server.shutdown()


def _certificate() -> bytes:
    """A certificate of this address with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
