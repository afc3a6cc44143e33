"""Links from an asset to its source: Dagster's code references, a beta feature, behind one small adapter."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import dagster as dg

import strava_assets

_CHECKOUT = Path(strava_assets.__file__).parent.parent


def source_link(file: Path, defines: str = "", *, base_url: str | None = None) -> dict[str, Any]:
    """Metadata that lets the UI open where an asset is defined.

    Args:
        file: the file.
        defines: the function in it that is looked for; the file's first line without.
        base_url: where the checkout is readable, e.g. `https://github.com/me/strava_assets/blob/main`; None
            links to the file on this machine.
    """
    line = _line(file, defines)
    with warnings.catch_warnings():
        # The one use of this beta feature; the warning would stand at every start.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference: Any
        if base_url:
            path = file.resolve().relative_to(_CHECKOUT.resolve()).as_posix()
            reference = dg.UrlCodeReference(url=f"{base_url.rstrip('/')}/{path}#L{line}", label=file.name)
        else:
            reference = dg.LocalFileCodeReference(
                file_path=str(file.resolve()), line_number=line, label=file.name
            )
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def _line(file: Path, defines: str) -> int:
    if not defines:
        return 1
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((at for at, text in enumerate(lines, 1) if f"def {defines}(" in text), 1)
