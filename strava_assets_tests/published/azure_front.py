"""Azurite with the one thing that it lacks: listings that begin with a name, as Azure's own `startFrom`.

deltalake lists a table's log from its newest version on. Azurite answers with all of it: a damaged log.
"""

from __future__ import annotations

import http.client
import re
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"}
_BLOB = re.compile(rb"<Blob><Name>([^<]*)</Name>.*?</Blob>", re.DOTALL)


def listing_from_a_name(behind: int) -> type[BaseHTTPRequestHandler]:
    """Passes every request to a port on this machine, and cuts listings as they were asked for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with closing(http.client.HTTPConnection("127.0.0.1", behind, timeout=60)) as connection:
                connection.request(self.command, self.path, body or None, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            content = _cut(self.path, content)
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _pass_on  # noqa: N815 - the server's own names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _cut(path: str, content: bytes) -> bytes:
    [first] = parse_qs(urlsplit(path).query).get("startFrom") or [""]
    return (
        _BLOB.sub(lambda blob: blob[0] if blob[1].decode() >= first else b"", content) if first else content
    )


if __name__ == "__main__":
    # A process of its own: deltalake waits for answers without letting other threads of its process run.
    port, azurite_port = map(int, sys.argv[1:])
    ThreadingHTTPServer(("127.0.0.1", port), listing_from_a_name(azurite_port)).serve_forever()
