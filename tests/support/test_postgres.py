"""The PostgreSQL of the tests starts anywhere: with and without an installed one, as root and as anybody."""

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.support import postgres
from tests.support.postgres import PostgresServer, PostgresUnavailableError

ORDINARY_USER = """
import os, pwd, sys
from pathlib import Path
from tests.support.postgres import PostgresServer

if os.getuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
with PostgresServer(binaries=Path(sys.argv[1])) as server:
    print(server.home, flush=True)
    sys.stdin.read()
"""


def ask(home: Path, question: str) -> object:
    with psycopg.connect(host=str(home), user="stockline", dbname="postgres") as connection:
        row = connection.execute(question.encode()).fetchone()
        return row and row[0]


def start_as_ordinary_user(binaries: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ORDINARY_USER, str(binaries)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def home_of(child: subprocess.Popen[str]) -> Path:
    assert child.stdout
    return Path(child.stdout.readline().strip())


@pytest.fixture
def packaged() -> Iterator[Path]:
    """The packaged server, copied to a directory that only the current user can enter."""
    with tempfile.TemporaryDirectory() as directory:
        yield postgres.copy_packaged_binaries(Path(directory))


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "installed_binaries", lambda: iter(()))


def test_it_answers_on_a_socket_only_and_leaves_nothing_behind() -> None:
    with PostgresServer() as server:
        home = server.home
        listens_at = (home / "data" / "postmaster.pid").read_text().splitlines()[5]
        assert listens_at == ask(home, "SHOW listen_addresses") == ""
        assert home.stat().st_mode & 0o077 == 0
    assert not home.exists()


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_commits_are_kept_only_where_they_are_measured(durable: bool, fsync: str) -> None:
    with PostgresServer(durable=durable) as server:
        assert ask(server.home, "SHOW fsync") == fsync


@pytest.mark.usefixtures("nothing_installed")
def test_the_packaged_server_serves_where_none_is_installed() -> None:
    with PostgresServer() as server:
        assert ask(server.home, "SHOW listen_addresses") == ""


@pytest.mark.usefixtures("nothing_installed")
def test_the_packaged_server_may_lie_where_its_account_cannot_go(
    packaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "packaged_binaries", lambda: packaged)
    with PostgresServer() as server:
        assert ask(server.home, "SELECT 1") == 1


def test_an_ordinary_user_starts_it_too(packaged: Path) -> None:
    packaged.parents[2].chmod(0o755)
    with start_as_ordinary_user(packaged) as child:
        home = home_of(child)
        assert home.stat().st_uid != 0
        assert ask(home, "SELECT 1") == 1
        child.communicate()
    assert child.returncode == 0
    assert not home.exists()


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PostgresUnavailableError, match="make setup"):
        PostgresServer().start()


def test_a_broken_server_shows_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailableError, match="initdb failed"):
        PostgresServer(binaries=tmp_path).start()


def test_a_killed_process_leaves_no_server_behind(packaged: Path) -> None:
    packaged.parents[2].chmod(0o755)
    with start_as_ordinary_user(packaged) as child:
        home = home_of(child)
        child.kill()
    deadline = time.monotonic() + 30
    while home.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not home.exists()


def test_every_test_gets_an_empty_database(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE item (id INTEGER)"))
    engine.dispose()
