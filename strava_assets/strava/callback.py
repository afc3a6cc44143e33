"""A server on a loopback port that waits for the redirect from the consent page.

`login` interprets the redirect.
"""

from __future__ import annotations

import html
import queue
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strava_assets.errors import StravaAssetsError
from strava_assets.strava import errors
from strava_assets.strava.login import Consent, read_redirect
from strava_assets.strava.scopes import missing_scopes
from strava_assets.web.hosts import AllowedHosts

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
PATH = "/authorized"
CONNECTION_TIMEOUT_S = 5
POLL_S = 0.05

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:17px/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;
color:#1d2733;background:#f7f8fa}}h1{{font-size:1.5rem}}@media(prefers-color-scheme:dark)
{{body{{color:#e6eaf0;background:#14181d}}}}</style><h1>{title}</h1>{paragraphs}</html>"""


Outcomes = queue.SimpleQueue[Consent | errors.AuthorizationDeniedError]


class CallbackServer:
    """Listens for the redirect of one login.

    Attributes:
        redirect_uri: the address for the consent page to redirect to.
    """

    def __init__(self, port: int, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self.redirect_uri = f"http://{LOOPBACK}:{port}{PATH}"

    def wait(self, timeout_s: float = 300) -> Consent:
        """Wait until the athlete has answered the consent page and has seen the result.

        Raises:
            AuthorizationDeniedError: the athlete refused, or did not answer within `timeout_s` seconds.
        """
        try:
            outcome = self._outcomes.get(timeout=timeout_s)
        except queue.Empty:
            raise errors.AuthorizationDeniedError(
                f"The consent page was not answered within {timeout_s:g} seconds."
            ) from None
        if isinstance(outcome, Consent):
            return outcome
        raise outcome


@contextmanager
def listen(state: str, port: int = 0) -> Iterator[CallbackServer]:
    """Listen on a loopback port for the redirect that carries `state`, until the block ends.

    A redirect with another `state` gets a response and is ignored otherwise: it can neither log in nor end
    the login.

    Args:
        state: the random text sent to the consent page.
        port: the port to use; 0 selects a free one.

    Raises:
        StravaAssetsError: the port is taken.
    """
    outcomes: Outcomes = queue.SimpleQueue()
    try:
        # One thread per connection: browsers open spare connections and send nothing on them.
        http = ThreadingHTTPServer((LOOPBACK, port), _handler(state, outcomes))
    except OSError as error:
        raise StravaAssetsError(
            f"Port {port} on {LOOPBACK} cannot be used: {error.strerror}.",
            remedy="Choose another port, or omit it to use a free one; `--no-browser` needs no port.",
        ) from error
    thread = threading.Thread(target=http.serve_forever, args=(POLL_S,), daemon=True)
    with http:
        thread.start()
        try:
            yield CallbackServer(http.server_port, outcomes)
        finally:
            http.shutdown()
            thread.join()


def _handler(state: str, outcomes: Outcomes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CONNECTION_TIMEOUT_S

        def do_GET(self) -> None:
            refusal = AllowedHosts().refusal(lambda name: self.headers.get_all(name, []))
            if refusal:
                self._show(403, "Refused", refusal.splitlines())
                return
            if urlsplit(self.path).path != PATH:
                self._show(
                    404, "Not found", ["This server only waits for the redirect from the consent page."]
                )
                return
            try:
                consent = read_redirect(self.path, state)
            except errors.ForeignRedirectError as error:
                self._show(400, "This redirect belongs to another login", str(error).splitlines())
            except errors.AuthorizationDeniedError as error:
                self._show(200, "Access was not granted", str(error).splitlines())
                outcomes.put(error)
            else:
                missing = [f"Without {name}: {without}." for name, without in missing_scopes(consent.scopes)]
                self._show(
                    200, "Thank you", [*missing, "You can close this tab and go back to the terminal."]
                )
                outcomes.put(consent)

        def _show(self, status: int, title: str, paragraphs: list[str]) -> None:
            escaped = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
            body = PAGE.format(title=html.escape(title), paragraphs=escaped).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            # The address contains the code, which must not reach another site.
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Log nothing: the request line contains the code."""

    return Handler
