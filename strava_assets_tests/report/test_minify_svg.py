"""A drawing made small shows what it showed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.report.minify_svg import minify_svg

NUMBER = r"-?\d*\.?\d+"


def path(svg: str) -> str:
    match = re.search(r' d="([^"]*)"', svg)
    assert match
    return match[1]


def places(drawn: str) -> list[tuple[str, float, float]]:
    """Every point of a path, and whether the path jumps or draws a line to it."""
    at, points = (0.0, 0.0), []
    for command, across, down in re.findall(rf"([MlL])({NUMBER}),?({NUMBER})", drawn):
        here = (float(across), float(down))
        at = (at[0] + here[0], at[1] + here[1]) if command == "l" else here
        points.append(("M" if command == "M" else "L", *at))
    return points


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(-2000, 2000, width=32), st.floats(-500, 500, width=32)),
        min_size=2,
        max_size=60,
    )
)
def test_a_line_goes_where_it_went_however_long_it_is(points: list[tuple[bool, float, float]]) -> None:
    drawn = "".join(
        f"{'M' if jump or index == 0 else 'L'}{x:.3f},{y:.3f}" for index, (jump, x, y) in enumerate(points)
    )

    small = path(minify_svg(f'<svg ><path d="{drawn}" stroke="a"/></svg>'))

    for (command, x, y), (was, across, down) in zip(places(small), places(drawn), strict=True):
        assert command == was
        assert x == pytest.approx(across, abs=0.051)
        assert y == pytest.approx(down, abs=0.051)


def test_like_marks_become_one_path_and_others_stay_apart() -> None:
    bars = (
        '<path d="M0,0h2v2h-2Z" fill="a"/><path d="M3,0h2v5h-2Z" fill="a"/><path d="M6,0h2v1h-2Z" fill="b"/>'
    )

    small = minify_svg(f"<svg >{bars}</svg>")

    assert re.findall(r'd="([^"]*)" fill="(\w)"', small) == [
        ("M0,0h2v2h-2ZM3,0h2v5h-2Z", "a"),
        ("M6,0h2v1h-2Z", "b"),
    ]


def test_dots_become_round_ends_of_the_same_width_at_the_same_places() -> None:
    ring = "M1.5,0A1.5,1.5,0,1,1,-1.5,0A1.5,1.5,0,1,1,1.5,0"
    dots = "".join(
        f'<path transform="translate({place})" d="{ring}" fill="a" stroke-width="2" opacity="1"/>'
        for place in ("1,2", "30,4.5")
    )

    small = minify_svg(f"<svg >{dots}</svg>")

    assert '<path d="M1,2h0M30,4.5h0" stroke="a" stroke-width="3" stroke-linecap="round"/>' in small


def test_what_is_half_seen_stays() -> None:
    assert 'opacity="0.5"' in minify_svg('<svg ><path d="M0,0h2v2h-2Z" fill="a" opacity="0.5"/></svg>')
