"""Which figures are computed by another rule than before, and since when: the page lists them.

Add a line when a definition changes, so that a reader knows why an old figure is another one today.
"""

from __future__ import annotations

from datetime import date

CHANGED: tuple[tuple[date, str, str], ...] = (
    (
        date(2026, 11, 30),
        "Weighted power of an imported file",
        "xPower, which Strava's weighted power is closest to, and not normalized power",
    ),
    (
        date(2026, 11, 29),
        "Training load",
        (
            "TSS where a ride's seconds give it; a ride known by its summary alone is scaled to TSS; "
            "heart-rate load second by second, by sex and sport; runs by power or pace"
        ),
    ),
    (
        date(2026, 11, 29),
        "Fitness and fatigue",
        "begin at the mean load of the first 42 days and not at 0",
    ),
    (
        date(2026, 11, 29),
        "Power of a ride",
        "from its seconds where the summary has none or differs by more than 10 %",
    ),
    (date(2026, 11, 29), "Estimated FTP", "stays until another hard effort supports a new one"),
    (date(2026, 11, 29), "Dates before 1990", "are left out, as dates in the future are"),
    (
        date(2026, 11, 29),
        "Critical power",
        "fitted as work on time, and shown only where the efforts and the errors support it",
    ),
)
"""Date, figure and what holds since, the newest first."""
