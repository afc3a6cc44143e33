"""Presents the sandbox as https://www.strava.com to programs whose address is fixed.

It is an HTTPS proxy for this one host, with a certificate of an authority that exists only while it runs. A
program is pointed at it by the environment variables that HTTP libraries read, and is otherwise as it is:

    python -m strava_assets_tests.sandbox.clients.forwarder http://127.0.0.1:8421
"""

from __future__ import annotations

import ssl
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "www.strava.com"
_TIMEOUT_S = 60
_NOT_FORWARDED = {"host", "connection", "proxy-connection", "transfer-encoding", "content-length"}


@contextmanager
def forwarding(base_url: str, folder: Path) -> Iterator[dict[str, str]]:
    """Forward to a sandbox until the block ends; gives the environment variables for its clients.

    Args:
        base_url: The sandbox.
        folder: Where the certificates are written.
    """
    authority, chain = _write_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = _Proxy(base_url, context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    proxy = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield {
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
            # OpenSSL, requests, Node.
            **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(authority)),
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, base_url: str, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Connect)
        self.sandbox = urlsplit(base_url).netloc
        self.context = context

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no failure of the proxy."""


class _Connect(BaseHTTPRequestHandler):
    """The outer connection: CONNECT, then TLS."""

    server: _Proxy
    timeout = _TIMEOUT_S

    def do_CONNECT(self) -> None:
        if self.path != f"{HOST}:443":
            self.send_error(403, f"Only {HOST} is served here")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        with self.server.context.wrap_socket(self.connection, server_side=True) as inner:
            _Forward(inner, self.client_address, self.server)
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Forward(BaseHTTPRequestHandler):
    """The requests inside of the TLS connection."""

    server: _Proxy
    timeout = _TIMEOUT_S
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: text for name, text in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        connection = HTTPConnection(self.server.sandbox, timeout=_TIMEOUT_S)
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        self.send_response_only(response.status, response.reason)
        for name, text in response.getheaders():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - the names that http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


def _write_certificates(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate, and the host's key with the certificate it signed, as PEM files."""
    authority_key, host_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name.from_rfc4514_string("CN=Sandbox of one test run")
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    host = (
        _certificate(x509.Name.from_rfc4514_string(f"CN={HOST}"), issuer, host_key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = host_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    authority_file, chain_file = folder / "authority.pem", folder / "host.pem"
    authority_file.write_bytes(authority.public_bytes(pem))
    chain_file.write_bytes(key + host.public_bytes(pem))
    return authority_file, chain_file


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=7))
    )


def main() -> None:
    """Forward to the sandbox at the given address until Ctrl-C, and print the variables for its clients."""
    with (
        tempfile.TemporaryDirectory() as folder,
        forwarding(sys.argv[1], Path(folder)) as environment,
    ):
        for name, text in environment.items():
            sys.stdout.write(f"export {name}={text}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
