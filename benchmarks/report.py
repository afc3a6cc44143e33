"""Measures the report: time to write, size, and time until its charts are drawn in Chromium.

It uses the sample athlete's warehouse of `make run`, and the same history repeated over many years.

    python -m benchmarks.report data/sample/warehouse.duckdb [--years 20]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from strava_assets.marts import load
from strava_assets.report import INPUT_TABLES, MARTS, Figures, build_page, chart_svg
from strava_assets.report.drawing_process import stop_drawing
from strava_assets.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FIRST = ("#chart-week-days", "#chart-week-total")
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ROUNDS = 7


def read(warehouse: Path) -> Figures:
    """The figures of a copy of a warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "warehouse.duckdb"
        shutil.copy(warehouse, copy)
        with DuckDBWarehouse(copy) as engine:
            return Figures.read(
                engine.query, [name for name in (*INPUT_TABLES, *MARTS) if engine.exists(name)]
            )


def stretched(figures: Figures, years: int) -> Figures:
    """The same figures, repeated until the history has this many years."""
    days = 364 * -(-len({row["week"] for row in figures.rows("weekly_watts")}) // 52)
    copies = range(-(-365 * years // days))

    def earlier(row: dict[str, Any], by: int) -> dict[str, Any]:
        moved = {name: value - timedelta(days=by) for name, value in row.items() if isinstance(value, date)}
        return row | moved | ({"year": row["year"] - by // 364} if "year" in row else {})

    repeated = (
        "weekly_watts",
        "quarterly_overview",
        "daily_load",
        "sport_overview",
        "power_profile_progress",
    )
    marts = {
        name: [earlier(row, days * back) for back in reversed(copies) for row in rows]
        if name in repeated
        else rows
        for name, rows in figures.marts.items()
    }
    return replace(
        figures,
        marts=marts,
        ride_days=[earlier(row, days * back) for back in reversed(copies) for row in figures.ride_days],
        activities=[earlier(row, days * back) for back in reversed(copies) for row in figures.activities],
    )


def written_s(figures: Figures) -> tuple[float, float, str]:
    """The median seconds of writing the page, the processor's with the engine's start, and the page."""
    took, spent = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), cpu_s()
        page = build_page(figures, generated_at=datetime.now(UTC), sample=True)
        took.append(time.perf_counter() - began)
        stop_drawing()
        spent.append(cpu_s() - before)
    return statistics.median(took), statistics.median(spent), page


def cpu_s() -> float:
    """Processor seconds of this process and of those it started that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(times.ru_utime + times.ru_stime for times in used)


def drawn_ms(browser: Browser, page: str) -> float:
    """Median milliseconds from opening the page until the first charts are drawn."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index.html"
        file.write_text(page, encoding="utf-8")
        for _ in range(ROUNDS):
            window = browser.new_page(viewport={"width": 1200, "height": 900})
            window.goto(file.as_uri())
            for chart in FIRST:
                window.wait_for_selector(f"{chart}[data-drawn]", state="attached")
            took.append(window.evaluate("performance.now()"))
            window.close()
    return statistics.median(took)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--years", type=int, default=20)
    options = parser.parse_args()
    figures = read(options.warehouse)
    began = time.perf_counter()
    charts = [chart_svg(mart.preview.charts, figures) for mart in load() if mart.preview.charts]
    each = 1000 * (time.perf_counter() - began) / len(charts)
    print(f"a mart's own chart: {each:.1f} ms, {max(map(len, charts)) / 1000:.0f} kB at most\n")
    print("| page of | written, s | processor s | size, kB | first charts in Chromium, ms |")
    print("| --- | --- | --- | --- | --- |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        for name, page_figures in (
            ("the sample athlete", figures),
            (f"{options.years} years", stretched(figures, options.years)),
        ):
            seconds, processor, page = written_s(page_figures)
            size_kb, first = len(page.encode()) / 1000, drawn_ms(browser, page)
            print(f"| {name} | {seconds:.1f} | {processor:.1f} | {size_kb:,.0f} | {first:,.0f} |")
        browser.close()


if __name__ == "__main__":
    main()
