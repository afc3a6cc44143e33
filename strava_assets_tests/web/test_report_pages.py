"""The report over HTTP: its pages, and no other file in or near their folder."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from strava_assets.web.guard import SecurityHeaders
from strava_assets.web.report_pages import report_routes
from strava_assets_tests.web.requesting import request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp


def app(folder: Path | None) -> ASGIApp:
    return SecurityHeaders(Starlette(routes=list(report_routes(folder, "/rides/report"))))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    home = tmp_path_factory.mktemp("home")
    folder = home / "report"
    folder.mkdir()
    (folder / "index.html").write_text("the page")
    (folder / "report-2026-11-23.html").write_text("the page of that day")
    for other in (".index.html.7.partial", ".env", "notes.html", "report-2026-11-23.html.bak", "index.htm"):
        (folder / other).write_text("canary")
    (folder / "report-2026-11-24.html").mkdir()
    own = folder / "athlete=7"
    own.mkdir()
    (own / "index.html").write_text("the page of athlete 7")
    (own / "report-2026-11-23.html").write_text("the page of athlete 7 on that day")
    for other in ("year-2026.svg", "index.html.partial", "notes.html"):
        (own / other).write_text("canary")
    (own / "more").mkdir()
    (own / "more" / "index.html").write_text("canary")
    (folder / "athlete=8").write_text("canary")
    (folder / "athlete=").mkdir()
    (folder / "athlete=" / "index.html").write_text("canary")
    (home / "tokens.json").write_text("canary")
    (home / "report-secret").mkdir()
    (home / "report-secret" / "index.html").write_text("canary")
    with serving(app(folder)) as port:
        yield port


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/rides/report/", "the page"),
        ("/rides/report/index.html", "the page"),
        ("/rides/report/index.html?x=1", "the page"),
        ("/rides/report/report-2026-11-23.html", "the page of that day"),
        ("/rides/report/athlete=7/", "the page of athlete 7"),
        ("/rides/report/athlete=7/index.html", "the page of athlete 7"),
        ("/rides/report/athlete%3D7/index.html", "the page of athlete 7"),
        ("/rides/report/athlete=7/report-2026-11-23.html", "the page of athlete 7 on that day"),
    ],
)
def test_its_pages_are_served_in_an_origin_of_their_own(port: int, path: str, text: str) -> None:
    answer = request(port, path)
    assert (answer.status, answer.text) == (200, text)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    sandbox, framing = answer.headers.get_all("Content-Security-Policy", [])
    assert sandbox == "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
    assert framing == "frame-ancestors 'none'"


def test_the_address_of_the_folder_leads_to_it(port: int) -> None:
    answer = request(port, "/rides/report")
    assert (answer.status, answer.headers["Location"]) == (307, "/rides/report/")


def test_the_address_of_an_athletes_folder_leads_into_it_so_that_links_are_right(port: int) -> None:
    answer = request(port, "/rides/report/athlete=7")
    assert (answer.status, answer.headers["Location"]) == (307, "/rides/report/athlete=7/")


@pytest.mark.parametrize(
    "name",
    [
        *("athlete=7/year-2026.svg", "athlete=7/index.html.partial", "athlete=7/notes.html"),
        *("athlete=7/more/index.html", "athlete=7/more/", "athlete=7//", "athlete=7/index.html/"),
        *("athlete=8/", "athlete=8/index.html", "athlete=9/", "athlete=9/index.html"),
        *("athlete=/", "athlete=/index.html", "athlete=7/../../tokens.json", "athlete=7%2f..%2fnotes.html"),
        *("athlete=../index.html", "athlete=..%2f..%2freport-secret/", "athlete=%2e%2e/index.html"),
        *("athlete=7%00/index.html", "athlete=7/athlete=7/index.html", "/"),
        *(".index.html.7.partial", ".env", "notes.html", "report-2026-11-23.html.bak", "index.htm"),
        *("../tokens.json", "%2e%2e/tokens.json", "..%2ftokens.json", "..%5ctokens.json", "./../tokens.json"),
        *("../report-secret/index.html", "%2e%2e/report-secret/index.html", "/etc/passwd", "%2fetc%2fpasswd"),
        *(
            "index.html/",
            "index.html%00",
            "report-2026-11-24.html",
            "report-2026-11-25.html",
        ),
        *("report-\u0662026-11-23.html", "INDEX.HTML"),
    ],
)
def test_nothing_else_is_served(port: int, name: str) -> None:
    answer = request(port, f"/rides/report/{quote(name, safe='/%')}")
    assert answer.status == 404
    assert "canary" not in answer.text


@pytest.mark.parametrize("path", ["/rides/", "/rides/report-secret/index.html", "/report/index.html", "/"])
def test_nothing_beside_it_is_served(port: int, path: str) -> None:
    assert request(port, path).status == 404


def test_a_missing_page_says_when_it_comes(tmp_path: Path) -> None:
    with serving(app(tmp_path / "not yet")) as port:
        answer = request(port, "/rides/report/")
    assert answer.status == 404
    assert "Every sync writes the report" in answer.text


def test_a_report_that_is_written_elsewhere_is_said_to_be_there() -> None:
    with serving(app(None)) as port:
        answer = request(port, "/rides/report/")
    assert answer.status == 404
    assert "STRAVA_ASSETS_REPORT_URL" in answer.text
