"""What a landing says when a cloud's storage refuses, in the form of the cloud's own answers.

No emulator gives these answers by itself: credentials that have expired, a bucket in another region.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.inbox import InboxError, look_at, open_inbox
from strava_assets.landing import Landing, LandingError
from strava_assets.streams import StreamsError, StreamStore
from strava_assets_tests.clouds.amazon import BUCKET, Amazon, running_amazon
from strava_assets_tests.clouds.azure_storage import ACCOUNT, CONTAINER, AzureStorage
from strava_assets_tests.streams.test_store import keep
from strava_assets_tests.warehouse.front import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ASK = pytest.mark.parametrize("ask", [Landing.check_writable, Landing.manifests], ids=["write", "list"])


@contextmanager
def refusing(status: int, code: str) -> Iterator[str]:
    """A storage that refuses every request; yields its address."""
    error = f"<Error><Code>{code}</Code><Message>canary</Message></Error>".encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("x-ms-error-code", code)
            # Amazon's client goes there once by itself.
            self.send_header("x-amz-bucket-region", "us-west-2")
            self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(error)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(error)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _refuse  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def refusal(landing: Landing, ask: Callable[[Landing], object]) -> LandingError:
    with pytest.raises(LandingError, match="cannot be used") as refused:
        ask(landing)
    assert "canary" not in str(refused.value)
    return refused.value


@ASK
@pytest.mark.parametrize(
    ("status", "code", "happened", "remedy"),
    [
        (403, "AccessDenied", "lacks the permission", "strava-assets doctor"),
        (400, "ExpiredToken", "credentials have expired", "aws sso login"),
        (403, "InvalidAccessKeyId", "no credentials that it accepts", "aws sso login"),
        (301, "PermanentRedirect", "in another region", "STRAVA_ASSETS_AWS_REGION"),
    ],
)
def test_amazons_refusals_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Landing], object],
    status: int,
    code: str,
    happened: str,
    remedy: str,
) -> None:
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    with refusing(status, code) as address:
        for name, value in Amazon(address).environment.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        error = refusal(Landing(f"s3://{BUCKET}/landing"), ask)
    assert happened in error.happened
    assert remedy in error.remedy


@ASK
@pytest.mark.parametrize(
    ("status", "code", "happened", "remedy"),
    [
        (403, "AuthorizationPermissionMismatch", "lacks the permission", "strava-assets doctor"),
        (403, "AuthenticationFailed", "no credentials that it accepts", "az login"),
        (401, "NoAuthenticationInformation", "no credentials that it accepts", "az login"),
    ],
)
def test_azures_refusals_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Landing], object],
    status: int,
    code: str,
    happened: str,
    remedy: str,
) -> None:
    adlfs = pytest.importorskip("adlfs", reason="the extra `azure` is not installed")
    with refusing(status, code) as address:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", AzureStorage(address).connection_string)
        adlfs.AzureBlobFileSystem.clear_instance_cache()
        landing = Landing(f"abfs://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/landing")
        error = refusal(landing, ask)
    assert happened in error.happened
    assert remedy in error.remedy


@pytest.mark.deep
@pytest.mark.parametrize("status", [503, 0], ids=["unavailable", "hangs up"])
def test_a_bucket_that_fails_while_a_recording_is_read_is_no_damage(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    with running_amazon() as cloud, standing(cloud.address) as front:
        for name, value in (Amazon(front.address).environment | {"AWS_MAX_ATTEMPTS": "1"}).items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        store = StreamStore(f"s3://{BUCKET}/streams")
        keep(store, "1")
        front.order("^GET .*/part-", status)
        with pytest.raises(StreamsError, match="did not answer") as failure:
            store.entries()
    assert failure.value.transient
    assert "remove it" not in str(failure.value)


def test_an_inbox_that_its_bucket_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs", reason="the extra `aws` is not installed")
    with refusing(403, "AccessDenied") as address:
        for name, value in Amazon(address).environment.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        inbox = f"s3://{BUCKET}/inbox"
        with pytest.raises(InboxError, match="lacks the permission"):
            look_at(inbox, None, frozenset())
        with pytest.raises(InboxError, match="lacks the permission"), open_inbox(inbox, ["a.fit"]):
            pytest.fail("it was opened")
