"""CONTRIBUTING.md is true: each change that it describes is made in a copy, in the files that it names alone.

`make generate`, lint, types and the tests of that part must pass there, so a change that needs one more file
fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROJECT = Path(__file__).parents[1]
GENERATED = {"strava_assets/marts/compiled.json", "docs/data-dictionary.md"}
NOT_COPIED = shutil.ignore_patterns(
    ".venv", ".git", ".tools", "data", "*.egg-info", "__pycache__", ".pytest_cache", ".hypothesis"
)


def insert_before(marker: str, text: str) -> Callable[[str], str]:
    """An edit that puts a text before the one place where the marker is."""

    def edit(content: str) -> str:
        assert content.count(marker) == 1, marker
        return content.replace(marker, text + marker)

    return edit


def all_of(*edits: Callable[[str], str]) -> Callable[[str], str]:
    """Several edits of one file."""
    return lambda content: reduce(lambda text, edit: edit(text), edits, content)


def new_file(text: str) -> Callable[[str], str]:
    """An edit that writes a file which does not exist yet."""

    def edit(content: str) -> str:
        assert not content
        return text

    return edit


@dataclass(frozen=True)
class Change:
    """One change as CONTRIBUTING.md describes it.

    Args:
        described: the bold words its paragraph begins with.
        edits: the files it needs, each with the edit.
        tests: what must pass afterwards, below strava_assets_tests.
    """

    described: str
    edits: Mapping[str, Callable[[str], str]]
    tests: tuple[str, ...]


TOKEN_STORE = '''"""Tokens kept in memory, for a process that is started with them and ends with them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class MemoryStore:
    """A `Keeper` that forgets everything when the process ends."""

    name = "memory"
    location = "this process"
    path = None
    settling_waits_s: tuple[float, ...] = ()

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        """The values that are kept."""
        return dict(self._values)

    def replace(self, values: Mapping[str, str]) -> None:
        """Keep these values and no others."""
        self._values = dict(values)

    def check_writable(self) -> None:
        """Memory takes them."""

    def clear(self) -> None:
        """Keep nothing."""
        self._values = {}

    def lock(self) -> AbstractContextManager[None]:
        """No other process sees it."""
        return nullcontext()
'''
TOKEN_STORE_TEST = '''"""Tokens in memory."""

from __future__ import annotations

from strava_assets.secrets import open_store
from strava_assets.secrets.memory import MemoryStore
from strava_assets.settings_reader import load_settings


def test_it_keeps_what_was_written_last() -> None:
    store = MemoryStore()
    store.replace({"refresh_token": "r"})
    assert store.read() == {"refresh_token": "r"}
    store.clear()
    assert store.read() == {}


def test_the_settings_choose_it() -> None:
    settings = load_settings({"STRAVA_ASSETS_SECRET_STORE": "memory"}, env_file=None)
    assert open_store(settings).location == "this process"
'''
COLUMN_TEST = '''"""The column that this change adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strava_assets_tests.chain import Chain


def test_hours_are_seconds_over_3600(loaded: Chain) -> None:
    loaded.compute()
    rows = loaded.rows("SELECT moving_time_h, moving_time_s FROM weekly_watts")
    assert rows
    assert all(row["moving_time_h"] == row["moving_time_s"] / 3600 for row in rows)
'''

ENGINE = '''"""DuckDB once more, under another name."""

from __future__ import annotations

from strava_assets.warehouse.duckdb import DuckDBWarehouse


class SecondWarehouse(DuckDBWarehouse):
    """A DuckDB file of its own."""
'''
ENGINE_LOCATION = '''class SecondLocation(DuckDBLocation):
    """Another file in the home."""

    @property
    @override
    def path(self) -> Path:
        return self.settings.home.absolute() / "second.duckdb"

    @override
    def open(self, *, read_only: bool = False, wait_for_lock_s: float = _WAIT_FOR_LOCK_S) -> Warehouse:
        from strava_assets.warehouse.second_file import SecondWarehouse

        return SecondWarehouse(self.path, read_only=read_only, wait_for_lock_s=wait_for_lock_s)


'''
ENGINE_UNDER_TEST = """class SecondEngine(DuckDBEngine):
    def open(self) -> SecondWarehouse:
        return SecondWarehouse(self.path)


