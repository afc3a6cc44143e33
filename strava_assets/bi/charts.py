"""The two charts that every tool gets: weekly averages with the progression of watts, and the quarters.

They are stated once, by columns of the registry; each tool draws them in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from strava_assets.bi.formulas import OnlyValue
from strava_assets.bi.tables import Measure
from strava_assets.marts.ratio import Number, Operation, summary_expression

if TYPE_CHECKING:
    from strava_assets.bi.tables import BiTable

Style = Literal["line", "bar"]


@dataclass(frozen=True)
class Series:
    """One line, or the bars, of a chart.

    Args:
        label: what it is called.
        column: the mart's column that it shows.
        unit: the unit in which it is shown.
        divisor: how many of the column's units are one of the shown.
        style: how it is drawn.
    """

    label: str
    column: str
    unit: str
    divisor: int = 1
    style: Style = "line"


@dataclass(frozen=True)
class Chart:
    """A chart over the dates of one mart.

    Args:
        name: its name, for identifiers.
        title: what it shows.
        mart: the mart it is drawn from.
        date: the mart's date column, which is the x axis.
        series: what is drawn; bars have an axis of their own where there are lines too.
    """

    name: str
    title: str
    mart: str
    date: str
    series: tuple[Series, ...]

    def styled(self, style: Style) -> tuple[Series, ...]:
        """The series that are drawn so."""
        return tuple(series for series in self.series if series.style == style)


CHARTS = (
    Chart(
        name="weekly-watts",
        title="Average watts by week, with the mean of four and twelve weeks",
        mart="weekly_watts",
        date="week",
        series=(
            Series("Average watts", "average_watts", "W"),
            Series("Average watts, 4 weeks", "average_watts_4w", "W"),
            Series("Average watts, 12 weeks", "average_watts_12w", "W"),
        ),
    ),
    Chart(
        name="quarterly-overview",
        title="Riding hours and average watts by quarter",
        mart="quarterly_overview",
        date="quarter",
        series=(
            Series("Riding hours", "moving_time_s", "h", divisor=3600, style="bar"),
            Series("Average watts", "average_watts", "W"),
        ),
    ),
)


def chart_measure(series: Series, table: BiTable) -> Measure:
    """What a series shows, over any rows of its table.

    Raises:
        KeyError: the mart has no such column.
    """
    column = {column.name: column for column in table.mart.columns}[series.column]
    summary = summary_expression(column)
    if summary and series.divisor == 1:
        return next(measure for measure in table.measures if measure.column == column.name)
    formula = Operation("/", summary, Number(series.divisor)) if summary else OnlyValue(column.name)
    return Measure(series.label, table.name, formula, series.unit, column.meaning)
