"""A PostgreSQL of its own for a test: Debian's programs, a folder that is gone afterwards, a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "dagster"
PASSWORD = "only-for-this-test"


@dataclass(frozen=True)
class Postgres:
    """One that answers on loopback."""

    port: int

    def rows(self, sql: str, database: str = USER) -> list[tuple[Any, ...]]:
        """What a statement answers; nothing for one that answers nothing."""
        import psycopg2  # type: ignore[import-untyped]  # ships no type information

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, or None if it is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return installed[-1].parent if installed else Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgres(bin_dir: Path) -> Iterator[Postgres]:
    """A server with the database and user that the compose file's has, until the block ends.

    Args:
        bin_dir: where its programs are.
    """
    # It refuses to be root's.
    owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if owner:
        shutil.chown(folder, **owner)
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    data, port = folder / "data", free_port()
    steps: dict[str, Any] = {"capture_output": True, "cwd": folder, **owner}
    authentication = ["--auth=scram-sha-256", f"--pwfile={password_file}", f"--username={USER}"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(bin_dir / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]
    try:
        password_file.chmod(0o644)
        subprocess.run(  # noqa: S603 - the tests' own server
            [str(bin_dir / "initdb"), "--pgdata", str(data), "--no-sync", "--encoding=UTF8", *authentication],
            check=True,
            **steps,
        )
        log = str(folder / "log")
        subprocess.run([*control, "--log", log, "--options", options, "start"], check=True, **steps)  # noqa: S603 - the same
        try:
            server = Postgres(port)
            server.rows(f"CREATE DATABASE {USER}", database="postgres")
            yield server
        finally:
            subprocess.run([*control, "--mode", "immediate", "stop"], check=True, **steps)  # noqa: S603 - the same
    finally:
        shutil.rmtree(folder, ignore_errors=True)