"""

CHANGES = (
    Change(
        "A field of Strava's",
        {
            "strava_assets/schema/activities.py": insert_before(
                '    Column("pr_count",',
                '    Column("comment_count", INTEGER, "Comments when last fetched", unit="count", '
                'source="comment_count"),\n',
            )
        },
        (
            "schema",
            "history/test_records.py",
            "history/test_load.py",
            "test_definitions.py",
            "marts/test_catalog.py",
        ),
    ),
    Change(
        "A mart's column",
        {
            "strava_assets/marts/weekly_watts.sql": insert_before(
                "  100 * SAFE_DIVIDE(w.moving_time_s - moving_time_previous_s",
                "  w.moving_time_s / 3600 AS moving_time_h,  -- [h] riding time\n",
            ),
            "strava_assets_tests/marts/test_moving_time_h.py": new_file(COLUMN_TEST),
        },
        (
            "marts/test_moving_time_h.py",
            "marts/test_catalog.py",
            "test_definitions.py",
            "report/test_page.py",
        ),
    ),
    Change(
        "A token store",
        {
            "strava_assets/secrets/memory.py": new_file(TOKEN_STORE),
            "strava_assets/secrets/kinds.py": all_of(
                insert_before(
                    "from strava_assets.secrets.seeded import",
                    "from strava_assets.secrets.memory import MemoryStore\n",
                ),
                insert_before(
                    '    "env": StoreKind(', '    "memory": StoreKind(lambda _, __: MemoryStore()),\n'
                ),
            ),
            "strava_assets_tests/secrets/test_memory.py": new_file(TOKEN_STORE_TEST),
        },
        ("secrets", "test_settings.py", "test_wiring.py", "test_definitions.py"),
    ),
    Change(
        "A warehouse engine",
        {
            "strava_assets/warehouse/second_file.py": new_file(ENGINE),
            "strava_assets/warehouse/locations.py": all_of(
                insert_before("KINDS: dict[", ENGINE_LOCATION),
                lambda content: content.replace(
                    '"duckdb": DuckDBLocation,', '"duckdb": DuckDBLocation, "second": SecondLocation,'
                ),
            ),
            "strava_assets_tests/warehouse/engines.py": all_of(
                insert_before("LOCAL_ENGINES: dict[", ENGINE_UNDER_TEST),
                insert_before(
                    "from strava_assets.warehouse.statements import",
                    "from strava_assets.warehouse.second_file import SecondWarehouse\n",
                ),
                lambda content: content.replace(
                    '{"duckdb": DuckDBEngine}', '{"duckdb": DuckDBEngine, "second": SecondEngine}'
                ),
            ),
        },
        ("warehouse/test_contract.py", "test_settings.py", "test_wiring.py", "test_definitions.py"),
    ),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.described)
def test_its_paragraph_names_the_files(change: Change) -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [paragraph] = re.findall(
        rf"^- \*\*{change.described}\*\*.*?(?=^- \*\*|^#|^$)", text, re.MULTILINE | re.DOTALL
    )
    for path in change.edits:
        if (PROJECT / path).exists():
            assert path in paragraph or Path(path).name in paragraph or path.endswith(".sql"), path


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.described)
def test_it_needs_the_files_it_names_and_no_others(change: Change, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=NOT_COPIED)
    before = contents(copy)
    for path, edit in change.edits.items():
        file = copy / path
        file.write_text(edit(file.read_text(encoding="utf-8") if file.exists() else ""), encoding="utf-8")

    run(copy, "strava_assets.marts.compile")
    run(copy, "ruff", "format", ".")
    run(copy, "ruff", "check", ".")
    run(copy, "mypy")
    run(copy, "pytest", "-q", "-n", "0", *(f"strava_assets_tests/{test}" for test in change.tests))

    after = contents(copy)
    assert {path for path in after if after[path] != before.get(path)} <= change.edits.keys() | GENERATED


def contents(folder: Path) -> dict[str, bytes]:
    """The project's files below a folder, without what tools leave."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    }


def run(folder: Path, module: str, *arguments: str) -> None:
    """Run a module with the copy of the project in front of the installed one."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, f"{module}:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
