"""One writer per home: by file locks on one machine, by Postgres between machines."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from pipelines.settings import Settings
from pipelines.warehouse.connect import lock
from pipelines.warehouse.errors import LockLostError, NoLocksError, PostgresBusyError, WarehouseBusyError
from tests.integration.postgres import Server, started

HOLD = """
import sys
from pipelines.settings import Settings
from pipelines.warehouse.connect import lock
with lock(Settings(), "run 1"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as server:
        yield server


@pytest.fixture
def shared(server: Server, tmp_path: Path) -> Settings:
    return Settings.model_validate({"home": tmp_path, "lock_url": server.url()})


def held_elsewhere(settings: Settings) -> subprocess.Popen[str]:
    """A process that holds the writer lock until its standard input closes."""
    url = {"SCORECARD_LOCK_URL": settings.lock_url.get_secret_value()} if settings.lock_url else {}
    holder = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-c", HOLD], env=os.environ | {"SCORECARD_HOME": str(settings.home)} | url, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def forget_file_locks(settings: Settings) -> None:
    """As on a file system that does not share locks between machines: the holder's lock is not seen."""
    (settings.warehouse_dir / ".lock").unlink()


def test_the_error_names_what_writes_and_its_process_and_machine(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with held_elsewhere(settings) as holder:
        named = f"held by run 1 .process {holder.pid} on {socket.gethostname()}."
        with pytest.raises(WarehouseBusyError, match=named), lock(settings, "a test", wait=False):
            pass
        holder.communicate()
    with lock(settings, "a test", wait=False):
        pass


def test_without_a_lock_in_postgres_two_machines_write_at_once_where_files_cannot_be_locked(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with held_elsewhere(settings) as holder:
        forget_file_locks(settings)
        with lock(settings, "a test", wait=False):
            assert holder.poll() is None, "this is what `lock_url` is for"
        holder.communicate()


def test_a_lock_in_postgres_holds_where_file_locks_are_not_shared(shared: Settings) -> None:
    with held_elsewhere(shared) as holder:
        forget_file_locks(shared)
        named = f"held by run 1 .process {holder.pid} on "
        with pytest.raises(WarehouseBusyError, match=named), lock(shared, "a test", wait=False):
            pass
        with lock(shared, "a test", wait=False, lock_name=".other"):
            pass  # another lock of the home
        holder.communicate()
    with lock(shared, "a test", wait=False):
        pass


def test_the_lock_in_postgres_goes_with_a_holder_that_is_killed(shared: Settings) -> None:
    with held_elsewhere(shared) as holder:
        forget_file_locks(shared)
        with pytest.raises(WarehouseBusyError), lock(shared, "a test", wait=False):
            pass
        holder.kill()
    with lock(shared, "a test"):
        assert holder.returncode == -signal.SIGKILL


def test_homes_at_the_same_path_of_two_machines_are_two_homes(server: Server, shared: Settings) -> None:
    with lock(shared, "a test"):
        pass
    first = (shared.warehouse_dir / "home_id").read_text()
    (shared.warehouse_dir / "home_id").unlink()
    with lock(shared, "a test"):
        pass
    assert (shared.warehouse_dir / "home_id").read_text() not in ("", first)


def test_a_lock_that_was_lost_is_an_error(server: Server, shared: Settings) -> None:
    with pytest.raises(LockLostError, match="another machine wrote meanwhile"), lock(shared, "a test"):
        server.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()"
        )


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings.model_validate({"home": tmp_path, "lock_url": f"postgresql://me:hunter2@127.0.0.1:{port}/x"})
    with pytest.raises(PostgresBusyError, match=f"127.0.0.1:{port}/x.*`lock_url`") as error, lock(settings, "a test"):
        pass
    assert "hunter2" not in str(error.value)


def test_a_file_system_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(filelock.FileLock, "acquire", no_locks)
    settings = Settings(home=tmp_path)
    with pytest.raises(NoLocksError, match=f"{settings.warehouse_dir} has no file locks"), lock(settings, "a test"):
        pass
