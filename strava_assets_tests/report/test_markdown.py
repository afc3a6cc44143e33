"""Names stand in the UI's markdown as they were written: no picture is loaded, no markup takes effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from strava_assets.checks.asset_checks import _as_table
from strava_assets.report import preview_table
from strava_assets.report.markdown import escaped, table
from strava_assets.schema.columns import Column, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# What the UI's renderer understands.
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "![i](http://evil/x.png)",
    "[click](javascript:alert(1))",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<http://evil>",
    "a | b || c",
    "\\| c",
    "line\nbreak\r\n\r\n# head",
    "`code` ``` fence",
    "*a* **b** _c_ __d__ ~~e~~",
    "&lt;script&gt; &#33;[i](x)",
    "\\![i](x) \\\\",
    "[a]: http://evil",
    "=1+1",
)


def read(markdown: str) -> list[list[str]]:
    """The cells of a markdown table, as they are shown; fails where a cell is more than text."""
    rows: list[list[str]] = []
    tokens = READER.parse(markdown)
    assert {token.type for token in tokens if token.block} <= {
        *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
        *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "inline"),
    }
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            parts = token.children or []
            assert {part.type for part in parts} <= {"text", "text_special"}, token.content
            rows[-1].append("".join(part.content for part in parts))
    return rows


def check_rows(rows: list[dict[str, Any]]) -> str:
    return _as_table(rows)


def preview(rows: list[dict[str, Any]]) -> str:
    return preview_table(rows, [Column(name, ColumnType.TEXT, "text") for name in rows[0]])


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("shown_by", [check_rows, preview])
def test_a_hostile_name_is_shown_and_does_nothing(
    shown_by: Callable[[list[dict[str, Any]]], str], name: str
) -> None:
    [heads, row] = read(shown_by([{"first_name": "before", "name": name, "last": "after"}]))
    assert [head.replace("_", " ") for head in heads] == ["first name", "name", "last"]
    assert row == ["before", " ".join(name[:40].split()), "after"]


def test_what_only_looks_like_an_activitys_id_is_no_link() -> None:
    assert read(_as_table([{"activity_id": "1](http://evil)"}]))[1] == ["1](http://evil)"]
    assert _as_table([{"activity_id": "17"}]).endswith("| [17](https://www.strava.com/activities/17) |")


@given(st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_any_text_is_shown_as_it_was_written_on_one_line(cells: list[str]) -> None:
    # The reader replaces what no text holds, and cuts blanks that only it knows.
    written = ["x" + cell.replace("\0", "").replace("\ufffd", "") + "x" for cell in cells]
    row = read(table(["head"] * len(cells), [[escaped(cell) for cell in written]]))[1]
    assert row == [" ".join(cell.split()) for cell in written]
