"""Identifies the columns of an `activities.csv` whose language has no file in `languages/`.

Strava's order of columns is the same in every language. A few columns are recognized by their cells or by
their doubled headers; a column between two of these has its usual name if none is missing or added there.
"""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from strava_assets.archive.date_format import is_date
from strava_assets.archive.languages import layout, normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RECORDING_PREFIX = "activities/"
_ID, _DATE, _TYPE, _ELAPSED, _DISTANCE, _FILE = 0, 1, 3, 5, 6, 12
Anchor = tuple[int, int]
"""A recognized column: its index in the file and in the usual order."""


def identify_columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str | None]:
    """The English name of each column, or None where it stays unknown.

    Args:
        headers: the header row.
        rows: the other rows.
    """
    usual = layout()
    names: list[str | None] = [None] * len(headers)
    anchors = _increasing(_anchors(headers, rows))
    for index, place in anchors:
        names[index] = usual[place]
    for (left, left_place), (right, right_place) in pairwise(anchors):
        if right - left == right_place - left_place:
            names[left:right] = usual[left_place:right_place]
    if anchors and anchors[0][0] == anchors[0][1]:
        names[: anchors[0][0]] = usual[: anchors[0][1]]
    if anchors and anchors[-1][0] == anchors[-1][1] and _order_is_certain(headers, anchors):
        rest = usual[anchors[-1][1] : len(headers)]
        names[anchors[-1][0] : anchors[-1][0] + len(rest)] = rest
    return names


def _order_is_certain(headers: Sequence[str], anchors: Sequence[Anchor]) -> bool:
    """Whether nothing can be missing or added after the last recognized column."""
    return anchors[-1][1] > _FILE or len(headers) == _TYPE + 1


def _increasing(anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors from left to right, without those that contradict the order."""
    ordered: list[Anchor] = []
    for anchor in sorted(anchors):
        if not ordered or anchor[1] > ordered[-1][1]:
            ordered.append(anchor)
    return ordered


def _anchors(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Anchor]:
    columns = list(zip_longest(*(row[: len(headers)] for row in rows), fillvalue=""))
    date = next(_matching(columns, is_date), None)
    anchors = list(_doubled(headers))
    if date is not None:
        anchors.append((date, _DATE))
        anchors += [(index, _ID) for index in _matching(columns[:date], str.isdecimal)][:1]
        if not _has_doubled(anchors):
            anchors += _numbers_after(columns, date)
    files = _matching(columns, lambda cell: cell.startswith(RECORDING_PREFIX), of_filled=True)
    return anchors + [(index, _FILE) for index in files][:1]


def _has_doubled(anchors: Sequence[Anchor]) -> bool:
    return any(place > _FILE for _, place in anchors)


def _doubled(headers: Sequence[str]) -> Iterator[Anchor]:
    """The five columns side by side, from elapsed time on, whose headers occur again further right."""
    second = _second_places([normalize(header) for header in headers])
    usual = _second_places(layout())
    start = next((index for index in second if index + 1 in second), None)
    if start is None:
        return
    for place, usual_second in usual.items():
        index = start + place - _ELAPSED
        if index not in second:
            return
        yield index, place
        yield second[index], usual_second


def _second_places(names: Sequence[str]) -> dict[int, int]:
    """The place of the second column with the same name, by the place of the first."""
    first: dict[str, int] = {}
    second: dict[int, int] = {}
    for index, name in enumerate(names):
        if name in first:
            second.setdefault(first[name], index)
        elif name:
            first[name] = index
    return dict(sorted(second.items()))


def _numbers_after(columns: Sequence[Sequence[str]], date: int) -> list[Anchor]:
    """Elapsed time and distance, the first columns of numbers, in an export without doubled headers."""
    numeric = list(_matching(columns, _is_number))
    elapsed = date + _ELAPSED - _DATE
    if [index for index in numeric if index > date][:2] != [elapsed, elapsed + 1]:
        return []
    return [(elapsed, _ELAPSED), (elapsed + 1, _DISTANCE)]


def _is_number(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).replace(",", "", 1).isdecimal()


def _matching(
    columns: Sequence[Sequence[str]], matches: Callable[[str], bool], *, of_filled: bool = False
) -> Iterator[int]:
    """The columns most of whose cells match; a spreadsheet program may have changed a few."""
    for index, cells in enumerate(columns):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if 2 * sum(map(matches, filled)) > len(filled if of_filled else cells):
            yield index
