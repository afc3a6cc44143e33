"""The report's folder finds a port beside the UI's, whichever that is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from strava_assets.cli.serving import serve_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("beside", [3000, 65530, 65535])
def test_a_folder_is_served_beside_any_port(tmp_path: Path, beside: int) -> None:
    (tmp_path / "index.html").write_text("the page")

    with serve_folder(tmp_path, beside) as address:
        assert abs((urlsplit(address).port or 0) - beside) <= 10
        assert requests.get(f"{address}/index.html", timeout=30).text == "the page"
