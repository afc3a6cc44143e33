"""Responses of proxies, portals and broken servers: each raises its own error."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from contextlib import contextmanager
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.strava import errors
from strava_assets_tests.strava.conversation import HandTime, converse
from strava_assets_tests.strava.scripted import GRANT, Request, Response, ScriptedServer, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def fault(*items: tuple[str, str, str]) -> dict[str, Any]:
    named = [dict(zip(("resource", "field", "code"), item, strict=True)) for item in items]
    return {"message": "Not good", "errors": named}


@contextmanager
def saying(response: Response, token: Response | None = None) -> Iterator[Callable[[], Any]]:
    """A request for the athlete to a server whose every API response is `response`."""
    granted = token or Response(document=GRANT)

    def script(request: Request) -> Response:
        return granted if request.method == "POST" else response

    with ScriptedServer(script) as server:
        yield converse(server.url, HandTime()).client.athlete


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (401, fault(("AccessToken", "activity:read_permission", "missing")), errors.MissingScopeError),
        (403, fault(("AccessToken", "profile:read_permission", "missing")), errors.MissingScopeError),
        (401, fault(("Application", "", "invalid")), errors.InvalidClientError),
        (401, fault(("Athlete", "access_token", "invalid")), errors.InvalidAccessTokenError),
        (401, {}, errors.InvalidAccessTokenError),
        (403, fault(("Application", "Status", "Inactive")), errors.InactiveSubscriptionError),
        (403, fault(("Activity", "", "forbidden")), errors.RequestRefusedError),
        (400, {"message": "Bad Request", "errors": "a text instead of a list"}, errors.RequestRefusedError),
        (404, fault(("Athlete", "", "not found")), errors.RequestRefusedError),
        (302, {}, errors.RequestRefusedError),
        (408, {}, errors.ServerError),
        (597, [], errors.ServerError),
    ],
)
def test_a_status_is_read_together_with_its_fault(
    status: int, document: Any, kind: type[errors.StravaError]
) -> None:
    with saying(Response(status, document)) as ask, pytest.raises(kind):
        ask()


@pytest.mark.parametrize(
    "body", [b"", b"<html>Log in</html>", b"\xff\xfe\x00", b"[]", b"null", b"[" * 100_000]
)
def test_an_error_status_with_any_body_is_still_its_status(body: bytes) -> None:
    with saying(Response(403, raw=body)) as ask, pytest.raises(errors.RequestRefusedError):
        ask()


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (400, fault(("RefreshToken", "refresh_token", "invalid")), errors.InvalidRefreshTokenError),
        (400, fault(("Application", "client_id", "invalid")), errors.InvalidClientError),
        (400, fault(("Application", "client_secret", "invalid")), errors.InvalidClientError),
        (401, fault(("Application", "", "invalid")), errors.InvalidClientError),
        (401, {}, errors.InvalidClientError),
        (403, fault(("Application", "Status", "Inactive")), errors.InactiveSubscriptionError),
        (418, {}, errors.RequestRefusedError),
        (429, {"errors": "Rate Limit Exceeded"}, errors.ServerError),
        (200, [], errors.UnexpectedResponseError),
        (200, {**GRANT, "refresh_token": ""}, errors.UnexpectedResponseError),
        (200, {**GRANT, "access_token": None}, errors.UnexpectedResponseError),
        (200, {**GRANT, "access_token": "two\nlines"}, errors.UnexpectedResponseError),
        (200, {**GRANT, "access_token": "caf\u00e9"}, errors.UnexpectedResponseError),
        (200, {**GRANT, "expires_at": "soon"}, errors.UnexpectedResponseError),
        (200, {**GRANT, "expires_at": 10**400}, errors.UnexpectedResponseError),
        (200, {**GRANT, "expires_in": 21600}, errors.ClockSkewError),
    ],
)
def test_a_token_answer_is_read_with_suspicion(
    status: int, document: Any, kind: type[errors.StravaError]
) -> None:
    response = Response(document={})
    with saying(response, Response(status, document)) as ask, pytest.raises(kind):
        ask()


@pytest.mark.parametrize(("minutes", "side"), [(-6, "ahead of"), (6, "behind"), (60 * 24 * 365, "behind")])
def test_a_clock_that_is_wrong_stops_the_sync_before_it_records_wrong_times(minutes: int, side: str) -> None:
    theirs = HandTime().now + dt.timedelta(minutes=minutes)
    headers = {"Date": format_datetime(theirs, usegmt=True)}
    with (
        saying(Response(document={"id": 1}, headers=headers)) as ask,
        pytest.raises(errors.ClockSkewError, match=side),
    ):
        ask()


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 23 Nov 2026 10:07:00", "Mon, 99 Nov 2026 10:07:00 GMT"]
)
def test_a_date_header_that_cannot_be_read_says_nothing(date: str) -> None:
    with saying(Response(document={"id": 1}, headers={"Date": date})) as ask:
        assert ask() == (b'{"id": 1}', {"id": 1})


@pytest.mark.parametrize("raw", [b"[{", b'[{"id": 1}', b"  ", b"[" * 100_000, b"\xef\xbb"])
def test_a_listing_that_is_no_whole_json_ends_with_an_error_and_no_page(raw: bytes) -> None:
    with listing([raw]) as client, pytest.raises(errors.TransientStravaError):
        list(client.pages())


def test_a_web_page_is_told_from_other_text() -> None:
    with listing([b"<!DOCTYPE html>"]) as client, pytest.raises(errors.NotJsonError, match="a web page"):
        list(client.pages())
    with listing([b"out of order"]) as client, pytest.raises(errors.NotJsonError, match="something else"):
        list(client.pages())


def test_nobody_listening_is_a_lost_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(errors.ConnectionLostError) as lost:
        converse(f"http://127.0.0.1:{port}", HandTime()).client.athlete()
    assert "network" in lost.value.remedy


def test_an_address_that_is_none_is_refused_at_once() -> None:
    conversation = converse("nonsense", HandTime())
    with pytest.raises(errors.ForeignHostError, match="points to no host"):
        conversation.client.athlete()
    assert conversation.time.slept_s == []


def test_plain_http_where_tls_is_expected_is_tls_trouble() -> None:
    with ScriptedServer(lambda _: Response(document={})) as server:
        conversation = converse(server.url.replace("http:", "https:"), HandTime())
        with pytest.raises(errors.TlsError, match="does not use TLS"):
            conversation.client.athlete()
    assert conversation.time.slept_s == []
    assert server.requests == []


def test_a_certificate_nobody_vouches_for_is_tls_trouble_and_no_secret_is_sent(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    with context.wrap_socket(connection, server_side=True) as encrypted:
                        received.append(encrypted.recv(1))
                except ssl.SSLError:
                    pass

        thread = threading.Thread(target=accept)
        thread.start()
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(errors.TlsError, match="is not valid") as trouble:
            converse(address, HandTime()).client.athlete()
        thread.join()
    assert "REQUESTS_CA_BUNDLE" in trouble.value.remedy
    assert received == []


def self_signed(folder: Path) -> Path:
    """A certificate and its key in one file."""
    x509 = pytest.importorskip("cryptography.x509", reason="makes the certificate of the test")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path
