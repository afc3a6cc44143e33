"""Serves the report's folder on loopback, so that the Dagster UI can link to the page."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Near the UI's own port, so that the address stays the same from one start to the next.
_TRIES = 10
_LAST_PORT = 65535


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files and keeps what it served to itself."""

    def log_message(self, *_: Any) -> None:
        """Say nothing: the terminal belongs to the sync."""

    def list_directory(self, _: Any) -> None:
        """No listing: there is one page."""
        self.send_error(404)


@contextmanager
def serve_folder(folder: Path, beside_port: int) -> Iterator[str]:
    """Serve a folder until the block ends.

    Args:
        folder: what is served; made if missing.
        beside_port: the first free one of the ten ports after it is taken; of the ten before it at the end.

    Yields:
        The address of the folder.

    Raises:
        ConfigurationError: no port is free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = _listen(beside_port, partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, name="report", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listen(beside_port: int, handler: Any) -> ThreadingHTTPServer:
    ports = range(beside_port + 1, beside_port + 1 + _TRIES)
    if ports[-1] > _LAST_PORT:
        ports = range(beside_port - _TRIES, beside_port)
    for port in ports:
        try:
            return ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:
            continue
    raise ConfigurationError(
        f"No port from {ports[0]} to {ports[-1]} is free.",
        means="The report would have no address.",
        remedy=f"choose another port for the UI, e.g. make run PORT={beside_port % 60_000 + 100}.",
    )
