"""The examples of docs/numbers.md: its tables go in, and its tables must come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.histories import activity
from strava_assets_tests.marts.seconds import BEST_EFFORTS_S, held, held_late, measured, zoned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.marts import Mart
    from strava_assets_tests.marts.conftest import Marts

PAGE = Path(__file__).parents[2] / "docs" / "numbers.md"
# Examples that begin with a ride's seconds are run by the tests of the power package.
SECONDS = ("| seconds ", "| figure ")
Row = dict[str, Any]


@dataclass
class Example:
    """One run of the marts as in the page."""

    heading: str
    as_of: date
    rides: list[Row] = field(default_factory=list)
    figures: list[Row] = field(default_factory=list)
    seconds: list[Row] = field(default_factory=list)
    planned: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)


def examples() -> Iterator[Example]:
    """Rides, dated figures, values from streams, `Seen on …:`; the table of answers ends an example."""
    heading, example = "", Example("", date.min)
    for block in PAGE.read_text(encoding="utf-8").split("\n\n"):
        if match := re.match(r"#+ (.+)", block):
            heading = match[1]
        elif match := re.match(r"Seen on (\S+):", block):
            example.as_of = date.fromisoformat(match[1])
        elif block.startswith("|") and not block.startswith(SECONDS):
            rows = rows_of(block)
            {
                "day": example.rides,
                "valid_from": example.figures,
                "ride": example.seconds,
                "planned_day": example.planned,
                "recording": example.recordings,
                "mart": example.answers,
            }[next(iter(rows[0]))].extend(rows)
        if example.answers:
            example.heading = heading
            yield example
            example = Example("", date.min)


def rows_of(block: str) -> list[Row]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.strip().splitlines()]
    return [dict(zip(lines[0], map(value, line), strict=True)) for line in lines[2:]]


def value(text: str) -> Any:
    if text in ("", "none"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return float(text) if re.fullmatch(r"-?[\d.]+", text) else text


def seconds_of(rows: list[Row]) -> dict[str, list[Row]]:
    """`power`, `bests` and `after_work` of the rides, which the page numbers in their order, from 0."""
    power: dict[str, Row] = {}
    bests: list[Row] = []
    after_work: list[Row] = []
    for row in rows:
        name = f"{row['ride']:.0f}"
        own = power.setdefault(name, measured(name, normalized_power_w=None))
        if "duration_s" not in row:
            own |= {column: cell for column, cell in row.items() if column != "ride"}
            continue
        length = int(row["duration_s"])
        if row.get("after_work"):
            after_work += held_late(name, row["work_basis"], int(row["after_work"]), {length: row["watts"]})
            continue
        bests += held(name, {length: row["watts"]})
        if length in BEST_EFFORTS_S:
            own[f"best_{length}s_w"] = row["watts"]
    return {"power": [*power.values()], "bests": bests, "after_work": after_work}


def zones_of(rows: list[Row]) -> list[Row]:
    """`recording_zones` of the rides, by the same numbers."""
    return [
        zoned(f"{row['recording']:.0f}")
        | {name: int(cell) for name, cell in row.items() if name != "recording"}
        for row in rows
    ]


@pytest.mark.deep
@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.heading)
def test_the_page_is_right(marts: Marts, catalog: dict[str, Mart], example: Example) -> None:
    history = []
    for number, ride in enumerate(example.rides):
        fields = {name: cell for name, cell in ride.items() if name != "day"}
        if "average_watts" in fields and "weighted_average_watts" not in fields:
            fields["weighted_average_watts"] = fields["average_watts"]
        if "moving_time_s" in fields:
            fields["moving_time_s"] = int(fields["moving_time_s"])
        history.append(activity(ride["day"], str(number), **fields))
    profile = [{"athlete_id": "7", **row} for row in example.figures]
    names = sorted({answer["mart"] for answer in example.answers})
    plan = [
        {"athlete_id": "7", "day": row["planned_day"], "planned_load": row["planned_load"]}
        for row in example.planned
    ]
    options: dict[str, Any] = {
        "as_of": example.as_of,
        "figures": profile,
        "planned": plan,
        "zones": zones_of(example.recordings),
        **seconds_of(example.seconds),
    }
    rows = dict(zip(names, marts(history, *names, **options), strict=True))
    for answer in example.answers:
        key = catalog[answer["mart"]].key[1:]  # the page knows one athlete
        [row] = [
            row
            for row in rows[answer["mart"]]
            if " ".join(str(row[name]) for name in key) == str(answer["row"]).removesuffix(".0")
        ]
        place = f"{answer['mart']} {answer['row']} {answer['column']}"
        wanted = answer["value"]
        if isinstance(row[answer["column"]], str):
            assert row[answer["column"]] == str(wanted).removesuffix(".0"), place
        elif isinstance(wanted, float):
            assert row[answer["column"]] == pytest.approx(wanted, rel=1e-5), place
        else:
            assert row[answer["column"]] == wanted, place


def test_every_section_of_the_page_has_its_example() -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    headings = [section.splitlines()[0] for section in sections]
    of_seconds = {section.splitlines()[0] for section in sections if "| seconds " in section}
    assert {example.heading for example in examples()} | of_seconds == set(headings)
    assert len(headings) > 8
