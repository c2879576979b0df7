"""A Postgres server for as long as a test session lasts: on loopback, in a temporary folder, its durability off."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest

PASSWORD = "pa$$w:rd"  # noqa: S105 - of a server that lives as long as the tests
IN_A_URL = "pa%24%24w%3Ard"
SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": "", "lc_messages": "C"}


@dataclass(frozen=True)
class Server:
    """Where the server listens; every role has the same password."""

    port: int

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        """The URL by which `role` reaches `database`."""
        return f"postgresql://{role}:{IN_A_URL}@127.0.0.1:{self.port}/{database}"

    def table(self, sql: str, database: str, role: str = "postgres") -> pa.Table:
        """What `sql` gives to `role`."""
        with adbc.connect(self.url(role, database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def rows(self, sql: str, role: str = "postgres", database: str = "postgres") -> list[tuple[Any, ...]]:
        """The same as tuples."""
        with adbc.connect(self.url(role, database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def execute(self, *statements: str, role: str = "postgres", database: str = "postgres") -> None:
        """Run `statements`, each by itself."""
        with adbc.connect(self.url(role, database), autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def binaries() -> Path | None:
    """The folder of the newest server's programs; Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else None


@contextmanager
def started() -> Iterator[Server]:
    """A server, stopped and removed afterwards; skips where none is installed, unless one is required."""
    programs = binaries()
    if programs is None:
        if os.environ.get("SCORECARD_POSTGRES") == "required":
            pytest.fail("no Postgres server is installed, and SCORECARD_POSTGRES=required says that there must be one")
        pytest.skip("no Postgres server is installed: `apt-get install postgresql` lets these tests run")
    # Not under pytest's own folder: that is closed to all but its owner, and Postgres rejects to run as root.
    folder = Path(tempfile.mkdtemp(prefix="scorecard-postgres-"))
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [programs / program, "--pgdata", folder / "data", *arguments],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **user,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = " ".join(f"-c {key}='{value}'" for key, value in {**SETTINGS, "port": port}.items())
    try:
        run("initdb", "--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C", "--no-sync")  # fmt: skip
        run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", f"--options={options}")
        try:
            yield Server(port)
        finally:
            run("pg_ctl", "stop", "--mode=immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
