"""docs/tour.md against the code: every file exists and contains the name that stands before it."""

from __future__ import annotations

import re
from pathlib import Path

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
LINK = re.compile(r"\[`(\w+)`\]\(([^)]+)\)")


def test_every_name_of_the_tour_is_in_its_file() -> None:
    links = LINK.findall(TOUR.read_text(encoding="utf-8"))

    assert len(links) > 25
    for name, target in links:
        text = (TOUR.parent / target).resolve().read_text(encoding="utf-8")
        definition = rf"^\s*(?:def|class) {name}\b|^{name}(?:: [^=]+)? = |^{name}:"
        assert re.search(definition, text, re.MULTILINE), f"{name} is not defined in {target}"
