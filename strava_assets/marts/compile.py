"""`python -m strava_assets.marts.compile`: writes the compiled catalog and the data dictionary anew.

To be run after a change of a mart's SQL or of the registry; a test fails until it is.
"""

from __future__ import annotations

import json
from pathlib import Path

from strava_assets.marts.analysis import compile_marts
from strava_assets.marts.catalog import COMPILED, FOLDER, document
from strava_assets.marts.dictionary import render

DICTIONARY = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def compiled_files() -> dict[Path, str]:
    """Each file that is generated from the marts, with the text it should have."""
    marts = compile_marts(FOLDER)
    return {
        COMPILED: json.dumps(document(marts), indent=1, ensure_ascii=False) + "\n",
        DICTIONARY: render(marts),
    }


def main() -> None:
    """Write them."""
    for path, text in compiled_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
