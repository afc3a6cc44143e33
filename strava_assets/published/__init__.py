"""The marts as tables for other tools: Parquet, Iceberg in Glue, or Delta, in any place that fsspec reaches.

A form is a module with a `Publisher` and an entry in `kinds.py`. All of them publish from a draft, say
whether the rows changed, swap atomically, and never touch a table without this project's mark. What a mart's
table may hold is decided in `marts.publishable`; `read_back.py` compares what readers get with the warehouse.
"""

from __future__ import annotations

from strava_assets.published.kinds import KINDS, open_publisher
from strava_assets.published.publisher import Published, Publisher, StoredTable

__all__ = ["KINDS", "Published", "Publisher", "StoredTable", "open_publisher"]
