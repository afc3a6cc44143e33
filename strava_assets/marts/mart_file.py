"""A mart's SQL file as text: its header's fields, and its query with the shared rules filled in.

What only the text decides belongs here, so that loading the catalog parses no SQL. What the query means is
found out in `analysis`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from strava_assets.errors import StravaAssetsError
from strava_assets.schema.rules import FIGURES_BY_DATE_SQL, SQL_RULES

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["mart", "intermediate", "view"]
"""A mart is a table; an intermediate is a table made once per run, before the marts that read it."""

_FIELD = re.compile(r"^-- (?P<field>\w+): (?P<value>.+)$", re.MULTILINE)
_COMMENT_LINES = re.compile(r"\A(?:--.*\n)+")
_RULE = re.compile(r"@(\w+)")
_REQUIRED = ("grain", "key")
_OPTIONAL = (
    "kind",
    "preview",
    "newest_by",
    "sparkline",
    "charts",
    "chart_rows",
    "preview_only",
    "table_only",
)


class MartDefinitionError(StravaAssetsError):
    """A SQL file in the marts' folder is not a mart's definition."""


@dataclass(frozen=True)
class Preview:
    """What a mart's asset page shows of its rows.

    Args:
        columns: columns of the table; empty for the first ones of the mart.
        newest_by: the column by which the newest rows come first.
        sparkline: the measure that is drawn as a line; empty for none.
        charts: the page's charts that are drawn, by their names, from top to bottom.
        chart_rows: how many of the newest rows they draw; all where 0.
        only: the column and value of the rows that are shown; None for all rows.
        table_only: the column and the values of the rows that the table lists, in ascending order; None for
            the newest rows.
    """

    columns: tuple[str, ...]
    newest_by: str
    sparkline: str = ""
    charts: tuple[str, ...] = ()
    chart_rows: int = 0
    only: tuple[str, tuple[str, ...]] | None = None
    table_only: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class MartFile:
    """What the text of a mart's file says.

    Args:
        name: the table's name in the warehouse, which is the file's.
        description: what it holds and how it is used.
        grain: what one row is.
        key: the columns that together identify a row; none of them is null.
        kind: whether it is a mart, an intermediate table or a view.
        preview: what its asset page shows of its rows.
        sql: the query in BigQuery's dialect, rules filled in, comments included.
    """

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    kind: Kind
    preview: Preview
    sql: str

    @property
    def is_view(self) -> bool:
        """Whether it is a view that other marts share."""
        return self.kind == "view"


def read_mart_file(path: Path) -> MartFile:
    """Read a mart's file.

    Raises:
        MartDefinitionError: the header lacks a field or has an unknown one, or the SQL names an unknown rule.
    """
    sql = _RULE.sub(lambda match: _rule(path.name, match[1]), path.read_text(encoding="utf-8"))
    comment = _COMMENT_LINES.match(sql)
    fields = {match["field"]: match["value"] for match in _FIELD.finditer(comment[0] if comment else "")}
    if missing := [name for name in (path.stem, *_REQUIRED) if name not in fields]:
        raise MartDefinitionError(
            f"{path.name} does not say: {', '.join(missing)}.",
            means="Without it nobody knows what a row of the mart is.",
            remedy=f"Open it with `-- {path.stem}: what it holds`, `-- grain: …` and `-- key: column, …`.",
        )
    if unknown := sorted(fields.keys() - {path.stem, *_REQUIRED, *_OPTIONAL}):
        raise MartDefinitionError(
            f"The header of {path.name} has an unknown field: {', '.join(unknown)}.",
            means="The line would have no effect.",
            remedy=f"Possible fields are: {', '.join((path.stem, *_REQUIRED, *_OPTIONAL))}.",
        )
    key = _names(fields["key"])
    kind = fields.get("kind", "mart")
    if kind not in get_args(Kind):
        raise MartDefinitionError(
            f"{path.name} is of the unknown kind {kind}.",
            remedy=f"Write one of: {', '.join(get_args(Kind))}. A file without the line is a mart.",
        )
    return MartFile(
        name=path.stem,
        description=fields[path.stem],
        grain=fields["grain"],
        key=key,
        kind=cast("Kind", kind),
        preview=Preview(
            columns=_names(fields.get("preview", "")),
            newest_by=fields.get("newest_by", key[-1]),
            sparkline=fields.get("sparkline", ""),
            charts=_names(fields.get("charts", "")),
            chart_rows=int(fields.get("chart_rows", "0")),
            only=_values(fields.get("preview_only")),
            table_only=_values(fields.get("table_only")),
        ),
        sql=sql,
    )


def _rule(file: str, name: str) -> str:
    if name == "figures_by_date":
        return FIGURES_BY_DATE_SQL
    if name not in SQL_RULES:
        raise MartDefinitionError(
            f"{file} names the rule @{name}, and there is no such rule.",
            means="The query cannot be run.",
            remedy=f"Correct the name, or add it to SQL_RULES in schema/rules.py: {', '.join(SQL_RULES)}.",
        )
    value = SQL_RULES[name]
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _values(text: str | None) -> tuple[str, tuple[str, ...]] | None:
    """A column and its values, from `column = value, …`."""
    if not text:
        return None
    column, _, values = text.partition("=")
    return column.strip(), _names(values)
