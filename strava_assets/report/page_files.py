"""Where a page goes: any fsspec address, put in place whole or not at all, with a dated copy if wished."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError
from strava_assets.file_modes import modes_at

if TYPE_CHECKING:
    from datetime import date

NAME = "index.html"
_DATED = re.compile(r"report-[0-9]{4}-[0-9]{2}-[0-9]{2}\.html")


class ReportError(StravaAssetsError):
    """The page cannot be written where it should go."""


def write_page(html: str, address: str, *, dated: date | None = None) -> str:
    """Write the page as `index.html`; returns its address.

    Args:
        html: the page.
        address: a folder, or an fsspec URL such as `gs://my-bucket/report`.
        dated: also keep it as `report-2026-11-23.html`, which later pages of other days leave alone.

    Raises:
        ReportError: the address cannot be written.
    """
    content = html.encode()
    names = [NAME] if dated is None else [f"report-{dated:%Y-%m-%d}.html", NAME]
    return [_put(content, address, name) for name in names][-1]


def is_page(name: str) -> bool:
    """Whether a file of this name is one of the report's pages."""
    return name == NAME or _DATED.fullmatch(name) is not None


def _put(content: bytes, address: str, name: str) -> str:
    from fsspec.core import url_to_fs

    try:
        fs, root = url_to_fs(address)
        path = f"{root.rstrip('/')}/{name}"
        local = "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)
        if not local:
            fs.makedirs(root, exist_ok=True)
            # One PUT: an object store shows the old page or the new one.
            fs.pipe_file(path, content)
            return str(fs.unstrip_protocol(path))
        target = Path(path)
        partial = target.with_name(f".{name}.{os.getpid()}.partial")
        try:
            with modes_at(address):
                target.parent.mkdir(parents=True, exist_ok=True)
                partial.write_bytes(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError, ImportError) as error:
        raise ReportError(
            f"The report cannot be written to {address}: {error}",
            means="The page that was there before, if any, is as it was; the marts are not affected.",
            remedy="Check that the folder or bucket exists and may be written, and that what the address's "
            "scheme needs is installed.",
        ) from error
    return str(target)
