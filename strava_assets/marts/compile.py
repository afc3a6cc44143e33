"""`python -m strava_assets.marts.compile` writes the compiled catalog and the data dictionary.

Run it after a change of a mart's SQL or of the registry; a test fails until then.
"""

from __future__ import annotations

from pathlib import Path

from strava_assets.marts.analysis import compile_marts
from strava_assets.marts.catalog import COMPILED, FOLDER, digest, to_json
from strava_assets.marts.dictionary import render
from strava_assets.marts.mart_file import read_mart_file

DICTIONARY = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def compiled_files(folder: Path = FOLDER) -> dict[Path, str]:
    """Each file that is generated from the marts, with the text it should have."""
    files = {path.stem: read_mart_file(path) for path in sorted(folder.glob("*.sql"))}
    marts = compile_marts(files)
    return {folder / COMPILED.name: to_json(marts, digest(files.values())), DICTIONARY: render(marts)}


def main() -> None:
    """Write them."""
    for path, text in compiled_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
